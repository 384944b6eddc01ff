"""Settings of an account's registry in a region that apply to every pushed image."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_signer as signer

from ecr_fargate_constructs._cdk.arns import arn_of_profile
from ecr_fargate_constructs._cdk.construct import LibraryConstruct
from ecr_fargate_constructs._cdk.durations import of_seconds
from ecr_fargate_constructs._cdk.names import assembly_key, holder_of, take_name
from ecr_fargate_constructs._cdk.site import path_of
from ecr_fargate_constructs._rules.partitions import check_partition
from ecr_fargate_constructs._rules.signing import check_profile
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.image.image_copier import ANSWER_SECONDS, ImageCopier
from ecr_fargate_constructs.supply_chain.registry_access import (
    add_policy,
    check_exclusions,
    check_policy,
    exclude_pulls,
)
from ecr_fargate_constructs.supply_chain.replication import ReplicationDestination, check_destinations

if TYPE_CHECKING:
    from aws_cdk.interfaces.aws_iam import IRoleRef
    from constructs import Construct

_FILTER = re.compile(r"[a-z0-9*._/-]+")
_LONGEST, _MOST = 256, 100


class ScanFrequency(Enum):
    """The times at which enhanced scanning scans an image."""

    CONTINUOUS = "CONTINUOUS_SCAN"
    """On push, and again whenever a vulnerability becomes known."""

    ON_PUSH = "SCAN_ON_PUSH"
    """On push only."""


@typed
@dataclass(frozen=True, kw_only=True)
class EnhancedScanning:
    """Amazon Inspector scans images: packages of the operating system and of programming languages.

    It replaces the basic scan of these repositories, and is charged by Amazon Inspector for each image. Default: all
    repositories, scanned again whenever a vulnerability becomes known.

    Source: "Enhanced scanning" in the Amazon ECR user guide.

    Attributes:
        repositories: Names of repositories; ``*`` stands for any characters; default, all.
        frequency: Times of the scans; default, ``CONTINUOUS``.

    Raises:
        ConfigurationError: There is no name, or ECR refuses one.
    """

    repositories: Sequence[str] = ("*",)
    frequency: ScanFrequency = ScanFrequency.CONTINUOUS

    def __post_init__(self) -> None:
        _check_filters("EnhancedScanning.repositories", self.repositories)


@typed
@dataclass(frozen=True, kw_only=True)
class ManagedSigning:
    """ECR signs images on push, on behalf of the pusher, with a profile of AWS Signer.

    The signature is stored in the repository beside the image, and counts there as an image of its own. The pusher
    needs ``signer:SignPayload`` on the profile: ``RegistrySettings.grant_sign``.

    Source: "Managed signing" in the Amazon ECR user guide.

    Attributes:
        repositories: Names of repositories; ``*`` stands for any characters; default, all.
        signing_profile: Signing profile of the platform ``Notation-OCI-SHA384-ECDSA``, or its ARN; default, a new one
            (``Notation-OCI-SHA384-ECDSA``).

    Raises:
        ConfigurationError: ECR refuses a name, or the ARN is not that of a signing profile.
    """

    repositories: Sequence[str] = ("*",)
    signing_profile: signer.ISigningProfile | str | None = None

    def __post_init__(self) -> None:
        _check_filters("ManagedSigning.repositories", self.repositories)
        check_profile("ManagedSigning.signing_profile", self.signing_profile)


class RegistrySettings(LibraryConstruct):
    """Settings of the registry of an account and region: scanning, signing, layers, replication, policy, pull times.

    Each account and region has one registry: make one ``RegistrySettings`` for it, in a stack that belongs to everyone
    who pushes there. Deleting it resets the registry. ``RepositoryCreationTemplate`` has the settings of repositories
    that ECR creates itself.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        scanning: EnhancedScanning | None = None,
        signing: ManagedSigning | None = None,
        share_layers: bool = False,
        replicate_to: Sequence[str | ReplicationDestination] = (),
        replicate_from: Sequence[str] = (),
        policy: Sequence[iam.PolicyStatement] = (),
        pull_time_exclusions: Sequence[IRoleRef | str] = (),
    ) -> None:
        """Create the settings.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            scanning: Images that Amazon Inspector scans; default, the setting is unchanged.
            signing: Images that are signed; default, the setting is unchanged.
            share_layers: Let repositories of this registry with the same encryption refer to one stored layer (ECR's
                ``BLOB_MOUNTING``): a copy into your repository then neither sends nor stores a layer again; default,
                False: the setting is unchanged, which in a new account means off.
            replicate_to: Regions of this account, or registries of other accounts, to which ECR replicates every
                image that is pushed to this registry from now on, into repositories of the same names; at most 25;
                default, the setting is unchanged. The deployment fails if the registry has replication rules already:
                remove them first. Sources: "Private image replication" in the Amazon ECR user guide, and the create
                handler of ``AWS::ECR::ReplicationConfiguration``.
            replicate_from: Account ids that may replicate into this registry, and create the repositories for it;
                default, none. Source: "Granting registry permissions for cross account replication" in the Amazon ECR
                user guide.
            policy: Further statements of the registry's policy, with principals and resources; default, none. The
                policy is one document: with ``policy`` or ``replicate_from`` the deployment fails if the registry has
                a policy already (create handler of ``AWS::ECR::RegistryPolicy``).
            pull_time_exclusions: Roles, or their ARNs, whose pulls do not count for ``ArchiveUnpulled``: scanners, and
                jobs that pull every image; at most 100; default, none. Those of Amazon Inspector never count. Source:
                "Pull-time update exclusions" in the Amazon ECR user guide.

        Raises:
            ConfigurationError: There is no setting, the registry already has settings in this app, ECR cannot
                replicate to a registry, or it refuses an account, a statement or a role.
        """
        path = path_of(scope, construct_id)
        stack = cdk.Stack.of(scope)
        region, account = stack.region, stack.account
        check_destinations(replicate_to, region=region, account=account)
        check_policy(replicate_from, policy, account)
        check_exclusions(pull_time_exclusions, region)
        lists = (replicate_to, replicate_from, policy, pull_time_exclusions)
        if scanning is None and signing is None and not share_layers and not any(lists):
            raise ConfigurationError(
                "RegistrySettings sets nothing; set scanning=EnhancedScanning(), signing=ManagedSigning(), "
                "share_layers=True, replicate_to=['eu-central-1'], replicate_from=['111122223333'], policy=[…] or "
                "pull_time_exclusions=[…]"
            )
        if signing is not None and isinstance(signing.signing_profile, str):
            check_partition("ManagedSigning.signing_profile", signing.signing_profile, region)
        _check_only_one(scope, path)
        super().__init__(scope, construct_id)
        if scanning is not None:
            ecr.CfnRegistryScanningConfiguration(
                self,
                "Scanning",
                scan_type="ENHANCED",
                rules=[
                    ecr.CfnRegistryScanningConfiguration.ScanningRuleProperty(
                        scan_frequency=scanning.frequency.value,
                        repository_filters=[
                            ecr.CfnRegistryScanningConfiguration.RepositoryFilterProperty(
                                filter=name, filter_type="WILDCARD"
                            )
                            for name in scanning.repositories
                        ],
                    )
                ],
            )
        self._profile_arn = None if signing is None else self._sign(signing)
        if share_layers:
            self._share_layers()
        if replicate_to:
            self._replicate(replicate_to)
        if replicate_from or policy:
            add_policy(self, replicate_from, policy)
        exclude_pulls(self, pull_time_exclusions)

    def _share_layers(self) -> None:
        """Switch blob mounting on by the function that copies images: CloudFormation has no type for it."""
        copier = ImageCopier.of(self)
        copier.allow_mounting_setting()
        setting = cdk.CustomResource(
            self,
            "SharedLayers",
            service_token=copier.service_token,
            resource_type="Custom::EcrFargateBlobMounting",
            service_timeout=of_seconds(ANSWER_SECONDS),
        )
        copier.make_wait(setting)

    def _replicate(self, registries: Sequence[str | ReplicationDestination]) -> None:
        to, own = ecr.CfnReplicationConfiguration.ReplicationDestinationProperty, cdk.Stack.of(self).account
        rule = ecr.CfnReplicationConfiguration.ReplicationRuleProperty(
            destinations=[
                to(region=each, registry_id=own)
                if isinstance(each, str)
                else to(region=each.region, registry_id=each.account)
                for each in registries
            ]
        )
        ecr.CfnReplicationConfiguration(
            self,
            "Replication",
            replication_configuration=ecr.CfnReplicationConfiguration.ReplicationConfigurationProperty(rules=[rule]),
        )

    def _sign(self, signing: ManagedSigning) -> str:
        arn = None if signing.signing_profile is None else arn_of_profile(signing.signing_profile)
        if arn is None:
            profile = signer.SigningProfile(self, "SigningProfile", platform=signer.Platform.NOTATION_OCI_SHA384_ECDSA)
            # With the profile, the validity of every signature made with it would be lost.
            profile.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
            arn = profile.signing_profile_arn
        ecr.CfnSigningConfiguration(
            self,
            "Signing",
            rules=[
                ecr.CfnSigningConfiguration.RuleProperty(
                    signing_profile_arn=arn,
                    repository_filters=[
                        ecr.CfnSigningConfiguration.RepositoryFilterProperty(filter=name, filter_type="WILDCARD_MATCH")
                        for name in signing.repositories
                    ],
                )
            ],
        )
        return arn

    @property
    def signing_profile_arn(self) -> str | None:
        """ARN of the signing profile; None without signing."""
        return self._profile_arn

    def grant_sign(self, publisher: iam.IGrantable) -> None:
        """Allow a publisher of images to sign them: without it a push works, and the signature fails.

        Args:
            publisher: Role of a pipeline; for copied images ``PublishedImage.publisher``; for images that are pushed
                directly to a repository the bootstrap's image publishing role, by ``iam.Role.from_role_name``.

        Raises:
            ConfigurationError: Signing is not set.
        """
        if self._profile_arn is None:
            raise ConfigurationError(
                "grant_sign requires signing, and these settings have none; set signing=ManagedSigning()"
            )
        publisher.grant_principal.add_to_principal_policy(
            iam.PolicyStatement(actions=["signer:SignPayload"], resources=[self._profile_arn])
        )


def _check_only_one(scope: Construct, path: str) -> None:
    """Refuse a second construct for one registry: the one that is deployed last would undo the other."""
    key = ("registry", *assembly_key(scope))
    holder = holder_of(scope, key, path=path)
    if holder is not None:
        raise ConfigurationError(
            f"{holder} already has settings for the registry of this account and region, and the one that is deployed "
            "last would undo the other; make one RegistrySettings for both"
        )
    take_name(scope, "registry", key, path=path, instead="")


def _check_filters(name: str, filters: Sequence[str]) -> None:
    if isinstance(filters, str) or not isinstance(filters, Sequence) or not filters:
        raise ConfigurationError(f"{name}={filters!r} is not a list of names; use for example ['web*']")
    if len(filters) > _MOST:
        raise ConfigurationError(f"{name} has {len(filters)} names; use at most {_MOST}")
    for each in filters:
        if not is_token(each) and not (isinstance(each, str) and 0 < len(each) <= _LONGEST and _FILTER.fullmatch(each)):
            raise ConfigurationError(
                f"{name} has {each!r}, which is not a repository name or pattern; use lower-case letters, digits, "
                ". _ - / and *, for example 'web*'"
            )
