"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, Network, PublicHttp, ServiceConnect


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="shop")

    grey_task = ecs.FargateTaskDefinition(
        stack,
        "GreyTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    grey_logs = logs.LogGroup(stack, "GreyLogs", retention=logs.RetentionDays.ONE_MONTH)
    grey_task.add_container(
        "grey",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/httpd:2.4"),
        port_mappings=[ecs.PortMapping(container_port=80, name="grey")],
        environment={"TZ": "UTC", "LOG_FORMAT": "json", "COLOUR": "grey", "PEER": "blue:80"},
        linux_parameters=ecs.LinuxParameters(grey_task, "GreyLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="grey", log_group=grey_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    grey = ecs.FargateService(
        stack,
        "Grey",
        cluster=cluster,
        task_definition=grey_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[ecs.ServiceConnectService(port_mapping_name="grey", discovery_name="grey", dns_name="grey")],
        ),
    )

    blue = LoadBalancedFargateService(
        stack,
        "Blue",
        container=AppContainer(
            "public.ecr.aws/docker/library/httpd:2.4",
            80,
            environment={"TZ": "UTC", "LOG_FORMAT": "json", "PEER": "http://grey/hello"},
            readonly_root_filesystem=False,
        ),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    blue.enable_service_connect(ServiceConnect(namespace=namespace, name="blue", calls=[grey]))

    grey.connections.allow_from(blue, ec2.Port.tcp(80))
    blue.connections.allow_from(grey, ec2.Port.tcp(80))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
