"""References from other stacks to the resources that stacks share.

CDK refers to another stack's resource through an export unless the app's context sets another strength. CloudFormation
refuses to delete an export while a stack imports it. ``cdk deploy --all`` updates the shared stack first, so it fails
when the last service leaves: the shared stack's template no longer has the export, and the service's stack still
imports it (aws-cdk#7602). A weak reference reads an output with ``Fn::GetStackOutput``, which blocks no other stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.site import node_of, remember, resource_of, stack_of

if TYPE_CHECKING:
    from aws_cdk import aws_ec2 as ec2
    from constructs import IConstruct

STRENGTH = "@aws-cdk/core:defaultCrossStackReferences"
"""Context key of CDK for the strength of references: ``strong``, ``weak`` or ``both``."""


def weaken(*constructs: IConstruct) -> None:
    """Make the references of other stacks to these resources weak, unless the app's context sets a strength."""
    for construct in constructs:
        resource = resource_of(construct)
        if isinstance(resource, cdk.CfnResource) and not _is_set(construct):
            resource.apply_cross_stack_reference_strength(cdk.ReferenceStrength.WEAK)


def weaken_network(vpc: ec2.IVpc) -> None:
    """Make the references of other stacks to a VPC and its subnets weak, as ``weaken`` does."""
    weaken(vpc, *vpc.public_subnets, *vpc.private_subnets, *vpc.isolated_subnets)


def _is_set(construct: IConstruct) -> bool:
    stack = stack_of(construct)
    return remember(stack, "reference strength", lambda: node_of(stack).try_get_context(STRENGTH) is not None)
