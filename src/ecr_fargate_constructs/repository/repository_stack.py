"""A repository in a stack of its own, so that the CDK command line can push straight into it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs._cdk.attempt import when_made
from ecr_fargate_constructs._cdk.construct import Whole
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.image.direct import DirectSynthesizer
from ecr_fargate_constructs.repository.private_repository import PrivateRepository, check_repository, is_name
from ecr_fargate_constructs.repository.retention import Retention

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk.interfaces.aws_kms import IKeyRef
    from constructs import Construct

_PUSH = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:DescribeImages",
    "ecr:DescribeRepositories",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
]


class ImageRepositoryStack(Whole, cdk.Stack):
    """A private repository that ``cdk deploy`` pushes to directly, without a copy.

    It contains a ``PrivateRepository`` with a policy that allows the bootstrap role with which the CDK command line
    publishes images to push, and nothing else. Stacks whose images go there get their synthesizer from it::

        images = ImageRepositoryStack(app, "WebImages", retention=Retention.keep_last(20))
        stack = cdk.Stack(app, "Web", synthesizer=images.synthesizer())
        EcrFargateService(stack, "Web", directory="./app", container_port=8080, repository=images.repository)

    The repository's stack is deployed first, then the image is built and pushed, then the other stack is deployed; the
    first ``cdk deploy --all`` keeps that order. All image assets of the other stack go to the repository, including
    those of CDK's own constructs.

    Note: the name of the repository has to be known at synth. CDK Pipelines pushes images before it deploys any stack,
    so there the repository has to exist beforehand (in a ``Stage``, a warning says so).
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        retention: Retention = Retention.keep_last(20),
        repository_name: str | None = None,
        encryption_key: IKeyRef | None = None,
        removal_policy: cdk.RemovalPolicy = cdk.RemovalPolicy.RETAIN,
        empty_on_delete: bool = False,
        pull_accounts: Sequence[str] = (),
        push_accounts: Sequence[str] = (),
        env: cdk.Environment | None = None,
        stack_name: str | None = None,
        synthesizer: cdk.IStackSynthesizer | None = None,
        termination_protection: bool = False,
    ) -> None:
        """Create the stack and its repository.

        Args:
            scope: App or stage.
            construct_id: Id within the app or stage.
            retention: Images that are kept, and images that expire; default, the newest 20 tagged images are kept.
            repository_name: Name of the repository; default, the stack's name in lower case.
            encryption_key: KMS key for the images at rest; default, ECR's own AES-256 encryption, or the stack's key
                under ``Posture.REGULATED``.
            removal_policy: Action on the repository when it is removed from the stack; default, RETAIN.
            empty_on_delete: Delete the images with the repository; requires ``removal_policy=RemovalPolicy.DESTROY``;
                default, False.
            pull_accounts: Account ids that may pull; default, none.
            push_accounts: Account ids that may push, as for ``PrivateRepository``; default, none.
            env: Account and region, the same as those of the stacks that push; default, environment-agnostic.
            stack_name: Name in CloudFormation; default, derived from the construct path.
            synthesizer: Synthesizer of this stack itself; default, the app's.
            termination_protection: Make CloudFormation refuse to delete the stack; default, False.

        Raises:
            ConfigurationError: The name is refused by ECR or is a CDK token; and as for ``PrivateRepository``.
        """
        if is_token(repository_name):
            raise ConfigurationError(
                "repository_name is a CDK token, but the image is pushed before the deployment resolves it; use a "
                "plain string"
            )
        check_repository(
            repository_name,
            removal_policy=removal_policy,
            empty_on_delete=empty_on_delete,
            accounts={"pull_accounts": pull_accounts, "push_accounts": push_accounts},
        )
        super().__init__(
            scope,
            construct_id,
            env=env,
            stack_name=stack_name,
            synthesizer=synthesizer,
            termination_protection=termination_protection,
        )
        self._pushed_name = self._name() if repository_name is None else repository_name
        self._admitted: set[str] = set()
        self._push_policy = iam.PolicyStatement(sid="PushImageAssets", actions=_PUSH)
        self._private = PrivateRepository(
            self,
            "Repository",
            retention=retention,
            repository_name=self._pushed_name,
            encryption_key=encryption_key,
            removal_policy=removal_policy,
            empty_on_delete=empty_on_delete,
            pull_accounts=pull_accounts,
            push_accounts=push_accounts,
        )

    def _name(self) -> str:
        name = _name_from(self.stack_name)
        if not is_name(name):
            raise ConfigurationError(
                f"the repository would be named {name!r}, after the stack {self.stack_name!r}, which ECR does not "
                "accept; set repository_name=, for example 'team/web'"
            )
        return name

    @property
    def repository(self) -> PrivateRepository:
        """The repository, for ``EcrFargateService(repository=…)``; to build with it, give the stack as ``scope``."""
        return self._private

    @property
    def pushed_name(self) -> str:
        """Name of the repository, known at synth."""
        return self._pushed_name

    # In Python only, this shadows the property in which CDK keeps this stack's own synthesizer; no code here reads it.
    def synthesizer(self, **options: Any) -> cdk.DefaultStackSynthesizer:  # type: ignore[override]  # noqa: ANN401 - CDK's options
        """Make a synthesizer for stacks whose images go to this repository.

        Args:
            options: Options of CDK's ``DefaultStackSynthesizer``, for example ``qualifier="team"``.
        """
        try:
            return DirectSynthesizer(self, options)
        except TypeError as error:
            raise ConfigurationError(
                f"synthesizer: {str(error).partition('() ')[2] or error}; use options of cdk.DefaultStackSynthesizer"
            ) from error

    def admit(self, role_arn: str) -> None:
        """Allow a role to push to the repository; synthesizers call it for the role that publishes their images.

        Args:
            role_arn: ARN of the role; it may contain ``${AWS::Partition}``, ``${AWS::AccountId}`` and
                ``${AWS::Region}``.
        """
        when_made(lambda: self._admit(role_arn))

    def _admit(self, role_arn: str) -> None:
        if role_arn in self._admitted:
            return
        principal = iam.ArnPrincipal(cdk.Fn.sub(role_arn) if "${" in role_arn else role_arn)
        if not self._admitted:
            self._private.repository.add_to_resource_policy(self._push_policy)
        self._push_policy.add_principals(principal)
        self._admitted.add(role_arn)


def _name_from(stack_name: str) -> str:
    """Return a stack's name as ECR accepts it: in lower case, with single separators, none at the ends."""
    return re.sub("-+", "-", stack_name.lower()).strip("-")
