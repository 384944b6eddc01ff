"""What has to be there before a task can start: CloudFormation waits for nothing that no reference leads to.

A service whose tasks cannot pull their image yet counts failures, and the breaker of a first deployment takes the whole
stack away (aws-cdk#21348). CDK lets a service wait for its task role alone (aws-cdk#24880).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from constructs import Dependable, DependencyGroup, IConstruct

from ecr_fargate_constructs._cdk.site import (
    execution_role_of,
    node_of,
    path_of_construct,
    remember,
    resource_of,
    stack_of,
)
from ecr_fargate_constructs.network.reachability import referred

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from constructs import Construct

_DEFAULT = {"0.0.0.0/0", "::/0"}


def wait_for_permissions(definition: ecs.TaskDefinition) -> None:
    """Have the resource of a task definition, and with it every service, wait for what ECS may do to start the task."""
    role = execution_role_of(definition)
    if role is not None:
        node_of(resource_of(definition)).add_dependency(role)


def wait_for_network(resource: IConstruct, vpc: ec2.IVpc) -> None:
    """Have a resource wait for the default routes and the endpoints that a network has in the stack at synth.

    Networks of other stacks are deployed before anyway: the resource's stack refers to their subnets.
    """
    stack = stack_of(resource)
    # One group for each network of a stack, so that the tree is searched once.
    group = remember(stack, f"ways out of {path_of_construct(vpc)}", lambda: _group(stack, vpc))
    node_of(resource).add_dependency(group)


def _group(stack: cdk.Stack, vpc: ec2.IVpc) -> DependencyGroup:
    group = DependencyGroup()
    Dependable.implement(group, _WaysOut(stack, vpc))
    return group


def wait_for_own_network(resource: IConstruct, vpc: ec2.Vpc) -> None:
    """The same for the network that this library makes, all of which is known at once.

    With the endpoint for S3: one that comes while an image is pulled breaks the connections that there are.
    """
    private = vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
    node_of(resource).add_dependency(private.internet_connectivity_established, node_of(vpc).find_child("S3"))


class _WaysOut(Dependable):
    """Routes and endpoints, found when CDK asks: endpoints may be added after the service."""

    def __init__(self, stack: cdk.Stack, vpc: ec2.IVpc) -> None:
        super().__init__()
        self._stack = stack
        self._vpc = vpc
        self._roots: list[IConstruct] | None = None

    @property
    def dependency_roots(self) -> list[IConstruct]:
        """What there is."""
        if self._roots is None:
            self._roots = list(_ways_out(self._stack, self._vpc))
        return self._roots


def _ways_out(stack: cdk.Stack, vpc: ec2.IVpc) -> Iterator[Construct]:
    homes = [stack]
    while (parent := homes[-1].nested_stack_parent) is not None:
        homes.append(parent)
    found = [each for each in homes[-1].node.find_all() if isinstance(each, cdk.CfnResource)]
    tasks = [each for each in found if isinstance(each, ecs.CfnCluster | ecs.CfnService | ecs.CfnTaskDefinition)]
    own, inside = referred(vpc.vpc_id), f"{path_of_construct(vpc)}/"
    for each in found:
        if isinstance(each, ec2.CfnRoute):
            named = {each.destination_cidr_block, each.destination_ipv6_cidr_block}
            wanted = bool(named & _DEFAULT) and each.node.path.startswith(inside)
        elif isinstance(each, ec2.CfnVPCEndpoint):
            wanted = own is not None and referred(each.vpc_id) == own and not _speaks_of(each, tasks)
        else:
            continue
        if wanted and cdk.Stack.of(each) in homes:
            yield each


def _speaks_of(endpoint: ec2.CfnVPCEndpoint, tasks: Sequence[cdk.CfnResource]) -> bool:
    """Whether the policy of an endpoint names what would wait for it, so that each would wait for the other."""
    if endpoint.policy_document is None:
        return False
    stack = cdk.Stack.of(endpoint)
    text = json.dumps(stack.resolve(endpoint.policy_document))
    return any(f'"{stack.resolve(each.logical_id)}"' in text for each in tasks)
