"""Defaults for every service and repository of CDK that an organization's apps create, now or later."""

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns

from ecr_fargate_constructs import FastRollout, LifecyclePolicy, NonBlockingLogs, SafeDeployment, property_injectors


def adopt(app: cdk.App) -> None:
    cdk.PropertyInjectors.of(app).add(*property_injectors())
    for mixin in (SafeDeployment(), FastRollout(), NonBlockingLogs(), LifecyclePolicy()):
        cdk.Aspects.of(app).add(cdk.Shims.as_aspect(mixin))


def build(app: cdk.App) -> cdk.Stack:
    adopt(app)
    stack = cdk.Stack(app, "Orders")
    ecr.Repository(stack, "Images")
    ecs_patterns.ApplicationLoadBalancedFargateService(
        stack,
        "Web",
        task_image_options=ecs_patterns.ApplicationLoadBalancedTaskImageOptions(
            image=ecs.ContainerImage.from_registry("public.ecr.aws/nginx/nginx:1.29"), container_port=80
        ),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
