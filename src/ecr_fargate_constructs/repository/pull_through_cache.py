"""Public images through a pull-through cache in the account's own registry."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs._cdk.construct import LibraryConstruct
from ecr_fargate_constructs._cdk.site import path_of, stack_of
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._rules.image_reference import ImageReference
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.architecture import Architecture
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.image.published_image import PublishedImage, RepositoryImage
from ecr_fargate_constructs.repository.creation_template import CreationScenario, add_template, take_prefix
from ecr_fargate_constructs.repository.retention import KeepNewest, Retention

if TYPE_CHECKING:
    from aws_cdk import aws_secretsmanager as secretsmanager
    from aws_cdk.interfaces.aws_kms import IKeyRef
    from constructs import Construct

_PREFIX = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*")
_NEWEST = Retention([KeepNewest(20)])
"""Not ``keep_last``, which expires untagged images after a day: a cached image has no tag if it is named by its digest
or if its tag has moved on, and ECS keeps requesting the digest that it resolved when the service was deployed."""
_SECRET = "ecr-pullthroughcache/"  # noqa: S105 - the prefix of such a secret's name


class Upstream(Enum):
    """A public registry that ECR can cache."""

    ECR_PUBLIC = "public.ecr.aws"
    KUBERNETES = "registry.k8s.io"
    QUAY = "quay.io"
    DOCKER_HUB = "registry-1.docker.io"
    """Requires a secret: a Docker Hub account and its access token."""
    GITHUB = "ghcr.io"
    """Requires a secret: a GitHub account and its access token."""
    GITLAB = "registry.gitlab.com"
    """Requires a secret: a GitLab account and its access token."""


_WITH_SECRET = (Upstream.DOCKER_HUB, Upstream.GITHUB, Upstream.GITLAB)
_NAMES = {
    Upstream.ECR_PUBLIC: "ecr-public",
    Upstream.KUBERNETES: "kubernetes",
    Upstream.QUAY: "quay",
    Upstream.DOCKER_HUB: "docker-hub",
    Upstream.GITHUB: "github",
    Upstream.GITLAB: "gitlab",
}


class PullThroughCache(LibraryConstruct):
    """A cache of a public registry in the account's own ECR registry.

    The first pull of an image copies it, later ones come from ECR: a scale-out depends neither on a public registry nor
    on its rate limit. ECR looks for a newer image under the same tag once a day. ``PrivateRepository.mirror_image``
    instead copies one image when the stack is deployed; use it for an image that must exist before anything runs.

    An account and region can cache a prefix once. ECR makes a repository for each image, with the retention policy
    given here; a policy that expires untagged images by age gets the warning ``cachedImageMayExpire``. Tags can move,
    as they can upstream: name digests where that matters. The first pull goes out to the upstream registry; in a VPC
    with an endpoint for ECR it requires internet access, later pulls do not.

    Source: "Sync an upstream registry with an Amazon ECR private registry" in the Amazon ECR user guide.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        upstream: Upstream,
        prefix: str | None = None,
        credentials: secretsmanager.ISecret | None = None,
        retention: Retention = _NEWEST,
        encryption_key: IKeyRef | None = None,
    ) -> None:
        """Create the cache.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            upstream: The registry to cache.
            prefix: Prefix of the names of cached repositories, 2 to 30 lower-case letters, digits and separators;
                default, the registry's name, such as ``docker-hub``.
            credentials: Account and access token, in a secret whose name begins with ``ecr-pullthroughcache/``, with
                the keys ``username`` and ``accessToken``; default, none.
            retention: Cached images that are kept, and those that expire; default, the newest 20 are kept, with a tag
                or without.
            encryption_key: KMS key for the cached images at rest, with a role by which ECR uses it; default, ECR's own
                AES-256 encryption, or the stack's key under ``Posture.REGULATED``. It applies to repositories that are
                created from then on.

        Raises:
            ConfigurationError: The registry requires credentials and has none, or ECR refuses the prefix.
        """
        path = path_of(scope, construct_id)
        _check(upstream, prefix, credentials)
        name = prefix if prefix is not None else _NAMES[upstream]
        take_prefix(scope, name, path=path)
        super().__init__(scope, construct_id)
        rule = retention.rule_about_untagged()
        if rule is not None:
            warn(
                self,
                "cachedImageMayExpire",
                f"{rule}: a cached image has no tag if it is named by its digest, or if its tag has moved on upstream, "
                "and ECS keeps requesting the digest that it resolved when the service was deployed; further tasks "
                "then need the upstream registry again. Omit retention, or use Retention([KeepNewest(20)])",
            )
        self._upstream = upstream
        self._repositories: dict[str, ecr.IRepository] = {}
        self._prefix = name
        template = add_template(
            self,
            "Template",
            prefix=self._prefix,
            applied_for=[CreationScenario.PULL_THROUGH_CACHE],
            retention=retention,
            tag_mutability=ecr.TagMutability.MUTABLE,  # tags move upstream, and ECR has to follow
            encryption_key=encryption_key,
            description=f"Images of {upstream.value}",
        )
        self._rule = ecr.CfnPullThroughCacheRule(
            self,
            "Default",  # which logical ids omit
            ecr_repository_prefix=self._prefix,
            upstream_registry_url=upstream.value,
            credential_arn=None if credentials is None else credentials.secret_arn,
        )
        self._rule.node.add_dependency(template)  # otherwise the first repository could be made without the template

    @property
    def rule(self) -> ecr.CfnPullThroughCacheRule:
        """CDK's own construct, for options that this class does not have."""
        return self._rule

    @property
    def prefix(self) -> str:
        """Prefix of the names of cached repositories."""
        return self._prefix

    def image(self, reference: str, *, architecture: Architecture = Architecture.X86_64) -> PublishedImage:
        """Return an image of the registry through the cache; tasks that run it may make ECR fetch it.

        Args:
            reference: Name of the image with a tag, for example ``"nginx:1.29"`` or
                ``"public.ecr.aws/nginx/nginx:1.29"``.
            architecture: Architecture of the tasks that run it; default, x86-64.

        Raises:
            ConfigurationError: ``reference`` is not an image's name, is of another registry, or names no version.
        """
        source = self._parse(reference)
        name = f"{self._prefix}/{source.name}"
        repository = self._repositories.get(name)
        if repository is None:
            repository = ecr.Repository.from_repository_name(self, name.replace("/", "-"), name)
            self._repositories[name] = repository
        version = source.digest or source.tag or ""
        return PublishedImage(
            container_image=_CachedImage(repository, version, self._rule),
            image_uri=repository.repository_uri_for_tag_or_digest(version),
            tag=None if source.digest else source.tag,
            architecture=architecture,
            repository=repository,
        )

    def _parse(self, reference: str) -> ImageReference:
        source = ImageReference.parse(reference, name="reference")
        hub = self._upstream is Upstream.DOCKER_HUB
        implied = source.on_docker_hub and not reference.startswith(source.registry)
        if not implied and not (source.on_docker_hub if hub else source.registry == self._upstream.value):
            raise ConfigurationError(
                f"reference={reference!r} is an image of {source.registry}, but this cache is for "
                f"{self._upstream.value}; use a PullThroughCache(upstream=…) for that registry"
            )
        if not source.pinned:
            raise ConfigurationError(
                f"reference={reference!r} names no version, so the image could change unnoticed; name a tag, "
                "for example 'nginx:1.29', or a digest"
            )
        if implied and not hub:  # a bare name: only Docker Hub has 'library/'
            name = source.name if reference.startswith("library/") else source.name.removeprefix("library/")
            return ImageReference(registry=self._upstream.value, name=name, tag=source.tag, digest=source.digest)
        return source


