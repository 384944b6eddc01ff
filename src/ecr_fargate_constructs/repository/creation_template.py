"""The settings of repositories that ECR creates itself."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs._cdk.acknowledge import acknowledge_policy, iam5_resource
from ecr_fargate_constructs._cdk.construct import LibraryConstruct
from ecr_fargate_constructs._cdk.names import environment_key, take_name
from ecr_fargate_constructs._cdk.site import path_of
from ecr_fargate_constructs._regulated import parts
from ecr_fargate_constructs._regulated.findings import expect_grants
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.repository.access import check_accounts, check_length, statements
from ecr_fargate_constructs.repository.retention import Retention

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk.interfaces.aws_kms import IKeyRef
    from constructs import Construct

EVERY_OTHER = "ROOT"
"""The prefix of the template for all repositories without a template of their own."""

_PREFIX = re.compile(r"(?:[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*/)*[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*/?")
_LONGEST = 256
"""Source: "CreateRepositoryCreationTemplate" in the Amazon ECR API reference."""


class CreationScenario(Enum):
    """The occasions on which ECR creates a repository itself."""

    REPLICATION = "REPLICATION"
    """Another registry replicates an image into this one."""

    CREATE_ON_PUSH = "CREATE_ON_PUSH"
    """An image is pushed to a repository that does not exist."""

    PULL_THROUGH_CACHE = "PULL_THROUGH_CACHE"
    """An image is pulled through a cache for the first time. ``PullThroughCache`` has its own template."""


_DEFAULT = (CreationScenario.REPLICATION, CreationScenario.CREATE_ON_PUSH)


class RepositoryCreationTemplate(LibraryConstruct):
    """Settings of the repositories that ECR creates itself, by replication or on push, under a prefix.

    Without one, such a repository has ECR's defaults: its images never expire and its tags can move. With this one, it
    has those of ``PrivateRepository``: the newest 20 tagged images, untagged ones for a day, immutable tags, and
    encryption at rest. The template applies to repositories that are created from then on; it changes none that exists.

    Templates belong to a registry, that is to an account and region: for replication, the one to which the images are
    replicated. Scanning is a setting of that registry (``RegistrySettings``), not of the template.

    A replicated image whose tag is there already arrives without the tag if tags are immutable.

    Sources: "Repository creation templates" and "Private image replication" in the Amazon ECR user guide.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        prefix: str = EVERY_OTHER,
        applied_for: Sequence[CreationScenario] = _DEFAULT,
        retention: Retention = Retention.keep_last(20),
        tag_mutability: ecr.TagMutability | None = None,
        encryption_key: IKeyRef | None = None,
        pull_accounts: Sequence[str] = (),
    ) -> None:
        """Create the template.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            prefix: Prefix of the names, up to a ``/``: ``shop`` is for ``shop/web``, but not for ``shop``; default,
                ``ROOT``, which is for all repositories without a template of their own.
            applied_for: Occasions; default, replication and pushes.
            retention: Images that are kept, and images that expire; default, the newest 20 tagged images are kept.
            tag_mutability: ``IMMUTABLE`` or ``MUTABLE``; default, immutable, or mutable if the template is for a
                pull-through cache, because tags move upstream.
            encryption_key: KMS key for the images at rest, with a role by which ECR uses it; default, ECR's own AES-256
                encryption, or the stack's key under ``Posture.REGULATED``.
            pull_accounts: Account ids that may pull and list images, and ask whether they are signed; default, none.

        Raises:
            ConfigurationError: ECR refuses the prefix, another template of this app has it, there is no occasion, or an
                account id is not one.
        """
        path = path_of(scope, construct_id)
        _check(prefix, applied_for, tag_mutability)
        check_accounts("pull_accounts", pull_accounts)
        check_length(len(pull_accounts), "pull_accounts", instead="allow fewer, or create the repositories yourself")
        take_prefix(scope, prefix.rstrip("/"), path=path)
        super().__init__(scope, construct_id)
        if tag_mutability is None:
            cached = CreationScenario.PULL_THROUGH_CACHE in applied_for
            tag_mutability = ecr.TagMutability.MUTABLE if cached else ecr.TagMutability.IMMUTABLE
        self._template = add_template(
            self,
            "Default",  # which logical ids omit
            prefix=prefix,
            applied_for=applied_for,
            retention=retention,
            tag_mutability=tag_mutability,
            encryption_key=encryption_key,
            pull_accounts=pull_accounts,
        )

    @property
    def template(self) -> ecr.CfnRepositoryCreationTemplate:
        """CDK's own construct, for options that this class does not have."""
        return self._template


