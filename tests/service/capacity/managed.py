"""Services on Amazon ECS Managed Instances, and the parts of their templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs import AppContainer, LoadBalancedEc2Service, ManagedInstancesCapacity, PublicHttp
from tests.support.templates import only

if TYPE_CHECKING:
    import aws_cdk as cdk

IMAGE = "public.ecr.aws/nginx/nginx:1.29"
PROVIDER = "AWS::ECS::CapacityProvider"
PROFILE = "arn:aws:iam::111122223333:instance-profile/machines"


def web_on(stack: cdk.Stack, **options: Any) -> LoadBalancedEc2Service:  # noqa: ANN401 - passed on
    options.setdefault("capacity", ManagedInstancesCapacity())
    options.setdefault("container", AppContainer(IMAGE, 80))
    return LoadBalancedEc2Service(stack, "Web", ingress=PublicHttp(), **options)


def provider_of(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = only(template, PROVIDER)["Properties"]["ManagedInstancesProvider"]
    return found


def requirements_of(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = provider_of(template)["InstanceLaunchTemplate"]["InstanceRequirements"]
    return found
