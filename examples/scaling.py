"""An autoscaler: CPU and requests by day, next to nothing by night."""

import aws_cdk as cdk
from aws_cdk import aws_applicationautoscaling as appscaling

from ecr_fargate_constructs import (
    AppContainer,
    LoadBalancedFargateService,
    MetricResolution,
    PublicHttp,
    Scaling,
    ScheduledCapacity,
)

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Scaling")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80, writable_paths=["/var/cache/nginx", "/run"]),
        ingress=PublicHttp(),
        scaling=Scaling(
            min_capacity=2,
            max_capacity=20,
            cpu_percent=60,
            requests_per_target=1000,
            metric_resolution=MetricResolution.SECONDS_20,
            schedule=[
                ScheduledCapacity(
                    name="day",
                    at=appscaling.Schedule.cron(week_day="MON-FRI", hour="7", minute="30"),
                    min_capacity=4,
                    time_zone=cdk.TimeZone.EUROPE_BERLIN,
                ),
                ScheduledCapacity(
                    name="night",
                    at=appscaling.Schedule.cron(week_day="MON-FRI", hour="20", minute="0"),
                    min_capacity=1,
                    time_zone=cdk.TimeZone.EUROPE_BERLIN,
                ),
            ],
        ),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
