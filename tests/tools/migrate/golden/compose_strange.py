"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    LoadBalancedFargateService,
    PublicHttp,
    ServiceConnect,
    WorkerContainer,
    WorkerService,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "OddProjectName")
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="odd-project-name")

    class_2 = LoadBalancedFargateService(
        stack,
        "Class",
        container=AppContainer(
            "public.ecr.aws/docker/library/busybox:1.37",
            8080,
            environment={
                "QUOTES": 'it\'s "both"',
                "LINES": "first\nsecond\r\n\tthird",
                "BRACES": "{0} {name} %s ${NOT_OURS}",
                "BACKSLASH": "C:\\new\\table",
                "UNICODE": "naïve ☃ \u2028 end",
                "__import__('os').system('true')or": "run",
            },
            command=["sh", "-c", "printf '%s\\n' \"$HOME\"; echo {x} \\ \"\"\" '''"],
            readonly_root_filesystem=False,
            docker_labels={'"]); raise SystemExit(1)  #': '"'},
        ),
        ingress=PublicHttp(),
    )
    class_2.enable_service_connect(ServiceConnect(namespace=namespace, name="class"))

    stack_2 = WorkerService(
        stack,
        "Stack",
        container=WorkerContainer(
            "public.ecr.aws/docker/library/busybox:1.37", command=["sleep", "infinity"], readonly_root_filesystem=False
        ),
        desired_count=1,
    )
    stack_2.enable_service_connect(ServiceConnect(namespace=namespace))

    service_3_d_models = WorkerService(
        stack,
        "Service3DModels",
        container=WorkerContainer(
            "public.ecr.aws/docker/library/busybox:1.37",
            command=["sleep", "infinity"],
            working_directory='/tmp"; import os #',
            readonly_root_filesystem=False,
        ),
        desired_count=1,
    )
    service_3_d_models.enable_service_connect(ServiceConnect(namespace=namespace))

    default_network = ec2.Connections(
        security_groups=[
            *class_2.connections.security_groups,
            *stack_2.connections.security_groups,
            *service_3_d_models.connections.security_groups,
        ],
    )
    class_2.connections.allow_from(default_network, ec2.Port.tcp(8080))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
