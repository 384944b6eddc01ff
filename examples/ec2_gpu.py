"""What Fargate refuses: a GPU for each task, on machines that no other service uses."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import (
    Ec2Capacity,
    Ec2Container,
    InternalHttp,
    LoadBalancedEc2Service,
    TargetHealthCheck,
    TaskSize,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Gpu")
    LoadBalancedEc2Service(
        stack,
        "Inference",
        container=Ec2Container(
            "public.ecr.aws/nginx/nginx:1.29",
            80,
            gpu_count=1,
            shared_memory_mib=1024,
            writable_paths=["/var/cache/nginx", "/run"],
            placement_constraints=[ecs.PlacementConstraint.distinct_instances()],
        ),
        size=TaskSize(cpu=2048, memory_mib=8192),
        capacity=Ec2Capacity(
            instance_type=ec2.InstanceType("g5.xlarge"), min_capacity=2, max_capacity=4, root_volume_gib=100
        ),
        ingress=InternalHttp(health_check=TargetHealthCheck(path="/")),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
