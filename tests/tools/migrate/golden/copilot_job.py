"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_scheduler as scheduler

from ecr_fargate_constructs import (
    Architecture,
    ImageBuild,
    JobContainer,
    JobRuns,
    Network,
    PrivateRepository,
    ScheduledJob,
    TaskSize,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "ReportGenerator")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)

    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image(".", build=ImageBuild(architecture=Architecture.ARM64))
    ScheduledJob(
        stack,
        "ReportGenerator",
        container=JobContainer(
            image,
            environment={"COPILOT_SERVICE_NAME": "report-generator", "LOG_LEVEL": "info"},
            command=["python", "report.py", "--format", "pdf, a4"],
            readonly_root_filesystem=False,
        ),
        schedule=scheduler.ScheduleExpression.expression("cron(30 6 ? * 2-6 *)"),
        runs=JobRuns(timeout=cdk.Duration.minutes(60), retries=3),
        size=TaskSize(cpu=256, memory_mib=512),
        cluster=cluster,
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