def take_prefix(scope: Construct, prefix: str, *, path: str) -> None:
    """Refuse a prefix that another template or cache of the registry has."""
    if not is_token(prefix):
        take_name(
            scope,
            f"prefix={prefix!r}",
            ("prefix", *environment_key(scope), prefix),
            path=path,
            instead="a registry has each prefix once; use another prefix, or one construct for both",
        )


def add_template(
    scope: Construct,
    construct_id: str,
    *,
    prefix: str,
    applied_for: Sequence[CreationScenario],
    retention: Retention,
    tag_mutability: ecr.TagMutability,
    encryption_key: IKeyRef | None,
    description: str | None = None,
    pull_accounts: Sequence[str] = (),
) -> ecr.CfnRepositoryCreationTemplate:
    """Add a template, and the role that ECR needs for a key."""
    key = encryption_key if encryption_key is not None else parts.encryption_key(scope)
    encryption = ecr.CfnRepositoryCreationTemplate.EncryptionConfigurationProperty
    policy = iam.PolicyDocument(statements=statements(pull_accounts)) if pull_accounts else None
    return ecr.CfnRepositoryCreationTemplate(
        scope,
        construct_id,
        applied_for=[each.value for each in applied_for],
        prefix=prefix,
        description=description,
        image_tag_mutability=tag_mutability.value,
        encryption_configuration=encryption(encryption_type="AES256")
        if key is None
        else encryption(encryption_type="KMS", kms_key=key.key_ref.key_arn),
        custom_role_arn=None if key is None else _role(scope, key, prefix).role_arn,
        lifecycle_policy=cdk.Stack.of(scope).to_json_string(retention.policy()),
        repository_policy=None if policy is None else cdk.Stack.of(scope).to_json_string(policy),
    )


def _role(scope: Construct, key: IKeyRef, prefix: str) -> iam.Role:
    """Create the role by which ECR creates repositories with a key: its service-linked role may use none.

    Source: "Create a custom policy for repository creation templates" in the Amazon ECR user guide, which allows
    ``ecr:TagResource`` and every resource too.
    """
    names = "*" if prefix == EVERY_OTHER else f"{prefix.rstrip('/')}/*"
    repositories = cdk.Stack.of(scope).format_arn(service="ecr", resource="repository", resource_name=names)
    role = iam.Role(
        scope,
        "CreationRole",
        description="Amazon ECR creates repositories with a KMS key",
        assumed_by=iam.ServicePrincipal("ecr.amazonaws.com"),
    )
    role.add_to_policy(
        iam.PolicyStatement(actions=["ecr:CreateRepository", "ecr:ReplicateImage"], resources=[repositories])
    )
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"], resources=[key.key_ref.key_arn]
        )
    )
    acknowledge_policy(
        role,
        {
            iam5_resource(scope, repositories): "ECR creates the repositories, so only the prefix of their names is "
            "known; the role may create them and replicate into them, and reads none."
        },
    )
    expect_grants(role)
    return role


def _check(prefix: str, applied_for: Sequence[CreationScenario], tag_mutability: ecr.TagMutability | None) -> None:
    if not is_token(prefix) and prefix != EVERY_OTHER and not (len(prefix) <= _LONGEST and _PREFIX.fullmatch(prefix)):
        raise ConfigurationError(
            f"prefix={prefix!r} is not a prefix that ECR accepts; use 'ROOT', or at most {_LONGEST} lower-case "
            "letters, digits and single separators . _ - /, beginning with a letter or digit, for example 'shop'"
        )
    if not applied_for:
        raise ConfigurationError(
            "applied_for is empty, so the template would apply to nothing; omit it, or use for example "
            "[CreationScenario.REPLICATION]"
        )
    if len(set(applied_for)) < len(applied_for):
        raise ConfigurationError("applied_for has an occasion twice; name each once")
    if tag_mutability not in {None, ecr.TagMutability.MUTABLE, ecr.TagMutability.IMMUTABLE}:
        raise ConfigurationError(
            f"tag_mutability={tag_mutability} needs exclusion filters, which are set on .template; use IMMUTABLE or "
            "MUTABLE"
        )
