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

    first = LoadBalancedFargateService(
        stack,
        "First",
        container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 8080, readonly_root_filesystem=False),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    first.container.add_port_mappings(
        ecs.PortMapping(container_port=5555, name="web-5555"),
        ecs.PortMapping(container_port=8000, name="web-8000"),
        ecs.PortMapping(container_port=8443, name="web-8443"),
    )
    first.service.enable_service_connect(
        namespace=namespace.namespace_arn,
        services=[
            ecs.ServiceConnectService(port_mapping_name="web", discovery_name="first", dns_name="first"),
            ecs.ServiceConnectService(port_mapping_name="web-5555", discovery_name="first-5555", dns_name="first"),
            ecs.ServiceConnectService(port_mapping_name="web-8000", discovery_name="first-8000", dns_name="first"),
            ecs.ServiceConnectService(port_mapping_name="web-8443", discovery_name="first-8443", dns_name="first"),
        ],
    )

    random = LoadBalancedFargateService(
        stack,
        "Random",
        container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 8080, readonly_root_filesystem=False),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    random.enable_service_connect(ServiceConnect(namespace=namespace, name="random"))

    variable = LoadBalancedFargateService(
        stack,
        "Variable",
        container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 8080, readonly_root_filesystem=False),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    variable.container.add_port_mappings(ecs.PortMapping(container_port=9443, name="web-9443"))
    variable.service.enable_service_connect(
        namespace=namespace.namespace_arn,
        services=[
            ecs.ServiceConnectService(port_mapping_name="web", discovery_name="variable", dns_name="variable"),
            ecs.ServiceConnectService(
                port_mapping_name="web-9443", discovery_name="variable-9443", dns_name="variable"
            ),
        ],
    )

    bound_task = ecs.FargateTaskDefinition(
        stack,
        "BoundTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    bound_logs = logs.LogGroup(stack, "BoundLogs", retention=logs.RetentionDays.ONE_MONTH)
    bound_task.add_container(
        "bound",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/nginx/nginx:1.29"),
        port_mappings=[
            ecs.PortMapping(container_port=8080, name="bound"),
            ecs.PortMapping(container_port=8081, name="bound-8081"),
        ],
        linux_parameters=ecs.LinuxParameters(bound_task, "BoundLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="bound", log_group=bound_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    bound = ecs.FargateService(
        stack,
        "Bound",
        cluster=cluster,
        task_definition=bound_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[
                ecs.ServiceConnectService(port_mapping_name="bound", discovery_name="bound", dns_name="bound"),
                ecs.ServiceConnectService(
                    port_mapping_name="bound-8081", discovery_name="bound-8081", dns_name="bound"
                ),
            ],
        ),
    )

    tls = LoadBalancedFargateService(
        stack,
        "Tls",
        container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 443, readonly_root_filesystem=False),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    tls.enable_service_connect(ServiceConnect(namespace=namespace, name="tls"))

    exposed_task = ecs.FargateTaskDefinition(
        stack,
        "ExposedTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    exposed_logs = logs.LogGroup(stack, "ExposedLogs", retention=logs.RetentionDays.ONE_MONTH)
    exposed_task.add_container(
        "exposed",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/nginx/nginx:1.29"),
        port_mappings=[
            ecs.PortMapping(container_port=8080, name="exposed"),
            ecs.PortMapping(container_port=9000, name="exposed-9000"),
        ],
        linux_parameters=ecs.LinuxParameters(exposed_task, "ExposedLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="exposed", log_group=exposed_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    exposed = ecs.FargateService(
        stack,
        "Exposed",
        cluster=cluster,
        task_definition=exposed_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[
                ecs.ServiceConnectService(port_mapping_name="exposed", discovery_name="exposed", dns_name="exposed"),
                ecs.ServiceConnectService(
                    port_mapping_name="exposed-9000", discovery_name="exposed-9000", dns_name="exposed"
                ),
            ],
        ),
    )

    default_network = ec2.Connections(
        security_groups=[
            *first.connections.security_groups,
            *random.connections.security_groups,
            *variable.connections.security_groups,
            *bound.connections.security_groups,
            *tls.connections.security_groups,
            *exposed.connections.security_groups,
        ],
    )
    first.connections.allow_from(default_network, ec2.Port.tcp(8080))
    first.connections.allow_from(default_network, ec2.Port.tcp(5555))
    first.connections.allow_from(default_network, ec2.Port.tcp(8000))
    first.connections.allow_from(default_network, ec2.Port.tcp(8443))
    random.connections.allow_from(default_network, ec2.Port.tcp(8080))
    variable.connections.allow_from(default_network, ec2.Port.tcp(8080))
    variable.connections.allow_from(default_network, ec2.Port.tcp(9443))
    bound.connections.allow_from(default_network, ec2.Port.tcp(8080))
    bound.connections.allow_from(default_network, ec2.Port.tcp(8081))
    tls.connections.allow_from(default_network, ec2.Port.tcp(443))
    exposed.connections.allow_from(default_network, ec2.Port.tcp(8080))
    exposed.connections.allow_from(default_network, ec2.Port.tcp(9000))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