class _CachedImage(RepositoryImage):
    """A container image whose tasks may make ECR fetch it from upstream."""

    def __init__(self, repository: ecr.IRepository, tag_or_digest: str, rule: Construct) -> None:
        super().__init__(repository, tag_or_digest, delivery=rule)
        self._arn = repository.repository_arn

    def prepare(self, task: ecs.TaskDefinition) -> ecs.ContainerImage:
        """Prepare the image as ``RepositoryImage`` does, and allow the execution role to fill the cache."""
        task.add_to_execution_role_policy(
            iam.PolicyStatement(actions=["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"], resources=[self._arn])
        )
        return super().prepare(task)


def _name_of(secret: secretsmanager.ISecret) -> str:
    """Return a secret's name: of one that the app makes, the name in its resource, if it has one."""
    resource = secret.node.default_child
    if isinstance(resource, cdk.CfnResource) and resource.cfn_resource_type == "AWS::SecretsManager::Secret":
        written = stack_of(secret).resolve(getattr(resource, "name", None))
        if written is None or isinstance(written, str):
            return written or "(without secret_name=)"
    return secret.secret_name


def _check(upstream: Upstream, prefix: str | None, credentials: secretsmanager.ISecret | None) -> None:
    if upstream in _WITH_SECRET and credentials is None:
        raise ConfigurationError(
            f"upstream={upstream} requires an account; set credentials=, a secret named "
            f"{_SECRET}… with username and accessToken"
        )
    if upstream not in _WITH_SECRET and credentials is not None:
        raise ConfigurationError(f"upstream={upstream} accepts no credentials; omit them")
    name = _SECRET if credentials is None else _name_of(credentials)
    if not is_token(name) and not name.startswith(_SECRET):
        raise ConfigurationError(
            f"credentials is the secret {name!r}, but ECR accepts only secrets whose name begins with {_SECRET!r}; "
            "rename the secret"
        )
    if prefix is None or is_token(prefix):
        return
    if not 2 <= len(prefix) <= 30 or not _PREFIX.fullmatch(prefix):  # noqa: PLR2004 - ECR's limits, in the message
        raise ConfigurationError(
            f"prefix={prefix!r} is not a prefix that ECR accepts; use 2 to 30 lower-case letters, digits and single "
            "separators . _ - /, beginning with a letter or digit"
        )
