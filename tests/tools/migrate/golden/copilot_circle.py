"""Made from Copilot manifests by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import Network, PrivateRepository


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Left")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="left")
    discovery = cloudmap.PrivateDnsNamespace(stack, "Discovery", name="app.local", vpc=network.vpc)

    right_task = ecs.FargateTaskDefinition(
        stack,
        "RightTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    right_logs = logs.LogGroup(stack, "RightLogs", retention=logs.RetentionDays.ONE_MONTH)
    right_repository = PrivateRepository(stack, "RightRepository")
    right_image = right_repository.build_and_push_image("./right")
    right_task.add_container(
        "right",
        image=right_image.container_image,
        port_mappings=[ecs.PortMapping(container_port=8002, name="right")],
        environment={"COPILOT_SERVICE_NAME": "right", "COPILOT_SERVICE_DISCOVERY_ENDPOINT": "app.local"},
        linux_parameters=ecs.LinuxParameters(right_task, "RightLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="right", log_group=right_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    right_task.add_container(
        "proxy",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/nginx/nginx:1.29"),
        environment={
            "COPILOT_SERVICE_NAME": "right",
            "COPILOT_SERVICE_DISCOVERY_ENDPOINT": "app.local",
            "UPSTREAM": "http://left:8001",
        },
        linux_parameters=ecs.LinuxParameters(right_task, "ProxyLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="proxy", log_group=right_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    right = ecs.FargateService(
        stack,
        "Right",
        cluster=cluster,
        task_definition=right_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[ecs.ServiceConnectService(port_mapping_name="right", discovery_name="right", dns_name="right")],
        ),
        cloud_map_options=ecs.CloudMapOptions(
            cloud_map_namespace=discovery, name="right", dns_ttl=cdk.Duration.seconds(10)
        ),
    )

    left_task = ecs.FargateTaskDefinition(
        stack,
        "LeftTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    left_logs = logs.LogGroup(stack, "LeftLogs", retention=logs.RetentionDays.ONE_MONTH)
    left_repository = PrivateRepository(stack, "LeftRepository")
    left_image = left_repository.build_and_push_image("./left")
    left_task.add_container(
        "left",
        image=left_image.container_image,
        port_mappings=[ecs.PortMapping(container_port=8001, name="left")],
        environment={"COPILOT_SERVICE_NAME": "left", "COPILOT_SERVICE_DISCOVERY_ENDPOINT": "app.local"},
        command=["serve", "--peer", "http://right:8002"],
        linux_parameters=ecs.LinuxParameters(left_task, "LeftLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="left", log_group=left_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    left = ecs.FargateService(
        stack,
        "Left",
        cluster=cluster,
        task_definition=left_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[ecs.ServiceConnectService(port_mapping_name="left", discovery_name="left", dns_name="left")],
        ),
        cloud_map_options=ecs.CloudMapOptions(
            cloud_map_namespace=discovery, name="left", dns_ttl=cdk.Duration.seconds(10)
        ),
    )
    left.node.find_child("Service").node.add_dependency(right.node.find_child("Service"))

    left.connections.allow_from(right, ec2.Port.tcp(8001))
    right.connections.allow_from(left, ec2.Port.tcp(8002))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
