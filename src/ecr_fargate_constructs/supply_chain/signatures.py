"""A deployment hook that continues only if the images are signed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from ecr_fargate_constructs._cdk.acknowledge import acknowledge_policy, iam5_resource
from ecr_fargate_constructs._cdk.arns import arn_of_profile
from ecr_fargate_constructs._cdk.construct import LibraryConstruct
from ecr_fargate_constructs._regulated import parts
from ecr_fargate_constructs._regulated.findings import acknowledge_grants, acknowledge_hook_function
from ecr_fargate_constructs._rules.signing import check_profile
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.supply_chain.expiring_signatures import warn_of_expiring_signatures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_ecr as ecr
    from aws_cdk import aws_signer as signer
    from constructs import Construct

_CODE = Path(__file__).parent / "verify_signatures.py"


class SignatureCheck(LibraryConstruct):
    """A function that stops a deployment whose images ECR has not signed.

    ECS invokes it at a stage of a deployment that shifts traffic::

        profile = settings.signing_profile_arn
        check = SignatureCheck(stack, "Signed", repositories=[repo.repository], signing_profile=profile)
        BlueGreen(hooks=[DeploymentHook(function=check.function, stages=[DeploymentLifecycleStage.PRE_SCALE_UP])])

    It checks that ECR signed each image of the service that comes from these repositories, with this profile. It waits
    for signatures in progress; a failed or a missing signature, and a service without an image from these repositories,
    roll back. Images from elsewhere, such as public sidecars, are not checked.

    ECR and ECS verify no signature when an image is pulled, and neither does this function: it relies on ECR's status
    for the deployed digest. Rolling deployments have no hooks.

    A signature is an image of the repository without a tag. A rule for untagged images, such as that of
    ``Retention.keep_last``, gets the warning ``signatureMayExpire``.

    Source: "Managed signing" in the Amazon ECR user guide, ``DescribeImageSigningStatus`` in its API reference.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        repositories: Sequence[ecr.IRepository],
        signing_profile: signer.ISigningProfile | str | None,
        log_retention: logs.RetentionDays | None = None,
    ) -> None:
        """Create the function.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            repositories: Repositories whose images have to be signed.
            signing_profile: Signing profile, or its ARN: ``RegistrySettings.signing_profile_arn``.
            log_retention: Retention of the function's log; default, 30 days, or a year under ``Posture.REGULATED``.

        Raises:
            ConfigurationError: There is no repository or no profile.
        """
        if not repositories:
            raise ConfigurationError("SignatureCheck.repositories is empty; name the repositories to check")
        if signing_profile is None:
            raise ConfigurationError(
                "SignatureCheck.signing_profile is None, so nothing is signed; give the registry "
                "signing=ManagedSigning(), or name a profile"
            )
        check_profile("SignatureCheck.signing_profile", signing_profile)
        super().__init__(scope, construct_id)
        log = logs.LogGroup(
            self,
            "Log",
            retention=parts.log_retention(self, log_retention),
            encryption_key=parts.encryption_key(self),
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description="Asks whether images are signed",
        )
        log.grant_write(role)
        stack = cdk.Stack.of(self)
        revisions = stack.format_arn(service="ecs", resource="service-revision", resource_name="*")
        services = stack.format_arn(service="ecs", resource="service", resource_name="*")
        role.add_to_policy(
            iam.PolicyStatement(actions=["ecs:DescribeServiceRevisions"], resources=[services, revisions])
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["ecr:DescribeImageSigningStatus"], resources=[each.repository_arn for each in repositories]
            )
        )
        acknowledge_policy(
            role,
            {
                iam5_resource(self, revisions): "It reads which images a revision runs, and ECS names revisions when "
                "they are made; it changes none.",
                iam5_resource(
                    self, services
                ): "The action has both resources in the Service Authorization Reference; it reads, and changes none.",
            },
        )
        acknowledge_grants(role)
        self._function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler="index.handler",
            code=lambda_.Code.from_inline(_CODE.read_text(encoding="utf-8")),
            role=role,
            log_group=log,
            memory_size=256,
            timeout=cdk.Duration.seconds(30),
            environment={
                "REPOSITORIES": ",".join(each.repository_name for each in repositories),
                "PROFILE": arn_of_profile(signing_profile),
            },
        )
        acknowledge_hook_function(self._function)
        for repository in repositories:
            warn_of_expiring_signatures(self, repository)

    @property
    def function(self) -> lambda_.Function:
        """The function, for ``DeploymentHook(function=…)``."""
        return self._function
