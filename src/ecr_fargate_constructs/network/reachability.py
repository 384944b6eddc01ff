"""Check whether a task can reach ECR from its subnets: at synth, when the network and the task are complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import jsii
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import IValidation

from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._rules.endpoints import IMAGE_PULL, features_behind, needed_by, service_of
from ecr_fargate_constructs._rules.registry_reach import out_of_reach, text_of
from ecr_fargate_constructs._rules.tokens import is_token

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from constructs import Construct

_EVERYWHERE = "0.0.0.0/0"
_EVERYWHERE_IPV6 = "::/0"
_PULL = {*IMAGE_PULL, "s3"}


def check_way_to_image(
    scope: Construct, vpc: ec2.IVpc, subnets: ec2.SubnetSelection, definition: ecs.TaskDefinition
) -> None:
    """Refuse, at synth, tasks that cannot pull their image or use their features.

    Routes and endpoints are known only for VPCs that the app makes; imported VPCs are not checked.
    """
    scope.node.add_validation(_ImageReachability(scope, vpc, subnets, definition))


@jsii.implements(IValidation)
class _ImageReachability:
    def __init__(
        self, scope: Construct, vpc: ec2.IVpc, subnets: ec2.SubnetSelection, definition: ecs.TaskDefinition
    ) -> None:
        self._scope = scope
        self._vpc = vpc
        self._subnets = subnets
        self._definition = definition

    def validate(self) -> list[str]:
        """Return the problems; CDK reports them with the path of the service."""
        closed = [subnet for subnet in self._selected() if isinstance(subnet, ec2.Subnet) and not _has_egress(subnet)]
        if not closed:
            return []
        endpoints = list(_endpoints(self._vpc))
        problem = self._missing(closed[0], {name for name, _ in endpoints})
        if problem is not None:
            return [problem]
        problems = list(self._images(closed, {region for name, region in endpoints if name == "ecr.dkr"}))
        scope = self._scope
        for message in (message for message, refused in problems if not refused):
            warn(scope, "registryOutOfReach", message)
        return [message for message, refused in problems if refused]

    def _missing(self, subnet: ec2.Subnet, existing: set[str]) -> str | None:
        needed = needed_by(
            execution_role=_actions(self._definition.execution_role),
            task_role=_actions(self._definition.task_role),
            on_ec2=self._definition.is_ec2_compatible,
        )
        missing = [name for name in (*needed, "s3") if name not in existing]
        if not missing:
            return None
        what = "pull their image" if _PULL & set(missing) else "start, because they use these services"
        named = ", ".join("S3 (gateway)" if name == "s3" else name for name in missing)
        features = ", ".join(f"Feature.{feature.name}" for feature in features_behind(needed))
        return (
            f"tasks in {subnet.node.path} cannot {what}: the subnet has no route to the internet, and its VPC has no "
            f"endpoints for {named}; use Network(egress=Egress.ENDPOINTS, features=[{features}]), add the endpoints "
            "with vpc.add_interface_endpoint(…) and vpc.add_gateway_endpoint(…), or use subnets with a route to the "
            "internet"
        )

    def _images(self, closed: Sequence[ec2.Subnet], regions: set[str | None]) -> Iterator[tuple[str, bool]]:
        """Yield a message for each image that no endpoint leads to, and whether it is refused.

        It is not refused if a task may find the image in another way: on an instance that already holds it, or through
        a route to a peered network.
        """
        region = cdk.Stack.of(self._definition).region
        elsewhere = self._definition.is_ec2_compatible or any(_has_route(subnet) for subnet in closed)
        for container, image in _images_of(self._definition):
            problem = out_of_reach(image, region=None if is_token(region) else region, regions=regions)
            if problem is not None:
                message = (
                    f"tasks in {closed[0].node.path} cannot pull {image!r} of container {container!r}: the subnet has "
                    f"no route to the internet, and the image {problem.reason}; {problem.fix}, or use subnets with a "
                    "route to the internet"
                )
                yield message, problem.certain and not elsewhere

    def _selected(self) -> list[ec2.ISubnet]:
        return self._vpc.select_subnets(
            availability_zones=self._subnets.availability_zones,
            one_per_az=self._subnets.one_per_az,
            subnet_filters=self._subnets.subnet_filters,
            subnet_group_name=self._subnets.subnet_group_name,
            subnets=self._subnets.subnets,
            subnet_type=self._subnets.subnet_type,
        ).subnets


def _routes(subnet: ec2.Subnet) -> list[ec2.CfnRoute]:
    return [child for child in subnet.node.children if isinstance(child, ec2.CfnRoute)]


def _has_egress(subnet: ec2.Subnet) -> bool:
    """Return whether the subnet has a default route: through NAT, an internet or a transit gateway.

    A default route for IPv6 alone, such as that of an egress-only gateway, leads tasks with IPv4 addresses to no
    registry; a subnet without IPv4 uses ECR's dual-stack addresses.
    """
    everywhere = {_EVERYWHERE}
    resource = subnet.node.default_child or subnet.node.try_find_child("Subnet")
    if isinstance(resource, ec2.CfnSubnet) and resource.ipv6_native is True:
        everywhere.add(_EVERYWHERE_IPV6)
    return any(
        {route.destination_cidr_block, route.destination_ipv6_cidr_block} & everywhere for route in _routes(subnet)
    )


def _has_route(subnet: ec2.Subnet) -> bool:
    """Return whether the subnet has any route, which may lead to a network with a registry or endpoints of its own."""
    return any(route.destination_ipv6_cidr_block != _EVERYWHERE_IPV6 for route in _routes(subnet))


def _images_of(definition: ecs.TaskDefinition) -> Iterator[tuple[str, str]]:
    """Yield name and image of each container, without the parts that only the deployment knows."""
    resource = definition.node.default_child
    if isinstance(resource, ecs.CfnTaskDefinition):
        for container in cdk.Stack.of(definition).resolve(resource.container_definitions) or []:
            yield text_of(container.get("name")), text_of(container.get("image"))


def _endpoints(vpc: ec2.IVpc) -> Iterator[tuple[str, str | None]]:
    """Yield the endpoints that the app makes for a VPC: their names, and the regions they lead to if known."""
    stack, own = cdk.Stack.of(vpc), referred(vpc.vpc_id)
    for each in vpc.node.root.node.find_all():
        if isinstance(each, ec2.CfnVPCEndpoint) and _may_be_one(referred(each.vpc_id), own):
            name, region = service_of(text_of(stack.resolve(each.service_name)))
            yield name, each.service_region or region


def referred(vpc_id: str) -> tuple[str, str] | None:
    """Identify the VPC of an id: by the id if it is plain text, or by its construct's path; None for another token."""
    if not cdk.Token.is_unresolved(vpc_id):
        return "id", vpc_id
    token = cdk.Tokenization.reverse(vpc_id)
    return ("path", token.target.node.path) if isinstance(token, cdk.Reference) else None


def _may_be_one(one: tuple[str, str] | None, other: tuple[str, str] | None) -> bool:
    """Return whether both may be the same VPC: not if both are identified in the same way, and differ."""
    return one is None or other is None or one[0] != other[0] or one == other


def _actions(role: iam.IRole | None) -> set[str]:
    """Return the actions that a role's own policy allows."""
    policy = None if role is None else role.node.try_find_child("DefaultPolicy")
    if not isinstance(policy, iam.Policy):
        return set()
    document: dict[str, Any] = cdk.Stack.of(policy).resolve(policy.document)
    actions: set[str] = set()
    for statement in document.get("Statement", []):
        action = statement.get("Action", [])
        actions.update([action] if isinstance(action, str) else action)
    return actions
