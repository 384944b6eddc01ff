"""The private repository."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs._cdk.names import assembly_key, environment_key, take_name
from ecr_fargate_constructs._cdk.site import adopt, path_of, stack_of
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._regulated import parts
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.image.direct import push_target
from ecr_fargate_constructs.repository.image_repository import ImageRepository
from ecr_fargate_constructs.repository.retention import Retention
from ecr_fargate_constructs.repository.running_images import RunningImage, RunningImages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk.interfaces.aws_kms import IKeyRef
    from constructs import Construct

_NAME = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*")
_LONGEST_POLICY = 10_240  # characters: "SetRepositoryPolicy" in the Amazon ECR API reference
_LOOK = ["ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:ListImages"]
_PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", *_LOOK]
_PUSH = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",  # a push asks for the manifest first ("IAM permissions for pushing an image")
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
    *_LOOK,
]


class PrivateRepository(ImageRepository):
    """A private ECR repository that keeps what is in use and drops what is old.

    What you get, and why:

    - immutable tags: a rollback runs the bits that ran before;
    - a scan of every image on push;
    - a retention policy, by default the newest 20 tagged images, and untagged ones for a day;
    - encryption at rest, with your key if you bring one;
    - retention of the repository itself when the stack is deleted.

    The retention policy is set on the ``CfnRepository``: rules added to ``.repository`` with CDK's
    ``add_lifecycle_rule`` have no effect. Change ``retention`` instead.
    """

    _repository: ecr.Repository

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
    ) -> None:
        """Create the repository.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            retention: Which images are kept and which expire.
            repository_name: Name of the repository; left out, CloudFormation makes one. A name that is set keeps
                CloudFormation from ever replacing the repository.
            encryption_key: KMS key for the images at rest; left out, ECR's own AES-256 encryption, or the stack's key
                under ``Posture.REGULATED``. Changing it replaces the repository.
            removal_policy: What happens to the repository when it leaves the stack.
            empty_on_delete: Delete the images with the repository; takes ``removal_policy=RemovalPolicy.DESTROY`` too,
                so that nobody loses images by one word.
            pull_accounts: Account ids that may pull, and list what is there.
            push_accounts: Account ids that may push, and list what is there, for example that of a build pipeline;
                they may download layers only if they stand in ``pull_accounts`` too. Tags stay immutable for them.

        Raises:
            ConfigurationError: For a name that ECR refuses, an account id that is none, or ``empty_on_delete`` on a
                repository that is retained.
        """
        path = path_of(scope, construct_id)
        check_repository(
            repository_name,
            removal_policy=removal_policy,
            empty_on_delete=empty_on_delete,
            accounts={"pull_accounts": pull_accounts, "push_accounts": push_accounts},
            path=path,
        )
        if repository_name is not None and not is_token(repository_name):
            pushed = push_target(scope) is not None  # of its name the app is sure, whatever it is deployed to
            take_name(
                scope,
                f"repository_name={repository_name!r}",
                ("repository", *(assembly_key(scope) if pushed else environment_key(scope)), repository_name),
                path=path,
                instead="a name is taken once in a registry; use another, or one repository for both",
            )
        super().__init__(scope, construct_id)
        key = encryption_key if encryption_key is not None else parts.encryption_key(self)
        # Wrapped constructs sit at "Default", which logical ids leave out: wrapping an ecr.Repository keeps its id.
        self._repository = ecr.Repository(
            self,
            "Default",
            repository_name=repository_name,
            encryption=_aes() if key is None else ecr.RepositoryEncryption.KMS,
            encryption_key=key,
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            removal_policy=removal_policy,
            empty_on_delete=empty_on_delete,
        )
        adopt(self._repository, self, f"{path}/Default")
        self._running = RunningImages(retention)
        self._write_policy()
        if (never := retention.idle()) is not None:
            warn(self, "retentionNeverActs", never)
        if removal_policy is cdk.RemovalPolicy.DESTROY and not empty_on_delete:
            warn(
                self,
                "repositoryNotEmptied",
                "removal_policy=DESTROY without empty_on_delete=True: CloudFormation deletes no repository that holds "
                "images, so that the rollback of a first deployment and cdk destroy end in "
                "RepositoryNotEmptyException; add empty_on_delete=True, or keep it with RemovalPolicy.RETAIN",
            )
        for sid, actions, accounts in (
            ("PullFromOtherAccounts", _PULL, pull_accounts),
            ("PushFromOtherAccounts", _PUSH, push_accounts),
        ):
            if accounts:
                self._repository.add_to_resource_policy(
                    iam.PolicyStatement(
                        sid=sid, actions=actions, principals=[iam.AccountPrincipal(account) for account in accounts]
                    )
                )

    @property
    def repository(self) -> ecr.Repository:
        """CDK's own construct, for everything that is not here."""
        return self._repository

    @property
    def retention(self) -> Retention:
        """Which images are kept and which expire, the tags of mirrors protected."""
        return self._running.retention

    def watch(self, tag: str, *, name: str, changes: bool = True) -> None:
        """Note an image that runs, and warn when the retention policy could take it, or one before it.

        Args:
            tag: Its tag.
            name: What it is called in the warning.
            changes: Whether new releases of it come.
        """
        before = self.retention
        hazard = self._running.add(RunningImage(name, tag, changes))
        if self.retention is not before:
            self._write_policy()
        if hazard is not None:
            self._warn_of(hazard)

    def _write_policy(self) -> None:
        _resource(self._repository).lifecycle_policy = ecr.CfnRepository.LifecyclePolicyProperty(
            lifecycle_policy_text=_text(self, self.retention)
        )

    def _warn_of(self, hazard: str) -> None:
        warn(
            self,
            "retentionMayExpireRunningImage",
            f"the image that a service runs could go, and then no further task starts: {hazard}",
        )

    def _warn_if_expiring(self, tag: str | None = None) -> None:
        """Warn when the retention policy could take an image that runs.

        ECR knows no running task: a policy that expires what a service runs lets the next scale-out fail
        (containers-roadmap#1078, sst#6377).

        Args:
            tag: Tag of the image; left out, a content hash as built images have it.
        """
        hazard = self.retention.hazard() if tag is None else self.retention.hazard(tag)
        if hazard is not None:
            self._warn_of(f"{hazard}; keep at least 10 releases by count, for example Retention.keep_last(20)")


