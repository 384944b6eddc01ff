"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns
from aws_cdk import aws_logs as logs

from ecr_fargate_constructs import Architecture, ImageBuild, Network, PrivateRepository


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "ReportGenerator")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)

    report_generator_task = ecs.FargateTaskDefinition(
        stack,
        "ReportGeneratorTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.ARM64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    report_generator_logs = logs.LogGroup(stack, "ReportGeneratorLogs", retention=logs.RetentionDays.ONE_MONTH)
    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image(".", build=ImageBuild(architecture=Architecture.ARM64))
    report_generator_task.add_container(
        "report-generator",
        image=image.container_image,
        environment={"COPILOT_SERVICE_NAME": "report-generator", "LOG_LEVEL": "info"},
        command=["python", "report.py", "--format", "pdf, a4"],
        linux_parameters=ecs.LinuxParameters(report_generator_task, "ReportGeneratorLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="report-generator", log_group=report_generator_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    ecs_patterns.ScheduledFargateTask(
        stack,
        "ReportGenerator",
        cluster=cluster,
        schedule=appscaling.Schedule.expression("cron(30 6 ? * 2-6 *)"),
        scheduled_fargate_task_definition_options=ecs_patterns.ScheduledFargateTaskDefinitionOptions(
            task_definition=report_generator_task
        ),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
