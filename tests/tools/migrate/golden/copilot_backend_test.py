"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as cloudmap
from aws_cdk import aws_ssm as ssm

from ecr_fargate_constructs import Network, PrivateRepository


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Api")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="api")

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
    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image("./api")
    github_token = ssm.StringParameter.from_secure_string_parameter_attributes(
        stack, "GithubToken", parameter_name="/shop/github"
    )
    api_task.add_container(
        "api",
        image=image.container_image,
        port_mappings=[ecs.PortMapping(container_port=8080, name="api")],
        environment={
            "COPILOT_SERVICE_NAME": "api",
            "COPILOT_ENVIRONMENT_NAME": "test",
            "LOG_LEVEL": "info",
            "TABLE": cdk.Fn.import_value("shop-orders-table"),
        },
        secrets={"GITHUB_TOKEN": ecs.Secret.from_ssm_parameter(github_token)},
        environment_files=[ecs.EnvironmentFile.from_asset("./api.env")],
        health_check=ecs.HealthCheck(
            command=["CMD-SHELL", "curl -f http://localhost:8080 || exit 1"],
            interval=cdk.Duration.seconds(10),
            timeout=cdk.Duration.seconds(5),
            retries=2,
            start_period=cdk.Duration.seconds(0),
        ),
        linux_parameters=ecs.LinuxParameters(api_task, "ApiLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="api", log_group=api_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    ecs.FargateService(
        stack,
        "Api",
        cluster=cluster,
        task_definition=api_task,
        desired_count=2,
        capacity_provider_strategies=[ecs.CapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=1)],
        min_healthy_percent=0,
        max_healthy_percent=101,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        enable_execute_command=True,
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[ecs.ServiceConnectService(port_mapping_name="api", discovery_name="api", dns_name="api")],
        ),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
