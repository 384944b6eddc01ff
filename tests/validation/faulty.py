"""A program with faults in plain CDK code."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_logs as logs

from ecr_fargate_constructs import DoctorPlugin


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Faulty")
    ecr.Repository(stack, "Images")
    logs.LogGroup(stack, "Logs", retention=logs.RetentionDays.INFINITE)
    vpc = ec2.Vpc(stack, "Vpc", nat_gateways=1)
    cluster = ecs.Cluster(stack, "Cluster", vpc=vpc)
    task = ecs.FargateTaskDefinition(stack, "Task", cpu=256, memory_limit_mib=4096)
    task.add_container(
        "web",
        image=ecs.ContainerImage.from_registry("nginx"),
        environment={"DB_PASSWORD": "hunter2"},
        linux_parameters=ecs.LinuxParameters(stack, "Linux", init_process_enabled=True),
        port_mappings=[ecs.PortMapping(container_port=80)],
    )

    service = ecs.FargateService(stack, "Web", cluster=cluster, task_definition=task)

    balancer = elbv2.ApplicationLoadBalancer(stack, "Balancer", vpc=vpc, internet_facing=True)
    listener = balancer.add_listener("Http", port=80)
    listener.add_targets("Tasks", port=80, targets=[service])

    return stack


if __name__ == "__main__":
    app = cdk.App()
    cdk.Validations.of(app).add_plugins(DoctorPlugin())
    build(app)
    app.synth()
