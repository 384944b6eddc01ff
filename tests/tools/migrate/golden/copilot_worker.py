"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs

from ecr_fargate_constructs import Network, PrivateRepository


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "CostAnalyzer")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)

    cost_analyzer_task = ecs.FargateTaskDefinition(
        stack,
        "CostAnalyzerTask",
        cpu=512,
        memory_limit_mib=1024,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    cost_analyzer_logs = logs.LogGroup(stack, "CostAnalyzerLogs", retention=logs.RetentionDays.ONE_MONTH)
    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image("./cost-analyzer")
    cost_analyzer_task.add_container(
        "cost-analyzer",
        image=image.container_image,
        environment={"COPILOT_SERVICE_NAME": "cost-analyzer"},
        linux_parameters=ecs.LinuxParameters(cost_analyzer_task, "CostAnalyzerLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="cost-analyzer", log_group=cost_analyzer_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    cost_analyzer = ecs.FargateService(
        stack,
        "CostAnalyzer",
        cluster=cluster,
        task_definition=cost_analyzer_task,
        desired_count=1,
        capacity_provider_strategies=[
            ecs.CapacityProviderStrategy(capacity_provider="FARGATE", base=1, weight=0),
            ecs.CapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=1),
        ],
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        enable_execute_command=True,
    )
    cost_analyzer_tasks = cost_analyzer.auto_scale_task_count(min_capacity=1, max_capacity=10)
    cost_analyzer_tasks.scale_on_cpu_utilization("Cpu", target_utilization_percent=70)
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
