"""An image in the user's own repository, and the functions that put it there."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from aws_cdk import aws_ecs as ecs
from constructs import Construct

from ecr_fargate_constructs._cdk.acknowledge import IAM5_EVERY_RESOURCE, acknowledge_policy
from ecr_fargate_constructs._cdk.site import adopt, execution_role_of, node_of, path_of, resource_of
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._rules.image_reference import ImageReference, check_tag
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.image.asset import image_asset
from ecr_fargate_constructs.image.delivery import ALL_ARCHITECTURES, copy_image, copy_role, put_together
from ecr_fargate_constructs.image.direct import push_target, pushing

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aws_cdk as cdk
    from aws_cdk import aws_ecr as ecr
    from aws_cdk import aws_ecr_assets as ecr_assets
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_secretsmanager as secretsmanager

    from ecr_fargate_constructs._rules.dockerfile import ImageSettings
    from ecr_fargate_constructs.architecture import Architecture
    from ecr_fargate_constructs.image.build import ImageBuild
    from ecr_fargate_constructs.image.context import BuildContext
    from ecr_fargate_constructs.image.direct import PushTarget

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@typed
@dataclass(frozen=True, kw_only=True)
class PublishedImage:
    """An image in a private repository, ready for any task definition.

    Created by ``PrivateRepository.build_and_push_image``, ``.mirror_image``, ``.locked_image``, ``.image_by_tag`` and
    ``.image_by_digest``.

    Attributes:
        container_image: For any task definition: Fargate, EC2 or external. A task definition that uses it may pull from
            the repository and is created after the image has arrived there.
        image_uri: The image's full name, tag or digest included.
        tag: The tag, which for built images is the hash of everything that went into the build; None for an image named
            by its digest.
        architecture: Architecture of the image.
        repository: The repository that holds it.
        asset: CDK's asset behind a built image; None for the others.
        publisher: Grantee that pushes the image into the repository when it is copied there; None for an image that
            the CDK command line pushes, or that already exists.
        delivery: Custom resource that copies the image. Depend on it where the image is given by its name, as to a
            Lambda function; None where there is nothing to wait for.
        settings: User, volumes and ports that the Dockerfile sets; None for an image that is not built here.
        architectures: Architectures that the image is known to have; empty if it is not built or locked here.
    """

    container_image: ecs.ContainerImage
    image_uri: str
    tag: str | None
    architecture: Architecture
    repository: ecr.IRepository
    asset: ecr_assets.DockerImageAsset | None = None
    publisher: iam.IGrantable | None = None
    delivery: Construct | None = None
    settings: ImageSettings | None = None
    architectures: tuple[Architecture, ...] = ()

    def for_architecture(self, architecture: Architecture) -> PublishedImage:
        """Return the same image for tasks of another of its architectures.

        Raises:
            ConfigurationError: The image is not built for it.
        """
        if architecture not in (self.architectures or (self.architecture,)):
            names = ", ".join(each.name for each in self.architectures or (self.architecture,))
            raise ConfigurationError(
                f"architecture={architecture.name}, but the image is built for {names}; use one of them, or build it "
                "with ImageBuild(architectures=[…])"
            )
        return replace(self, architecture=architecture)


def build_and_push(
    scope: Construct,
    construct_id: str,
    *,
    context: BuildContext,
    build: ImageBuild,
    repository: ecr.IRepository,
    tags: tuple[str, ...] = (),
) -> PublishedImage:
    """Build an image and deliver it to ``repository``, as children of ``scope``/``construct_id``.

    The CDK command line pushes straight into it where it can, which ``check_delivery`` has checked; otherwise a custom
    resource copies the image.
    """
    target = push_target(repository)
    _check_tags(tags, target)
    parent = Construct(scope, construct_id)
    adopt(parent, scope, path_of(scope, construct_id))
    with pushing(parent, target):
        asset = image_asset(parent, context, build)
        others = {
            each: image_asset(parent, context, replace(build, architecture=each), construct_id=f"Asset{each.name}")
            for each in build.built_for
            if each is not build.architecture
        }
    _warn_of_context(parent, context)
    image = _Built(asset.repository if target is not None else repository, build, context, asset)
    if others:
        return image.as_index(parent, {build.architecture: asset, **others}, tags)
    if target is not None:
        return image.published(asset.image_tag, asset.image_uri)
    tag = asset.asset_hash
    uri = repository.repository_uri_for_tag(tag)
    copy = copy_image(
        parent,
        source=asset.image_uri,
        source_arn=lambda: asset.repository.repository_arn,
        destination=repository,
        destination_uri=uri,
        architecture=build.architecture.value,
        tags=tags,
    )
    return image.published(tag, uri, copy=copy)


class _Built(NamedTuple):
    """An image that is built here, and what all its deliveries have in common."""

    repository: ecr.IRepository
    build: ImageBuild
    context: BuildContext
    asset: ecr_assets.DockerImageAsset

    def as_index(
        self, parent: Construct, assets: Mapping[Architecture, ecr_assets.DockerImageAsset], tags: tuple[str, ...]
    ) -> PublishedImage:
        """Put the images of all architectures together, under a tag that is the hash of theirs."""
        import hashlib  # noqa: PLC0415 - few images have several architectures

        hashes = sorted(each.asset_hash for each in assets.values())
        tag = hashlib.sha256(" ".join(hashes).encode()).hexdigest()
        uri = self.repository.repository_uri_for_tag(tag)
        copy = put_together(
            parent,
            sources={architecture.value: each for architecture, each in assets.items()},
            destination=self.repository,
            destination_uri=uri,
            tags=tags,
        )
        return self.published(tag, uri, copy=copy)

    def published(self, tag: str, uri: str, *, copy: cdk.CustomResource | None = None) -> PublishedImage:
        """Return the image, delivered by ``copy``, or by the command line."""
        return PublishedImage(
            container_image=RepositoryImage(self.repository, tag, delivery=copy),
            image_uri=uri,
            tag=tag,
            architecture=self.build.architecture,
            repository=self.repository,
            asset=self.asset,
            publisher=None if copy is None else copy_role(copy),
            delivery=copy,
            settings=self.context.settings,
            architectures=self.build.built_for,
        )


def _warn_of_context(parent: Construct, context: BuildContext) -> None:
    if context.sensitive:
        warn(
            parent,
            "sensitiveFilesInBuildContext",
            f"{', '.join(context.sensitive)} in {context.directory.name}/ are sent to the image build and look like "
            "secrets; list them in .dockerignore, or in ImageBuild(exclude=[…])",
        )
    if context.weight is not None:
        warn(
            parent,
            "largeBuildContext",
            f"{context.directory.name}/ sends {context.weight} to the image build, and each synthesis copies and "
            "hashes them; list what the image does not need in .dockerignore, or in ImageBuild(exclude=[…])",
        )


def _check_tags(tags: tuple[str, ...], target: PushTarget | None) -> None:
    for number, tag in enumerate(tags):
        check_tag(tag, name=f"tags[{number}]")
    if len(set(tags)) < len(tags):
        raise ConfigurationError(f"tags={list(tags)} names a tag twice; write each once")
    if tags and target is not None:
        raise ConfigurationError(
            f"tags={list(tags)} cannot be added to an image that the command line pushes directly, because it pushes "
            "one tag; omit tags, or deliver by copy into a PrivateRepository"
        )


def mirror(
    scope: Construct,
    construct_id: str,
    *,
    reference: str,
    architecture: Architecture,
    all_architectures: bool,
    credentials: secretsmanager.ISecret | None,
    repository: ecr.IRepository,
) -> PublishedImage:
    """Copy an image of another registry into ``repository``, under its own tag."""
    path = path_of(scope, construct_id)
    if is_token(reference):
        raise ConfigurationError(
            "reference holds a CDK token, but the image's registry has to be known at synth; write account and region "
            "out, for example '111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1.4'"
        )
    source = ImageReference.parse(reference, name="reference")
    if source.tag is None and source.digest is None:
        raise ConfigurationError(
            f"reference={reference!r} names no version, so the mirrored image could change unnoticed; name a tag, for "
            "example 'nginx:1.29', or a digest"
        )
    # Without a tag the image would count as untagged, and untagged images expire first.
    tag = source.tag or str(source.digest).replace(":", "-")
    parent = Construct(scope, construct_id)
    adopt(parent, scope, path)
    uri = repository.repository_uri_for_tag(tag)
    copy = copy_image(
        parent,
        source=source.full_name,
        source_arn=None,
        destination=repository,
        destination_uri=uri,
        architecture=ALL_ARCHITECTURES if all_architectures else architecture.value,
        credentials=credentials,
    )
    return PublishedImage(
        container_image=RepositoryImage(repository, tag, delivery=copy),
        image_uri=uri,
        tag=tag,
        architecture=architecture,
        repository=repository,
        publisher=copy_role(parent),
        delivery=copy,
    )


def existing_tag(repository: ecr.IRepository, tag: str, architecture: Architecture) -> PublishedImage:
    """Return an image that the repository already holds, by its tag."""
    check_tag(tag, name="tag")
    return PublishedImage(
        container_image=RepositoryImage(repository, tag),
        image_uri=repository.repository_uri_for_tag(tag),
        tag=tag,
        architecture=architecture,
        repository=repository,
    )


def existing_digest(repository: ecr.IRepository, digest: str, architecture: Architecture) -> PublishedImage:
    """Return an image that the repository already holds, by its digest."""
    if not is_token(digest) and not _DIGEST.fullmatch(digest):
        raise ConfigurationError(f"digest={digest!r} is not an image digest; use 'sha256:' and 64 hexadecimal digits")
    return PublishedImage(
        container_image=RepositoryImage(repository, digest),
        image_uri=repository.repository_uri_for_digest(digest),
        tag=None,
        architecture=architecture,
        repository=repository,
    )


class RepositoryImage(ecs.ContainerImage):
    """An image of a private repository; tasks that use it wait until it has been delivered."""

    def __init__(self, repository: ecr.IRepository, tag_or_digest: str, *, delivery: Construct | None = None) -> None:
        super().__init__()
        self._image = ecs.ContainerImage.from_ecr_repository(repository, tag_or_digest)
        self._delivery = delivery

    def bind(self, scope: Construct, container_definition: ecs.ContainerDefinition) -> ecs.ContainerImageConfig:
        """Bind the image to a container; its task may pull the image and waits for it."""
        task = container_definition.task_definition
        config = self.prepare(task).bind(scope, container_definition)
        self.acknowledge(task)
        return config

    def prepare(self, task: ecs.TaskDefinition) -> ecs.ContainerImage:
        """Make a task wait for the image, and return CDK's own object for the image.

        Together with ``acknowledge`` it does what ``bind`` does, without jsii's calls back into Python.
        """
        if self._delivery is not None:
            # Only the task definition itself waits: its roles and log group are created meanwhile.
            node_of(resource_of(task)).add_dependency(self._delivery)
        return self._image

    def acknowledge(self, task: ecs.TaskDefinition) -> None:
        """Acknowledge the cdk-nag findings of a task that uses the image."""
        role = execution_role_of(task, obtain=True)
        if role is None:
            return
        acknowledge_policy(
            role,
            {
                IAM5_EVERY_RESOURCE: "ecr:GetAuthorizationToken takes no resource; images are pulled from the named "
                "repository only."
            },
        )
