"""Alarms that notify people, and a dashboard: for a service of this library, and for one of CDK's patterns."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns
from aws_cdk import aws_sns as sns

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    LoadBalancedFargateService,
    PublicHttp,
    ServiceAlarms,
    ServiceDashboard,
    ServiceThresholds,
)

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Observed")
    web = LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80, writable_paths=["/var/cache/nginx", "/run"]),
        ingress=PublicHttp(),
        deployment=BlueGreen(),
    )
    on_call = sns.Topic(stack, "OnCall", enforce_ssl=True)
    thresholds = ServiceThresholds(cpu_percent={"Warning": 70, "Critical": 90}, running_tasks_below={"Critical": 2})
    alarms = ServiceAlarms.of(web, thresholds=thresholds, actions={"Critical": [on_call]})
    ServiceDashboard.of(web, thresholds=thresholds, alarms=alarms)
    return stack


def build_for_a_pattern(stack: cdk.Stack, cluster: ecs.ICluster) -> None:
    other = ecs_patterns.ApplicationLoadBalancedFargateService(
        stack,
        "Other",
        cluster=cluster,
        task_image_options=ecs_patterns.ApplicationLoadBalancedTaskImageOptions(
            image=ecs.ContainerImage.from_registry(NGINX)
        ),
    )
    ServiceAlarms.of(other)
    ServiceDashboard.of(other)


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