@cache
def _aes() -> ecr.RepositoryEncryption:
    return ecr.RepositoryEncryption.AES_256


def _text(scope: Construct, retention: Retention) -> str:
    """The policy as ECR reads it; where tokens may stand in it, CDK writes it."""
    policy = retention.policy()
    if _is_plain(policy):
        return json.dumps(policy, separators=(",", ":"), ensure_ascii=False)
    return stack_of(scope).to_json_string(policy)


def _is_plain(value: object) -> bool:
    """Whether Python and CDK write the same: texts and whole numbers, no tokens."""
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return isinstance(value, int) or (isinstance(value, str) and not is_token(value))


def _resource(repository: ecr.Repository) -> ecr.CfnRepository:
    resource = repository.node.default_child
    assert isinstance(resource, ecr.CfnRepository)  # noqa: S101 - CDK's documented shape, for the type checker
    return resource


def check_repository(
    name: str | None,
    *,
    removal_policy: cdk.RemovalPolicy,
    empty_on_delete: bool,
    accounts: Mapping[str, Sequence[str]],
    path: str,
) -> None:
    """Refuse what ECR refuses, and a deletion that would not happen."""
    _check_name(name, path)
    for option, ids in accounts.items():
        _check_accounts(option, ids, path)
    named = [each for ids in accounts.values() for each in ids]
    if len(named) * len('"arn:aws:iam::123456789012:root",') > _LONGEST_POLICY:
        raise ConfigurationError(
            f"{len(named)} accounts in {' and '.join(each for each in accounts if accounts[each])}, and a repository's "
            f"policy has {_LONGEST_POLICY:,} characters at most; let an organization in: "
            ".repository.grant_pull(iam.OrganizationPrincipal('o-…'))",
            path=path,
        )
    if removal_policy is cdk.RemovalPolicy.SNAPSHOT:
        raise ConfigurationError(
            "removal_policy=SNAPSHOT: ECR makes no snapshots of a repository; use RemovalPolicy.RETAIN or DESTROY",
            path=path,
        )
    if empty_on_delete and removal_policy is not cdk.RemovalPolicy.DESTROY:
        raise ConfigurationError(
            f"empty_on_delete=True with removal_policy={removal_policy.name}: the repository would stay, and "
            "nothing would be deleted; add removal_policy=RemovalPolicy.DESTROY, or leave empty_on_delete out",
            path=path,
        )


def _check_name(name: str | None, path: str) -> None:
    if name is None or is_token(name):
        return
    if not isinstance(name, str):
        raise ConfigurationError(f"repository_name={name!r} is no string; use for example 'team/web'", path=path)
    if not is_name(name):
        raise ConfigurationError(
            f"repository_name={name!r} is not a name that ECR takes; use 2 to 256 lower-case letters, digits and "
            f"single separators . _ - /, beginning with a letter or digit{_suggestion(name)}",
            path=path,
        )


def is_name(name: str) -> bool:
    """Return whether ECR takes a name for a repository."""
    return 2 <= len(name) <= 256 and _NAME.fullmatch(name) is not None  # noqa: PLR2004 - ECR's limits


def _suggestion(name: str) -> str:
    lowered = name.lower().replace(" ", "-")
    return f", for example {lowered!r}" if lowered != name and _NAME.fullmatch(lowered) else ""


def _check_accounts(option: str, accounts: Sequence[str], path: str) -> None:
    for account in accounts:
        if not is_token(account) and not re.fullmatch(r"\d{12}", str(account)):
            raise ConfigurationError(
                f"{option} has {account!r}, which is not an account id; use strings of 12 digits", path=path
            )
