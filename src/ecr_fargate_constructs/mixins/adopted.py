"""A Fargate service of CDK as it is: its properties, its target groups and its containers."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._cdk.site import node_of, resource_of, stack_of
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.service.parts import cfn_service

if TYPE_CHECKING:
    from collections.abc import Iterator

    import aws_cdk as cdk
    from constructs import Construct

_OF_SERVICES = (
    "availabilityZoneRebalancing",
    "deploymentConfiguration.alarms",
    "deploymentConfiguration.maximumPercent",
    "deploymentConfiguration.strategy",
    "deploymentController.type",
    "desiredCount",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "loadBalancers",
    "schedulingStrategy",
)
_ALL = 100
"""Percent of a service's tasks."""

_SCALING = "TaskCount"
"""The id that CDK gives to the scaling of a service; ``tests/mixins`` pins it."""


def properties(resource: cdk.CfnResource, *names: str) -> dict[str, Any]:
    """Return some properties of a resource as they are now, without overrides.

    Nothing else is rendered: CDK renders some properties once, such as the containers of a task definition, and a
    container that the app adds afterwards would be lost. The getters of the resource are no substitute either, because
    jsii refuses to return a structure with a part that CDK renders later.

    Args:
        resource: The resource.
        names: Names of the properties in camel case; a part of one after a dot.
    """
    given = resource._cfn_properties  # noqa: SLF001 - protected: CDK made it for classes that derive from resources
    found: dict[str, Any] = stack_of(resource).resolve({name: _part(given, name) for name in names})
    return found


def _part(given: Any, path: str) -> object:  # noqa: ANN401 - a structure of CDK
    for name in path.split("."):
        if not isinstance(given, Mapping):
            return None  # there is none, or only the deployment knows
        given = given.get(name)
    return given


def properties_of(service: ecs.FargateService) -> dict[str, Any]:
    """Return the properties of a service that mixins look at."""
    return properties(cfn_service(service), *_OF_SERVICES)


def is_scaled(service: ecs.FargateService) -> bool:
    """Return whether an autoscaler decides how many tasks the service has."""
    return service.node.try_find_child(_SCALING) is not None


def stops_first(known: dict[str, Any]) -> bool:
    """Return whether no task of a service may start before another one has stopped, for example because it is alone."""
    most = known.get("deploymentConfiguration.maximumPercent")
    return most is not None and not is_token(most) and most <= _ALL


def is_rolling(known: dict[str, Any]) -> bool:
    """Return whether ECS replaces the tasks of a service in rolling deployments."""
    return (
        deploys_by_ecs(known)
        and known.get("deploymentConfiguration.strategy") in {None, "ROLLING"}
        and known.get("schedulingStrategy") in {None, "REPLICA"}
    )


def deploys_by_ecs(known: dict[str, Any]) -> bool:
    """Return whether ECS itself deploys a service, and not CodeDeploy or another controller."""
    return known.get("deploymentController.type") in {None, "ECS"}


def alarm_scope(service: ecs.FargateService) -> Construct:
    """Return the parent of a service's alarms: its pattern, if it has one.

    There, this library's own services have them: if one of them takes the place of the pattern, the alarms stay.
    """
    parent = node_of(service).scope
    patterns: Any = sys.modules.get("aws_cdk.aws_ecs_patterns")  # if it was never imported, there is no pattern
    if patterns is not None and isinstance(parent, patterns.ApplicationLoadBalancedServiceBase):
        pattern: Construct = parent
        return pattern
    return service


def target_groups(service: ecs.FargateService) -> list[elbv2.ApplicationTargetGroup]:
    """Return the target groups of a service that the app makes, in the order in which the service names them."""
    wanted = {json.dumps(arn): number for number, arn in enumerate(_target_group_arns(properties_of(service)))}
    groups: dict[int, elbv2.ApplicationTargetGroup] = {}
    for scope in reversed(node_of(service).scopes):  # from the service to the app: they are often near
        if len(groups) == len(wanted):
            break
        for each in scope.node.find_all():
            if isinstance(each, elbv2.ApplicationTargetGroup):
                number = wanted.get(json.dumps(stack_of(each).resolve(each.target_group_arn)))
                if number is not None:
                    groups.setdefault(number, each)
    return [group for _, group in sorted(groups.items())]


def _target_group_arns(known: dict[str, Any]) -> Iterator[Any]:
    for each in known.get("loadBalancers") or ():
        for arn in (
            each.get("targetGroupArn"),
            (each.get("advancedConfiguration") or {}).get("alternateTargetGroupArn"),
        ):
            if arn is not None:
                yield arn


def measured(service: ecs.FargateService) -> dict[str, tuple[elbv2.ApplicationTargetGroup, str]]:
    """Return the target groups whose requests can be measured, and their load balancers, by a prefix of alarm ids."""
    pairs = ((group, _balancer_of(group)) for group in target_groups(service))
    found = [(group, balancer) for group, balancer in pairs if balancer is not None]
    names = ["Target", "Green", *(f"Target{number}" for number in range(3, len(found) + 1))]
    return dict(zip(names, found, strict=False))


def _balancer_of(group: elbv2.ApplicationTargetGroup) -> str | None:
    """Return the full name of the load balancer that sends requests to a target group; None if none does yet."""
    try:
        return group.first_load_balancer_full_name
    except RuntimeError:
        return None


def task_of(service: ecs.FargateService) -> ecs.CfnTaskDefinition | None:
    """Return the task definition of a service; None for one that the app does not make."""
    resource = resource_of(service.task_definition)
    return resource if isinstance(resource, ecs.CfnTaskDefinition) else None


def containers(service: ecs.FargateService) -> Iterator[tuple[str, ecs.ContainerDefinition, dict[str, Any]]]:
    """Yield the containers of a service, each with the path of its override and its properties as they are now."""
    task = service.task_definition
    for number, container in enumerate(task._containers):  # noqa: SLF001 - protected, as above: in their order
        yield f"ContainerDefinitions.{number}", container, _rendered(task, container)


def _rendered(task: ecs.TaskDefinition, container: ecs.ContainerDefinition) -> dict[str, Any]:
    found: dict[str, Any] = stack_of(task).resolve(container.render_container_definition(task))
    return found


def platform_of(task: ecs.CfnTaskDefinition) -> dict[str, str]:
    """Return the runtime platform of a task definition."""
    found: dict[str, str] = properties(task, "runtimePlatform").get("runtimePlatform") or {}
    return found


def is_windows(task: ecs.CfnTaskDefinition) -> bool:
    """Return whether the containers of a task definition run on Windows."""
    return str(platform_of(task).get("operatingSystemFamily", "")).startswith("WINDOWS")
