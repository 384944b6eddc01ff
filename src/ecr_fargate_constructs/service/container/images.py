"""Images of containers: published, of CDK, or by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._rules.image_reference import ImageReference
from ecr_fargate_constructs._rules.tokens import is_token

if TYPE_CHECKING:
    from constructs import Construct

    from ecr_fargate_constructs.architecture import Architecture


@runtime_checkable
class ImageForArchitecture(Protocol):
    """An image with a known architecture, such as ``PublishedImage``."""

    @property
    def container_image(self) -> ecs.ContainerImage:
        """The image for a task definition."""

    @property
    def architecture(self) -> Architecture:
        """Architecture of the image."""


@runtime_checkable
class Prepared(Protocol):
    """A container image that changes the task that runs it, such as those of ``PublishedImage``."""

    def prepare(self, task: ecs.TaskDefinition) -> ecs.ContainerImage:
        """Change the task before it gets the image, and return the image for it."""

    def acknowledge(self, task: ecs.TaskDefinition) -> None:
        """Acknowledge findings after the task has the image."""


Image: TypeAlias = ImageForArchitecture | ecs.ContainerImage | str
"""A ``PublishedImage``, any ``ecs.ContainerImage``, or the name of a public image."""


def check_image(option: str, image: Image) -> None:
    """Refuse a text that is not the name of an image."""
    if isinstance(image, str) and not is_token(image):
        ImageReference.parse(image, name=option)


def architecture_of(image: Image) -> Architecture | None:
    """Return the architecture of an image, if it is known."""
    return image.architecture if isinstance(image, ImageForArchitecture) else None


def container_image(scope: Construct, image: Image) -> ecs.ContainerImage:
    """Return the image for a task definition; warn about public ones whose pull can fail or whose tag can move."""
    if isinstance(image, str):
        if not is_token(image):
            _warn_about(scope, ImageReference.parse(image, name="image"), image)
        return ecs.ContainerImage.from_registry(image)
    return image.container_image if isinstance(image, ImageForArchitecture) else image


def add_container(
    task: ecs.TaskDefinition, name: str, image: Image, options: dict[str, Any]
) -> ecs.ContainerDefinition:
    """Add a container with an image to a task; CDK has a method of its own for log routers."""
    add = task.add_container if options.get("firelens_config") is None else task.add_firelens_log_router
    resolved = container_image(task, image)
    if not isinstance(resolved, Prepared):
        return add(name, image=resolved, **options)
    definition = add(name, image=resolved.prepare(task), **options)
    resolved.acknowledge(task)
    return definition


def _warn_about(scope: Construct, reference: ImageReference, text: str) -> None:
    if reference.on_docker_hub:
        warn(
            scope,
            "dockerHubImage",
            f"{text} comes from Docker Hub, which limits anonymous pulls to 100 in 6 hours per address, so a scale-out "
            f"can fail; use PrivateRepository.mirror_image({text!r}) or an image of public.ecr.aws",
        )
    if not reference.pinned:
        warn(
            scope,
            "unpinnedImage",
            f"{text} names no version, so tasks of one service can run different code; name a tag or a digest",
        )
