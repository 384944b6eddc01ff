"""The function that copies images: one in a stack, with a role, a log group and every right it has."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from ecr_fargate_constructs._acknowledge import IAM5_EVERY_RESOURCE, acknowledge_policy
from ecr_fargate_constructs._regulated import parts
from ecr_fargate_constructs._regulated.findings import acknowledge_copy_function, acknowledge_grants
from ecr_fargate_constructs._tree import stack_of

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_secretsmanager as secretsmanager

ID = "EcrFargateImageCopier"
"""Id in the stack. The logical ids of what is inside are public API: a custom resource cannot change its function."""

_LIMIT_SECONDS = 900
_ANSWER_SECONDS = 1020
"""How long CloudFormation waits for an answer: the function's limit, and time to start it."""

_MEMORY_MIB = 1024
_CODE = Path(__file__).parent
_ELSE = ["*", "!copier", "!copier/*.py"]
"""Patterns that leave everything but the copier out of the asset."""

_READ = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
_WRITE = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
]


class ImageCopier:
    """The copier of one stack. Everything that it knows stands in the construct tree."""

    def __init__(self, construct: Construct) -> None:
        """Use a copier that exists; ``of`` finds it or makes it."""
        self._construct = construct

    @classmethod
    def of(cls, scope: Construct) -> ImageCopier:
        """Return the copier of the stack of ``scope``, made when it is first needed."""
        stack = stack_of(scope)
        known = stack.node.try_find_child(ID)
        return cls(_make(stack) if known is None else cast("Construct", known))

    @property
    def role(self) -> iam.Role:
        """What the function may do."""
        return cast("iam.Role", self._construct.node.find_child("Role"))

    @property
    def service_token(self) -> str:
        """ARN of the function, for custom resources."""
        return cast("lambda_.Function", self._construct.node.find_child("Function")).function_arn

    def allow_reading(self, repository_arn: str) -> None:
        """Let it pull from a private repository."""
        self._allow(_READ, repository_arn)

    def allow_writing(self, repository_arn: str) -> None:
        """Let it look, mount and push in a private repository."""
        self._allow(_WRITE, repository_arn)

    def allow_secret(self, secret: secretsmanager.ISecret) -> None:
        """Let it read the login for a registry."""
        secret.grant_read(self.role)

    def allow_mounting_setting(self) -> None:
        """Let it read and set the account settings of ECR, which know no resource."""
        self._allow(["ecr:GetAccountSetting", "ecr:PutAccountSetting"], "*")

    def make_wait(self, resource: cdk.CustomResource) -> None:
        """Create a custom resource after the function may do what it is for."""
        policy = self.role.node.try_find_child("DefaultPolicy")
        if policy is not None:  # a role of ``iam.Role.customize_roles`` has none
            resource.node.add_dependency(policy)

    def copy_to(self, key: str) -> CopyNote:
        """The note of a copy to one destination, whether it has been written or not."""
        return CopyNote(self._construct, key)

    def _allow(self, actions: list[str], resource: str) -> None:
        self.role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource]))


@cache
def answer_time() -> cdk.Duration:
    """How long CloudFormation waits for the copier."""
    return cdk.Duration.seconds(_ANSWER_SECONDS)


class CopyNote:
    """Where in the stack the copy to a destination is, noted as a construct of the copier.

    A copy belongs to the image that asked for it first, so that code changes update one resource. When that image is
    taken out of the tree again, because the construct around it was refused, its note is void.
    """

    def __init__(self, copier: Construct, key: str) -> None:
        """Look at the note ``key``."""
        self._copier, self._key = copier, key

    @property
    def copy(self) -> cdk.CustomResource | None:
        """The copy, if there is one."""
        note = self._copier.node.try_find_child(self._key)
        if note is None:
            return None
        found: Construct = stack_of(self._copier)
        for construct_id in note.node.try_get_context("path"):
            child = found.node.try_find_child(construct_id)
            if child is None:
                self._copier.node.try_remove_child(self._key)
                return None
            found = cast("Construct", child)
        return cast("cdk.CustomResource", found)

    @property
    def content(self) -> str:
        """What is copied there."""
        return str(self._copier.node.find_child(self._key).node.try_get_context("content"))

    def write(self, copy: cdk.CustomResource, content: str) -> None:
        """Note a copy."""
        stack_depth = len(stack_of(self._copier).node.scopes)
        note = Construct(self._copier, self._key)
        note.node.set_context("path", [each.node.id for each in copy.node.scopes[stack_depth:]])
        note.node.set_context("content", content)


def _make(stack: cdk.Stack) -> Construct:
    from aws_cdk import aws_lambda as lambda_  # noqa: PLC0415 - only copies need them
    from aws_cdk import aws_logs as logs  # noqa: PLC0415

    copier = Construct(stack, ID)
    role = iam.Role(
        copier,
        "Role",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        description="Copies images into private repositories",
    )
    # A group of its own: one that Lambda makes never expires, and may be there before CloudFormation's.
    log_group = logs.LogGroup(
        copier,
        "LogGroup",
        retention=parts.log_retention(stack, None),
        encryption_key=parts.encryption_key(stack),
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )
    log_group.grant_write(role)
    role.add_to_policy(iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]))
    function = lambda_.Function(
        copier,
        "Function",
        description="Copies images into private repositories",
        code=lambda_.Code.from_asset(str(_CODE), exclude=_ELSE),
        handler="copier.handler.handler",
        runtime=lambda_.Runtime.PYTHON_3_14,
        architecture=lambda_.Architecture.X86_64,
        memory_size=_MEMORY_MIB,
        timeout=cdk.Duration.seconds(_LIMIT_SECONDS),
        role=role,
        log_group=log_group,
    )
    acknowledge_copy_function(function)
    acknowledge_grants(role)
    acknowledge_policy(
        role,
        {
            IAM5_EVERY_RESOURCE: "ecr:GetAuthorizationToken and ECR's account settings take no resource; layers and "
            "images are read and written in the named repositories only."
        },
    )
    parts.tag(copier)
    return copier
