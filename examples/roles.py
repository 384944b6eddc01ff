"""Several roles of one image: a Django website, its worker and its scheduler, built once from one directory."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_sns as sns

from ecr_fargate_constructs import (
    EcrFargateService,
    PublicHttp,
    QueueScaling,
    Rolling,
    WorkerContainer,
    WorkerService,
    WorkQueue,
)

APP = Path(__file__).parent / "roles"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Roles")
    on_call = sns.Topic(stack, "OnCall", enforce_ssl=True)
    work = WorkQueue(stack, "Work", actions=[on_call])
    settings = {"QUEUE_URL": work.queue_url}

    site = EcrFargateService(
        stack,
        "Site",
        directory=APP,
        container_port=8000,
        environment=settings,
        ingress=PublicHttp(),
    )
    work.grant_send_messages(site)
    WorkerService(
        stack,
        "Worker",
        container=WorkerContainer(site.image, command=["python", "manage.py", "work"], environment=settings),
        scaling=QueueScaling(work, messages_per_task=50, min_capacity=2, max_capacity=5),
    )
    beat = WorkerService(
        stack,
        "Beat",
        container=WorkerContainer(site.image, command=["python", "manage.py", "beat"], environment=settings),
        desired_count=1,
        deployment=Rolling(min_healthy_percent=0, max_healthy_percent=101),
    )
    work.grant_send_messages(beat)
    for finding in ("ecr-fargate-doctor::single-task", "ecr-fargate-doctor::minimum-healthy-low"):
        cdk.Validations.of(beat).acknowledge(cdk.Acknowledgment(id=finding, reason="Two would send each order twice."))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
