"""Services and repositories of CDK with this library's defaults: by mixins on what exists, nothing is replaced."""

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns

from ecr_fargate_constructs import (
    DeploymentAlarms,
    FastRollout,
    Hardened,
    LifecyclePolicy,
    NonBlockingLogs,
    Retention,
    RollbackAlarms,
    Rolling,
    SafeDeployment,
    TargetHealthCheck,
)


def before(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    ecr.Repository(stack, "Images")
    for name in ("Orders", "Search"):
        ecs_patterns.ApplicationLoadBalancedFargateService(
            stack,
            name,
            task_image_options=ecs_patterns.ApplicationLoadBalancedTaskImageOptions(
                image=ecs.ContainerImage.from_registry("public.ecr.aws/nginx/nginx:1.29"), container_port=80
            ),
        )
    return stack


def build(app: cdk.App) -> cdk.Stack:
    stack = before(app)
    mixins = cdk.Mixins.of(app).require_any()
    mixins.apply(SafeDeployment(), FastRollout(), NonBlockingLogs(), LifecyclePolicy())

    search = stack.node.find_child("Search")
    search.with_(
        SafeDeployment(Rolling(max_healthy_percent=150, alarms=RollbackAlarms(latency=cdk.Duration.seconds(1)))),
        Hardened(writable_paths=["/tmp", "/var/cache/nginx", "/run"]),  # noqa: S108 - paths in the container
    )
    return stack


def each_alone(stack: cdk.Stack, service: ecs.FargateService, repository: ecr.Repository) -> None:
    cdk.Mixins.of(service).apply(DeploymentAlarms(RollbackAlarms(existing=["orders-late"])))
    service.with_(FastRollout(TargetHealthCheck(path="/healthz")))
    repository.with_(LifecyclePolicy(Retention.keep_last(50)), Hardened())
    selected = cdk.ConstructSelector.by_path("Shop/Orders/**")
    cdk.Mixins.of(stack, selected).require_any().apply(NonBlockingLogs(buffer_mib=4))


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
