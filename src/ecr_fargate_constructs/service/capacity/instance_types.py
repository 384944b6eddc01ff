"""Families of instance types, and the names of capacity providers: for every kind of EC2 capacity."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2

from ecr_fargate_constructs._cdk.site import stack_of
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.architecture import Architecture

if TYPE_CHECKING:
    from constructs import Construct

WITH_GPUS = re.compile(r"(?:p\d|gr?\d(?!ad\.))")
"""Families with NVIDIA GPUs; those of g4ad are AMD's, for which ECS has no driver."""

_RESERVED = re.compile("aws|ecs|fargate", re.IGNORECASE)
"""Prefixes that ECS refuses in capacity provider names: "CreateCapacityProvider" in the Amazon ECS API reference."""

_FAMILY = re.compile(r"[a-z]+\d{1,2}[a-z-]*")


def architecture_of(kind: ec2.InstanceType) -> Architecture | None:
    """Return the architecture of an instance type, or of a pattern with a whole family; None if it is not known."""
    family = kind.to_string().partition(".")[0]
    if is_token(kind.to_string()) or not _FAMILY.fullmatch(family):
        return None
    arm = ec2.InstanceType(f"{family}.large").architecture is ec2.InstanceArchitecture.ARM_64
    return Architecture.ARM64 if arm else Architecture.X86_64


def provider_name(scope: Construct, construct_id: str = "") -> str | None:
    """Return a name for the capacity provider if ECS would refuse CloudFormation's own, which begins with the stack's.

    CDK checks only lower-case names, and only of stacks that are not nested (aws-cdk#29151).

    Args:
        scope: The service.
        construct_id: Id of the provider, which makes the name of one that replaces another a different one.
    """
    outermost = stack_of(scope)
    while (parent := outermost.nested_stack_parent) is not None:
        outermost = parent
    if not _RESERVED.match(outermost.stack_name):
        return None
    name = cdk.Names.unique_resource_name(scope, max_length=200, allowed_special_characters="-_")
    return f"cp-{name}{construct_id}"
