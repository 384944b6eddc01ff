"""Public images through a cache of the account's own registry."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs._cdk.construct import LibraryConstruct
from ecr_fargate_constructs._cdk.names import environment_key, take_name
from ecr_fargate_constructs._cdk.site import path_of, stack_of
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._rules.image_reference import ImageReference
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.architecture import Architecture
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.image.published_image import PublishedImage, RepositoryImage
from ecr_fargate_constructs.repository.retention import KeepNewest, Retention

if TYPE_CHECKING:
    from aws_cdk import aws_secretsmanager as secretsmanager
    from constructs import Construct

_PREFIX = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*")
_NEWEST = Retention([KeepNewest(20)])
"""Not ``keep_last``, which takes untagged images after a day: one that is named by its digest has no tag here, nor has
one whose tag has moved on, and ECS goes on asking for the digest that it found when the service was deployed."""
_SECRET = "ecr-pullthroughcache/"  # noqa: S105 - what the name of such a secret begins with


class Upstream(Enum):
    """A public registry that ECR can cache."""

    ECR_PUBLIC = "public.ecr.aws"
    KUBERNETES = "registry.k8s.io"
    QUAY = "quay.io"
    DOCKER_HUB = "registry-1.docker.io"
    """With a secret only: a Docker Hub account and its access token."""
    GITHUB = "ghcr.io"
    """With a secret only: a GitHub account and its access token."""
    GITLAB = "registry.gitlab.com"
    """With a secret only: a GitLab account and its access token."""


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

    The first pull of an image copies it, later ones come from ECR: a scale-out depends on no public registry and on no
    limit of one. ECR looks for a newer image under the same tag once a day. ``PrivateRepository.mirror_image`` copies
    one image when the stack is deployed instead; take that for an image that must be there before anything runs.

    A prefix can be cached once in an account and region. ECR makes a repository for each image, with the retention
    policy given here; one that takes untagged images by age gets the warning ``cachedImageMayExpire``. Tags can move,
    as they can upstream: name digests where that matters. The first pull goes out to the upstream registry; in a VPC
    with an endpoint for ECR it takes a way out, later ones do not.

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
    ) -> None:
        """Create the cache.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            upstream: The registry that is cached.
            prefix: What the names of cached repositories begin with, 2 to 30 lower-case letters, digits and separators;
                left out, the registry's name, such as ``docker-hub``.
            credentials: Account and access token, in a secret whose name begins with ``ecr-pullthroughcache/``, with
                the keys ``username`` and ``accessToken``.
            retention: Which cached images are kept and which expire; left out, the newest 20 with a tag or without.

        Raises:
            ConfigurationError: For a registry that takes credentials without them, or a prefix that ECR refuses.
        """
        path = path_of(scope, construct_id)
        _check(upstream, prefix, credentials, path)
        name = prefix if prefix is not None else _NAMES[upstream]
        if not is_token(name):
            take_name(
                scope,
                f"prefix={name!r}",
                ("prefix", *environment_key(scope), name),
                path=path,
                instead="a prefix is taken once in a registry; use another, or one PullThroughCache for both",
            )
        super().__init__(scope, construct_id)
        rule = retention.rule_about_untagged()
        if rule is not None:
            warn(
                self,
                "cachedImageMayExpire",
                f"{rule}: a cached image has no tag when it is named by its digest, or when its tag has moved on "
                "upstream, and ECS goes on asking for the digest that it found when the service was deployed; further "
                "tasks then need the upstream registry again. Leave retention out, or use Retention([KeepNewest(20)])",
            )
        self._upstream = upstream
        self._repositories: dict[str, ecr.IRepository] = {}
        self._prefix = name
        template = ecr.CfnRepositoryCreationTemplate(
            self,
            "Template",
            applied_for=["PULL_THROUGH_CACHE"],
            prefix=self._prefix,
            description=f"Images of {upstream.value}",
            image_tag_mutability="MUTABLE",  # tags move upstream, and ECR could not follow
            encryption_configuration=ecr.CfnRepositoryCreationTemplate.EncryptionConfigurationProperty(
                encryption_type="AES256"
            ),
            lifecycle_policy=cdk.Stack.of(self).to_json_string(retention.policy()),
        )
        self._rule = ecr.CfnPullThroughCacheRule(
            self,
            "Default",  # left out of logical ids
            ecr_repository_prefix=self._prefix,
            upstream_registry_url=upstream.value,
            credential_arn=None if credentials is None else credentials.secret_arn,
        )
        self._rule.node.add_dependency(template)  # or the first repository could be made without it

    @property
    def rule(self) -> ecr.CfnPullThroughCacheRule:
        """CDK's own construct, for everything that is not here."""
        return self._rule

    @property
    def prefix(self) -> str:
        """What the names of cached repositories begin with."""
        return self._prefix

    def image(self, reference: str, *, architecture: Architecture = Architecture.X86_64) -> PublishedImage:
        """An image of the registry, by way of the cache; tasks that run it may have it fetched.

        Args:
            reference: Name of the image with a tag, for example ``"nginx:1.29"`` or
                ``"public.ecr.aws/nginx/nginx:1.29"``.
            architecture: What tasks run it on.

        Raises:
            ConfigurationError: ``reference`` is no image's name, is of another registry, or names no version.
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
        source = ImageReference.parse(reference, name="reference", path=self.node.path)
        hub = self._upstream is Upstream.DOCKER_HUB
        implied = source.on_docker_hub and not reference.startswith(source.registry)
        if not implied and not (source.on_docker_hub if hub else source.registry == self._upstream.value):
            raise ConfigurationError(
                f"reference={reference!r} is an image of {source.registry}, and this cache is of "
                f"{self._upstream.value}; use a PullThroughCache(upstream=…) of that registry",
                path=self.node.path,
            )
        if not source.pinned:
            raise ConfigurationError(
                f"reference={reference!r} names no version, so what runs would change behind your back; name a tag, "
                "for example 'nginx:1.29', or a digest",
                path=self.node.path,
            )
        if implied and not hub:  # a bare name: 'library/' is Docker Hub's alone
            name = source.name if reference.startswith("library/") else source.name.removeprefix("library/")
            return ImageReference(registry=self._upstream.value, name=name, tag=source.tag, digest=source.digest)
        return source


class _CachedImage(RepositoryImage):
    """A container image whose tasks may have it fetched from upstream."""

    def __init__(self, repository: ecr.IRepository, tag_or_digest: str, rule: Construct) -> None:
        super().__init__(repository, tag_or_digest, delivery=rule)
        self._arn = repository.repository_arn

    def prepare(self, task: ecs.TaskDefinition) -> ecs.ContainerImage:
        """As for every image of a repository, and let whoever starts the task fill the cache."""
        task.add_to_execution_role_policy(
            iam.PolicyStatement(actions=["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"], resources=[self._arn])
        )
        return super().prepare(task)


def _name_of(secret: secretsmanager.ISecret) -> str:
    """Name of a secret; one that the app makes has it in its resource, and else one that CloudFormation makes up."""
    resource = secret.node.default_child
    if isinstance(resource, cdk.CfnResource) and resource.cfn_resource_type == "AWS::SecretsManager::Secret":
        written = stack_of(secret).resolve(getattr(resource, "name", None))
        if written is None or isinstance(written, str):
            return written or "(without secret_name=)"
    return secret.secret_name


def _check(upstream: Upstream, prefix: str | None, credentials: secretsmanager.ISecret | None, path: str) -> None:
    if upstream in _WITH_SECRET and credentials is None:
        raise ConfigurationError(
            f"upstream={upstream} lets nobody in without an account; give credentials=, a secret named "
            f"{_SECRET}… with username and accessToken",
            path=path,
        )
    if upstream not in _WITH_SECRET and credentials is not None:
        raise ConfigurationError(f"upstream={upstream} takes no credentials; leave them out", path=path)
    name = _SECRET if credentials is None else _name_of(credentials)
    if not is_token(name) and not name.startswith(_SECRET):
        raise ConfigurationError(
            f"credentials is the secret {name!r}, and ECR takes only those whose name begins with {_SECRET!r}; give it "
            "such a name",
            path=path,
        )
    if prefix is None or is_token(prefix):
        return
    if not 2 <= len(prefix) <= 30 or not _PREFIX.fullmatch(prefix):  # noqa: PLR2004 - ECR's limits, in the message
        raise ConfigurationError(
            f"prefix={prefix!r} is not one that ECR takes; use 2 to 30 lower-case letters, digits and single "
            "separators . _ - /, beginning with a letter or digit",
            path=path,
        )
