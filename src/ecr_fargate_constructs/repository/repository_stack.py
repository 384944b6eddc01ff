"""A repository in a stack of its own, so that the CDK command line can push straight into it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs._cdk.attempt import when_made
from ecr_fargate_constructs._cdk.construct import Whole
from ecr_fargate_constructs._cdk.site import path_of
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
    """A private repository that ``cdk deploy`` pushes straight into, with no copy on the way.

    What you get: a ``PrivateRepository`` with a policy that lets the bootstrap role, with which the CDK command line
    publishes images, push to it, and nothing else. Stacks whose images go there get their synthesizer here::

        images = ImageRepositoryStack(app, "WebImages", retention=Retention.keep_last(20))
        stack = cdk.Stack(app, "Web", synthesizer=images.synthesizer())
        EcrFargateService(stack, "Web", directory="./app", container_port=8080, repository=images.repository)

    The repository's stack is deployed first, then the image is built and pushed, then the other stack is deployed: the
    first ``cdk deploy --all`` does it in that order. All image assets of the other stack go to the repository, those
    that CDK's own constructs make too.

    Surprises: the name of the repository has to be known at synth. CDK Pipelines pushes images before it deploys any
    stack, so that there the repository has to exist beforehand (a warning says so in a ``Stage``).
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
            construct_id: Id within it.
            retention: Which images are kept and which expire.
            repository_name: Name of the repository; left out, the stack's name in lower case.
            encryption_key: KMS key for the images at rest; left out, ECR's own AES-256 encryption, or the stack's key
                under ``Posture.REGULATED``.
            removal_policy: What happens to the repository when it leaves the stack.
            empty_on_delete: Delete the images with the repository; takes ``removal_policy=RemovalPolicy.DESTROY`` too.
            pull_accounts: Account ids that may pull.
            push_accounts: Account ids that may push, as for ``PrivateRepository``.
            env: Account and region; the same as those of the stacks that push.
            stack_name: Name in CloudFormation; left out, made of the construct path.
            synthesizer: Synthesizer of this stack itself; left out, the app's.
            termination_protection: Whether CloudFormation refuses to delete the stack.

        Raises:
            ConfigurationError: For a name that ECR refuses or that is a CDK token, and as ``PrivateRepository`` does.
        """
        path = path_of(scope, construct_id)
        if is_token(repository_name):
            raise ConfigurationError(
                "repository_name is a CDK token, but images are pushed under a name that is known before anything is "
                "deployed; use a plain string",
                path=path,
            )
        check_repository(
            repository_name,
            removal_policy=removal_policy,
            empty_on_delete=empty_on_delete,
            accounts={"pull_accounts": pull_accounts, "push_accounts": push_accounts},
            path=path,
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
                f"the repository would be called {name!r}, after the stack {self.stack_name!r}, which is no name that "
                "ECR takes: give repository_name=, for example 'team/web'",
                path=self.node.path,
            )
        return name

    @property
    def repository(self) -> PrivateRepository:
        """The repository, for ``EcrFargateService(repository=…)``; to build with it, name the stack as ``scope``."""
        return self._private

    @property
    def pushed_name(self) -> str:
        """Name of the repository, known at synth."""
        return self._pushed_name

    # Shadows, in Python only, the property in which CDK keeps this stack's own synthesizer; nothing here reads it.
    def synthesizer(self, **options: Any) -> cdk.DefaultStackSynthesizer:  # type: ignore[override]  # noqa: ANN401 - CDK's options
        """Make a synthesizer for stacks whose images go to this repository.

        Args:
            options: Options of CDK's ``DefaultStackSynthesizer``, for example ``qualifier="team"``.
        """
        try:
            return DirectSynthesizer(self, options)
        except TypeError as error:
            raise ConfigurationError(
                f"synthesizer: {str(error).partition('() ')[2] or error}; use options of cdk.DefaultStackSynthesizer",
                path=self.node.path,
            ) from error

    def admit(self, role_arn: str) -> None:
        """Let a role push to the repository; synthesizers call it for the role that publishes their images.

        Args:
            role_arn: ARN of the role, in which ``${AWS::Partition}``, ``${AWS::AccountId}`` and ``${AWS::Region}`` may
                stand.
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
    """A stack's name as ECR takes it: in lower case, separators single and inside."""
    return re.sub("-+", "-", stack_name.lower()).strip("-")
