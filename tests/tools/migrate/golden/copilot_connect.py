"""Made from Copilot manifests by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    CloudMap,
    LoadBalancedFargateService,
    Network,
    PrivateRepository,
    PublicHttp,
    ServiceConnect,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Front")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="front")
    discovery = cloudmap.PrivateDnsNamespace(stack, "Discovery", name="app.local", vpc=network.vpc)

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
    api_repository = PrivateRepository(stack, "ApiRepository")
    api_image = api_repository.build_and_push_image("./api")
    api_task.add_container(
        "api",
        image=api_image.container_image,
        port_mappings=[ecs.PortMapping(container_port=9000, name="api")],
        environment={"COPILOT_SERVICE_NAME": "api", "COPILOT_SERVICE_DISCOVERY_ENDPOINT": "app.local"},
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
        cloud_map_options=ecs.CloudMapOptions(
            cloud_map_namespace=discovery, name="api", dns_ttl=cdk.Duration.seconds(10)
        ),
    )

    mail_task = ecs.FargateTaskDefinition(
        stack,
        "MailTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    mail_logs = logs.LogGroup(stack, "MailLogs", retention=logs.RetentionDays.ONE_MONTH)
    mail_repository = PrivateRepository(stack, "MailRepository")
    mail_image = mail_repository.build_and_push_image("./mail")
    mail_task.add_container(
        "mail",
        image=mail_image.container_image,
        port_mappings=[ecs.PortMapping(container_port=2500, name="mail")],
        environment={"COPILOT_SERVICE_NAME": "mail", "COPILOT_SERVICE_DISCOVERY_ENDPOINT": "app.local"},
        linux_parameters=ecs.LinuxParameters(mail_task, "MailLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="mail", log_group=mail_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    mail = ecs.FargateService(
        stack,
        "Mail",
        cluster=cluster,
        task_definition=mail_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[
                ecs.ServiceConnectService(
                    port_mapping_name="mail", discovery_name="mail-internal", dns_name="mail.internal"
                ),
            ],
        ),
        cloud_map_options=ecs.CloudMapOptions(
            cloud_map_namespace=discovery, name="mail", dns_ttl=cdk.Duration.seconds(10)
        ),
    )

    front_repository = PrivateRepository(stack, "FrontRepository")
    front_image = front_repository.build_and_push_image("./front")
    front = LoadBalancedFargateService(
        stack,
        "Front",
        container=AppContainer(
            front_image,
            3000,
            environment={
                "COPILOT_SERVICE_NAME": "front",
                "COPILOT_SERVICE_DISCOVERY_ENDPOINT": "app.local",
                "API": "http://api:9000",
                "MAIL": "http://mail.internal:2500",
            },
            readonly_root_filesystem=False,
        ),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    front.container.add_environment("COPILOT_LB_DNS", front.load_balancer.load_balancer_dns_name)
    front.enable_cloud_map(CloudMap(namespace=discovery, name="front"))
    front.enable_service_connect(ServiceConnect(namespace=namespace, name="front", calls=[api, mail]))

    environment_network = ec2.Connections(
        security_groups=[
            *front.connections.security_groups,
            *api.connections.security_groups,
            *mail.connections.security_groups,
        ],
    )
    front.connections.allow_from(environment_network, ec2.Port.tcp(3000))
    api.connections.allow_from(environment_network, ec2.Port.tcp(9000))
    mail.connections.allow_from(environment_network, ec2.Port.tcp(2500))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
