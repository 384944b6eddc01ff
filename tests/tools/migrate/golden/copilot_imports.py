"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm

from ecr_fargate_constructs import Network, PrivateRepository


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Imports")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)

    imports_task = ecs.FargateTaskDefinition(
        stack,
        "ImportsTask",
        cpu=1024,
        memory_limit_mib=3072,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    imports_logs = logs.LogGroup(stack, "ImportsLogs", retention=logs.RetentionDays.ONE_MONTH)
    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image("./imports")
    versioned = secretsmanager.Secret.from_secret_name_v2(stack, "Versioned", "mysql")
    parameter = ssm.StringParameter.from_secure_string_parameter_attributes(
        stack, "Parameter", parameter_name="/shop/parameter"
    )
    imports_task.add_container(
        "imports",
        image=image.container_image,
        port_mappings=[ecs.PortMapping(container_port=8080)],
        environment={"COPILOT_SERVICE_NAME": "imports", "TABLE": cdk.Fn.import_value("shop-table")},
        secrets={
            "VERSIONED": ecs.Secret.from_secrets_manager(versioned, "password"),
            "PARAMETER": ecs.Secret.from_ssm_parameter(parameter),
        },
        docker_labels={"team": "shop"},
        linux_parameters=ecs.LinuxParameters(imports_task, "ImportsLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="imports", log_group=imports_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    ecs.FargateService(
        stack,
        "Imports",
        cluster=cluster,
        task_definition=imports_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
