"""EC2 instances that AWS chooses, patches and replaces: the same values as on Fargate, and no machine to look after."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    Ec2WorkerService,
    ImageBuild,
    LoadBalancedEc2Service,
    ManagedInstancesCapacity,
    PrivateRepository,
    PublicHttp,
    Scaling,
    TaskSize,
    WorkerContainer,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Managed")
    repo = PrivateRepository(stack, "Repo")
    image = repo.build_and_push_image("./app", build=ImageBuild(architecture=Architecture.ARM64))
    LoadBalancedEc2Service(
        stack,
        "Web",
        container=AppContainer(image, 8080),
        capacity=ManagedInstancesCapacity(),
        scaling=Scaling(min_capacity=2, max_capacity=20, cpu_percent=60),
        ingress=PublicHttp(),
    )
    Ec2WorkerService(
        stack,
        "Worker",
        container=WorkerContainer(image, command=["python", "-m", "http.server"]),
        size=TaskSize(cpu=1024, memory_mib=4096),
        capacity=ManagedInstancesCapacity(
            instance_types=[ec2.InstanceType("m8g.*"), ec2.InstanceType("m7g.*")],
            storage_gib=200,
        ),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
