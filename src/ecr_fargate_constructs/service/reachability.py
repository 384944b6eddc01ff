"""Whether a task can reach ECR from its subnets: checked at synth, when the network and the task are complete."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import jsii
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import IValidation

from ecr_fargate_constructs.network.endpoints import IMAGE_PULL, features_behind, needed_by

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs import Construct

_REGION = r"[a-z]{2,4}(?:-[a-z]+)+-\d+"
_PREFIX = re.compile(rf"^(?:(?:[a-z0-9]+\.)+?{_REGION}\.|com\.amazonaws\.(?:{_REGION})?\.?)")
"""What stands before the service in a name such as ``com.amazonaws.eu-west-1.ecr.api``; in China ``cn.`` does too."""
_EVERYWHERE = {"0.0.0.0/0", "::/0"}


def check_way_to_image(
    scope: Construct, vpc: ec2.IVpc, subnets: ec2.SubnetSelection, definition: ecs.TaskDefinition
) -> None:
    """Refuse, at synth, tasks that could not pull their image or do what they are set up for.

    Routes and endpoints are known of VPCs that the app makes; an imported one is taken at its word.
    """
    scope.node.add_validation(_WayToImage(vpc, subnets, definition))


@jsii.implements(IValidation)
class _WayToImage:
    def __init__(self, vpc: ec2.IVpc, subnets: ec2.SubnetSelection, definition: ecs.TaskDefinition) -> None:
        self._vpc = vpc
        self._subnets = subnets
        self._definition = definition

    def validate(self) -> list[str]:
        """Return what is wrong, for CDK to say with the path of the service."""
        closed = [subnet for subnet in self._selected() if isinstance(subnet, ec2.Subnet) and not _has_way_out(subnet)]
        if not closed:
            return []
        there = set(_endpoints(self._vpc))
        needed = needed_by(
            execution_role=_actions(self._definition.execution_role),
            task_role=_actions(self._definition.task_role),
            on_machines=self._definition.is_ec2_compatible,
        )
        missing = [name for name in (*needed, "s3") if name not in there]
        if not missing:
            return []
        what = "pull their image" if {*IMAGE_PULL, "s3"} & set(missing) else "start, since they use what those lead to"
        named = ", ".join("S3 (gateway)" if name == "s3" else name for name in missing)
        features = ", ".join(f"Feature.{feature.name}" for feature in features_behind(needed))
        message = (
            f"tasks in {closed[0].node.path} could not {what}: the subnet has no way out, and its VPC no endpoints for "
            f"{named}; use Network(egress=Egress.ENDPOINTS, features=[{features}]), add the endpoints with "
            "vpc.add_interface_endpoint(…) and vpc.add_gateway_endpoint(…), or choose subnets with a way out"
        )
        return [message]

    def _selected(self) -> list[ec2.ISubnet]:
        return self._vpc.select_subnets(
            availability_zones=self._subnets.availability_zones,
            one_per_az=self._subnets.one_per_az,
            subnet_filters=self._subnets.subnet_filters,
            subnet_group_name=self._subnets.subnet_group_name,
            subnets=self._subnets.subnets,
            subnet_type=self._subnets.subnet_type,
        ).subnets


def _has_way_out(subnet: ec2.Subnet) -> bool:
    """Whether the subnet has a route to everywhere: through NAT, an internet or a transit gateway."""
    routes = [child for child in subnet.node.children if isinstance(child, ec2.CfnRoute)]
    return any({route.destination_cidr_block, route.destination_ipv6_cidr_block} & _EVERYWHERE for route in routes)


def _endpoints(vpc: ec2.IVpc) -> Iterable[str]:
    """Names of the endpoints that the app makes for a VPC."""
    home, own = cdk.Stack.of(vpc), _referred(vpc.vpc_id)
    for each in vpc.node.root.node.find_all():
        if isinstance(each, ec2.CfnVPCEndpoint) and _may_be_one(_referred(each.vpc_id), own):
            yield _PREFIX.sub("", _text(home.resolve(each.service_name)))


def _referred(vpc_id: str) -> tuple[str, str] | None:
    """The VPC that an id is of: the id as it is written out, or its construct's path; None for any other token."""
    if not cdk.Token.is_unresolved(vpc_id):
        return "id", vpc_id
    token = cdk.Tokenization.reverse(vpc_id)
    return ("path", token.target.node.path) if isinstance(token, cdk.Reference) else None


def _may_be_one(one: tuple[str, str] | None, other: tuple[str, str] | None) -> bool:
    """Whether both may be the same VPC; they are not when both are known in the same way, and differ."""
    return one is None or other is None or one[0] != other[0] or one == other


def _text(name: Any) -> str:  # noqa: ANN401 - a string, or what CloudFormation makes one of
    """A name without what only the deployment knows."""
    if isinstance(name, dict):
        _, parts = name.get("Fn::Join", ("", []))
        return "".join(part for part in parts if isinstance(part, str))
    return str(name)


def _actions(role: iam.IRole | None) -> set[str]:
    """The actions that a role's own policy allows."""
    policy = None if role is None else role.node.try_find_child("DefaultPolicy")
    if not isinstance(policy, iam.Policy):
        return set()
    document: dict[str, Any] = cdk.Stack.of(policy).resolve(policy.document)
    found: set[str] = set()
    for statement in document.get("Statement", []):
        action = statement.get("Action", [])
        found.update([action] if isinstance(action, str) else action)
    return found
