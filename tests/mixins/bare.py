"""Constructs of CDK as people write them, and what a mixin makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns

from tests.support.templates import only, template_of

if TYPE_CHECKING:
    from constructs import IConstruct, IMixin

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def stack(**options: Any) -> cdk.Stack:  # noqa: ANN401 - passed on
    """An empty stack in an app with these options."""
    return cdk.Stack(cdk.App(**options), "Stack")


def pattern(scope: cdk.Stack, **options: Any) -> ecs_patterns.ApplicationLoadBalancedFargateService:  # noqa: ANN401 - passed on
    """CDK's pattern with no option that it does not need."""
    if "task_definition" not in options:
        options["task_image_options"] = ecs_patterns.ApplicationLoadBalancedTaskImageOptions(
            image=ecs.ContainerImage.from_registry(NGINX)
        )
    return ecs_patterns.ApplicationLoadBalancedFargateService(scope, "Web", **options)


def worker(scope: cdk.Stack, construct_id: str = "Worker", **options: Any) -> ecs.FargateService:  # noqa: ANN401 - passed on
    """A service that no load balancer knows."""
    vpc = scope.node.try_find_child("Vpc") or ec2.Vpc(scope, "Vpc", nat_gateways=0)
    cluster = scope.node.try_find_child("Cluster") or ecs.Cluster(scope, "Cluster", vpc=vpc)  # type: ignore[arg-type]  # a Vpc
    task = ecs.FargateTaskDefinition(scope, f"{construct_id}Task")
    task.add_container("app", image=ecs.ContainerImage.from_registry(NGINX))
    return ecs.FargateService(scope, construct_id, cluster=cluster, task_definition=task, **options)  # type: ignore[arg-type]  # a Cluster


def with_pattern(*mixins: IMixin, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on
    """The template of a pattern with mixins."""
    scope = stack()
    pattern(scope, **options).with_(*mixins)
    return template_of(scope)


def service(template: dict[str, Any]) -> dict[str, Any]:
    """Properties of the only service."""
    found: dict[str, Any] = only(template, "AWS::ECS::Service")["Properties"]
    return found


def target_group(template: dict[str, Any]) -> dict[str, Any]:
    """Properties of the only target group."""
    found: dict[str, Any] = only(template, "AWS::ElasticLoadBalancingV2::TargetGroup")["Properties"]
    return found


def container(template: dict[str, Any]) -> dict[str, Any]:
    """The only container."""
    [found] = only(template, "AWS::ECS::TaskDefinition")["Properties"]["ContainerDefinitions"]
    return dict(found)


def warnings_of(construct: IConstruct) -> str:
    """The warnings of a construct."""
    return " ".join(str(entry.data) for entry in construct.node.metadata if entry.type == "aws:cdk:warning")
