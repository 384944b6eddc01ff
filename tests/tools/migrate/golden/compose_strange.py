"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, Network, PublicHttp, ServiceConnect


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "OddProjectName")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
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
        cluster=cluster,
        ingress=PublicHttp(),
    )
    class_2.enable_service_connect(ServiceConnect(namespace=namespace, name="class"))

    stack_task = ecs.FargateTaskDefinition(
        stack,
        "StackTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    stack_logs = logs.LogGroup(stack, "StackLogs", retention=logs.RetentionDays.ONE_MONTH)
    stack_task.add_container(
        "stack",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/busybox:1.37"),
        command=["sleep", "infinity"],
        linux_parameters=ecs.LinuxParameters(stack_task, "StackLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="stack", log_group=stack_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    stack_2 = ecs.FargateService(
        stack,
        "Stack",
        cluster=cluster,
        task_definition=stack_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(namespace=namespace.namespace_arn),
    )

    service_3_d_models_task = ecs.FargateTaskDefinition(
        stack,
        "Service3DModelsTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    service_3_d_models_logs = logs.LogGroup(stack, "Service3DModelsLogs", retention=logs.RetentionDays.ONE_MONTH)
    service_3_d_models_task.add_container(
        "3-d_models",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/busybox:1.37"),
        command=["sleep", "infinity"],
        working_directory='/tmp"; import os #',
        linux_parameters=ecs.LinuxParameters(
            service_3_d_models_task, "Service3DModelsLinux", init_process_enabled=True
        ),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="3-d_models", log_group=service_3_d_models_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    service_3_d_models = ecs.FargateService(
        stack,
        "Service3DModels",
        cluster=cluster,
        task_definition=service_3_d_models_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(namespace=namespace.namespace_arn),
    )

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
