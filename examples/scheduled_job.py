"""A job that writes a report every night, and one that cleans up every hour, both from one image."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns

from ecr_fargate_constructs import (
    JobAlarms,
    JobContainer,
    JobRuns,
    Overlap,
    PrivateRepository,
    ScheduledJob,
    Spot,
)

APP = Path(__file__).parent / "job"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Jobs")
    image = PrivateRepository(stack, "Repository").build_and_push_image(APP)
    on_call = sns.Topic(stack, "OnCall", enforce_ssl=True)

    ScheduledJob(
        stack,
        "Report",
        container=JobContainer(image),
        schedule=scheduler.ScheduleExpression.cron(hour="3", minute="0", time_zone=cdk.TimeZone.EUROPE_BERLIN),
        runs=JobRuns(timeout=cdk.Duration.minutes(30), retries=2),
        alarms=JobAlarms(actions=[on_call]),
    )
    ScheduledJob(
        stack,
        "CleanUp",
        container=JobContainer(image, command=["python", "-c", "print('nothing to clean up')"]),
        schedule=scheduler.ScheduleExpression.rate(cdk.Duration.hours(1)),
        runs=JobRuns(timeout=cdk.Duration.hours(2), retries=1, overlap=Overlap.FAIL),
        alarms=JobAlarms(actions=[on_call]),
        capacity=Spot(),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
