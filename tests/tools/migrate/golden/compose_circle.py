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

    api_task = ecs.FargateTaskDefinition(
        stack,
        "ApiTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    api_logs = logs.LogGroup(stack, "ApiLogs", retention=logs.RetentionDays.ONE_MONTH)
    api_task.add_container(
        "api",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/node:22"),
        port_mappings=[ecs.PortMapping(container_port=9000, name="api")],
        environment={"CALLBACK_URL": "http://front:3000/callback"},
        linux_parameters=ecs.LinuxParameters(api_task, "ApiLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="api", log_group=api_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    api = ecs.FargateService(
        stack,
        "Api",
        cluster=cluster,
        task_definition=api_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[ecs.ServiceConnectService(port_mapping_name="api", discovery_name="api", dns_name="api")],
        ),
    )

    front = LoadBalancedFargateService(
        stack,
        "Front",
        container=AppContainer(
            "public.ecr.aws/docker/library/node:22",
            3000,
            environment={"API_URL": "http://api:9000"},
            readonly_root_filesystem=False,
        ),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    front.enable_service_connect(ServiceConnect(namespace=namespace, name="front", calls=[api]))

    front.connections.allow_from(api, ec2.Port.tcp(3000))
    api.connections.allow_from(front, ec2.Port.tcp(9000))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
