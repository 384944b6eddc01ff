"""The Lambda function that copies images: one per stack, with its role, its log group and its permissions."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from ecr_fargate_constructs._cdk.acknowledge import IAM5_EVERY_RESOURCE, acknowledge_policy
from ecr_fargate_constructs._cdk.attempt import make_shared, when_made
from ecr_fargate_constructs._cdk.site import adopt, node_of, path_of, remember, site_of, stack_of
from ecr_fargate_constructs._regulated import parts
from ecr_fargate_constructs._regulated.findings import acknowledge_copy_function, acknowledge_grants

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_secretsmanager as secretsmanager
    from constructs import IConstruct

ID = "EcrFargateImageCopier"
"""Id in the stack. The logical ids of its children are public API: a custom resource cannot change its function."""

_LIMIT_SECONDS = 900
ANSWER_SECONDS = 1020
"""Time that CloudFormation waits for an answer: the function's limit, and time to start it."""

_MEMORY_MIB = 1024
_CODE = Path(__file__).parent
_ALL_BUT_COPIER = ["*", "!copier", "!copier/*.py"]
"""Patterns that exclude everything but the copier from the asset."""

_SETTINGS = ["ecr:GetAccountSetting", "ecr:PutAccountSetting"]
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
    """The copier of one stack, found in the construct tree; it caches CDK's answers."""

    def __init__(self, construct: Construct) -> None:
        """Wrap a copier that exists; use ``of`` to find or make one."""
        self._construct = construct
        self._readable: set[str] = set()

    @classmethod
    def of(cls, scope: Construct) -> ImageCopier:
        """Return the copier of the stack of ``scope``; make it on the first call."""
        stack = stack_of(scope)
        return remember(stack, "image copier", lambda: cls(_find_or_make(stack)))

    @cached_property
    def role(self) -> iam.Role:
        """The role of the function."""
        return cast("iam.Role", self._child("Role"))

    @cached_property
    def service_token(self) -> str:
        """ARN of the function, for custom resources."""
        return cast("lambda_.Function", self._child("Function")).function_arn

    def allow_reading(self, repository: str, arn: Callable[[], str]) -> None:
        """Allow the function to pull from a private repository, such as that of all assets; once per repository.

        Args:
            repository: A text that identifies the repository.
            arn: Returns the ARN.
        """
        if repository not in self._readable:
            self._readable.add(repository)
            self._allow(_READ, arn())

    def allow_writing(self, repository_arn: str) -> None:
        """Allow the function to look up, mount and push layers and images in a private repository."""
        self._allow(_WRITE, repository_arn)

    def allow_secret(self, secret: secretsmanager.ISecret) -> None:
        """Allow the function to read the login for a registry."""
        when_made(lambda: secret.grant_read(self.role))

    def allow_findings(self, repository_arn: str) -> None:
        """Allow the function to read what scans find in a repository; those of Amazon Inspector take no resource."""
        self._allow(["ecr:DescribeImageScanFindings"], repository_arn)
        self._allow(["inspector2:ListFindings"], "*")

    def allow_signatures(self, repository_arn: str) -> None:
        """Allow the function to ask whether ECR has signed an image of a repository."""
        self._allow(["ecr:DescribeImageSigningStatus"], repository_arn)

    def allow_mounting_setting(self) -> None:
        """Allow the function to read and set the account settings of ECR, which take no resource."""
        self._allow(_SETTINGS, "*")

    def make_wait(self, resource: cdk.CustomResource) -> None:
        """Create a custom resource after the permissions of the function."""
        if self._policy is not None:
            node_of(resource).add_dependency(self._policy)

    @cached_property
    def copies(self) -> CopyNotes:
        """The copies that the function makes."""
        return CopyNotes(cast("Construct", self._child("Copies")))

    def _child(self, construct_id: str) -> IConstruct:
        return remember(self._construct, construct_id, lambda: node_of(self._construct).find_child(construct_id))

    @cached_property
    def _policy(self) -> IConstruct | None:
        """The policy of the role; None for one of ``iam.Role.customize_roles``."""
        return node_of(self.role).try_find_child("DefaultPolicy")

    def _allow(self, actions: Sequence[str], resource: str) -> None:
        # A refused construct must leave no permission on resources that are removed with it.
        when_made(lambda: self.role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource])))


class CopyNotes:
    """The path of the copy to each destination, noted in the context of a construct of the copier.

    A copy belongs to the first image that needed it, so that code changes update one resource. The note is void once
    that image is removed from the tree because the construct around it was refused.
    """

    def __init__(self, notes: Construct) -> None:
        self._stack, self._node = stack_of(notes), node_of(notes)

    def read(self, destination: str) -> tuple[cdk.CustomResource, str] | None:
        """Return the copy to a destination and its content; None if there is no copy."""
        note = self._notes.get(destination)
        if note is None:
            return None
        construct: IConstruct | None = self._stack
        for construct_id in note["path"].split("/"):
            construct = None if construct is None else construct.node.try_find_child(construct_id)
        return None if construct is None else (cast("cdk.CustomResource", construct), note["content"])

    def write(self, destination: str, *, path: str, content: str) -> None:
        """Note the copy at a path in the stack."""
        note = {"path": path, "content": content}
        self._node.set_context(destination, note)
        self._notes[destination] = note

    @cached_property
    def _notes(self) -> dict[str, Any]:
        """The notes so far, all in one message to the Node process."""
        return dict(self._node.get_all_context())


def _find_or_make(stack: cdk.Stack) -> Construct:
    existing = node_of(stack).try_find_child(ID)
    return make_shared(stack, lambda: _make(stack)) if existing is None else cast("Construct", existing)


def _make(stack: cdk.Stack) -> Construct:
    from aws_cdk import aws_lambda as lambda_  # noqa: PLC0415 - only copies need it
    from aws_cdk import aws_logs as logs  # noqa: PLC0415

    copier = Construct(stack, ID)
    adopt(copier, stack, path_of(stack, ID))
    notes = Construct(copier, "Copies")
    role = iam.Role(
        copier,
        "Role",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        description="Copies images into private repositories",
    )
    # Its own group: one that Lambda makes never expires, and might exist before CloudFormation's.
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
        code=lambda_.Code.from_asset(str(_CODE), exclude=_ALL_BUT_COPIER),
        handler="copier.handler.handler",
        runtime=lambda_.Runtime.PYTHON_3_14,
        architecture=lambda_.Architecture.X86_64,
        memory_size=_MEMORY_MIB,
        timeout=cdk.Duration.seconds(_LIMIT_SECONDS),
        role=role,
        log_group=log_group,
    )
    for construct_id, child in (("Copies", notes), ("Role", role), ("Function", function)):
        adopt(child, copier, path_of(copier, construct_id))
        site_of(copier)[construct_id] = child
    acknowledge_copy_function(function)
    acknowledge_grants(role)
    acknowledge_policy(
        role,
        {
            IAM5_EVERY_RESOURCE: "ecr:GetAuthorizationToken, ECR's account settings and Amazon Inspector's findings "
            "take no resource; layers and images are read and written in the named repositories only."
        },
    )
    parts.tag(copier)
    return copier
