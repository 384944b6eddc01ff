"""Dependencies of a task that no reference expresses, so that CloudFormation would not wait for them.

A service whose tasks cannot pull their image yet counts failures, and the circuit breaker of a first deployment deletes
the whole stack (aws-cdk#21348). CDK makes a service wait only for its task role (aws-cdk#24880).
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
_OF_TASKS = (ecs.CfnCapacityProvider, ecs.CfnCluster, ecs.CfnService, ecs.CfnTaskDefinition)


def wait_for_permissions(definition: ecs.TaskDefinition) -> None:
    """Make a task definition, and so every service, wait for the permissions with which ECS starts the task."""
    role = execution_role_of(definition)
    if role is not None:
        node_of(resource_of(definition)).add_dependency(role)


def wait_for_network(resource: IConstruct, vpc: ec2.IVpc, *, associations: bool = False) -> None:
    """Make a resource wait for the default routes and the endpoints that a network has in the stack at synth.

    Networks of other stacks are deployed earlier anyway: the resource's stack refers to their subnets.

    Args:
        resource: The resource.
        vpc: The network.
        associations: Whether it waits for the associations of subnets and route tables, too. They are created long
            before the routes, but deleted at once: what has to report to AWS until its end loses its route.
    """
    stack = stack_of(resource)
    # One group for each network of a stack, so that the tree is searched once.
    key = f"egress of {path_of_construct(vpc)}{' with associations' if associations else ''}"
    group = remember(stack, key, lambda: _group(stack, vpc, associations=associations))
    node_of(resource).add_dependency(group)


def _group(stack: cdk.Stack, vpc: ec2.IVpc, *, associations: bool) -> DependencyGroup:
    group = DependencyGroup()
    Dependable.implement(group, _Egress(stack, vpc, associations=associations))
    return group


def wait_for_own_network(resource: IConstruct, vpc: ec2.Vpc) -> None:
    """Do the same for the network that this library makes, which is complete at once.

    It includes the endpoint for S3: if it is created while an image is pulled, it breaks existing connections.
    """
    routes = [subnet.internet_connectivity_established for subnet in vpc.private_subnets]
    node_of(resource).add_dependency(*routes, node_of(vpc).find_child("S3"))


class _Egress(Dependable):
    """Routes and endpoints, searched when CDK needs them: endpoints may be added after the service."""

    def __init__(self, stack: cdk.Stack, vpc: ec2.IVpc, *, associations: bool) -> None:
        super().__init__()
        self._stack = stack
        self._vpc = vpc
        self._associations = associations
        self._roots: list[IConstruct] | None = None

    @property
    def dependency_roots(self) -> list[IConstruct]:
        """The routes and endpoints."""
        if self._roots is None:
            self._roots = list(_egress_of(self._stack, self._vpc, associations=self._associations))
        return self._roots


def _egress_of(stack: cdk.Stack, vpc: ec2.IVpc, *, associations: bool) -> Iterator[Construct]:
    stacks = [stack]
    while (parent := stacks[-1].nested_stack_parent) is not None:
        stacks.append(parent)
    resources = [each for each in stacks[-1].node.find_all() if isinstance(each, cdk.CfnResource)]
    tasks = [each for each in resources if isinstance(each, _OF_TASKS)]
    own, inside = referred(vpc.vpc_id), f"{path_of_construct(vpc)}/"
    for each in resources:
        if isinstance(each, ec2.CfnRoute):
            destinations = {each.destination_cidr_block, each.destination_ipv6_cidr_block}
            needed = bool(destinations & _DEFAULT) and each.node.path.startswith(inside)
        elif isinstance(each, ec2.CfnSubnetRouteTableAssociation):
            needed = associations and each.node.path.startswith(inside)
        elif isinstance(each, ec2.CfnVPCEndpoint):
            needed = own is not None and referred(each.vpc_id) == own and not _refers_to(each, tasks)
        else:
            continue
        if needed and cdk.Stack.of(each) in stacks:
            yield each


def _refers_to(endpoint: ec2.CfnVPCEndpoint, tasks: Sequence[cdk.CfnResource]) -> bool:
    """Return whether an endpoint's policy names a resource that would wait for it, a circular dependency."""
    if endpoint.policy_document is None:
        return False
    stack = cdk.Stack.of(endpoint)
    text = json.dumps(stack.resolve(endpoint.policy_document))
    return any(f'"{stack.resolve(each.logical_id)}"' in text for each in tasks)
