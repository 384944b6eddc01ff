"""Images of containers: three ways to name one."""

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
    """An image that knows what it was built for, such as ``PublishedImage``."""

    @property
    def container_image(self) -> ecs.ContainerImage:
        """The image for a task definition."""

    @property
    def architecture(self) -> Architecture:
        """What it runs on."""


@runtime_checkable
class Prepared(Protocol):
    """A container image that has something to do with the task that runs it, such as those of ``PublishedImage``."""

    def prepare(self, task: ecs.TaskDefinition) -> ecs.ContainerImage:
        """Do it before the task gets the image, and return the image for it."""

    def acknowledge(self, task: ecs.TaskDefinition) -> None:
        """Do the rest when the task has it."""


Image: TypeAlias = ImageForArchitecture | ecs.ContainerImage | str
"""A ``PublishedImage``, any ``ecs.ContainerImage``, or the name of a public image."""


def check_image(option: str, image: Image) -> None:
    """Refuse a text that is not the name of an image."""
    if isinstance(image, str) and not is_token(image):
        ImageReference.parse(image, name=option)


def architecture_of(image: Image) -> Architecture | None:
    """What an image was built for, when it knows."""
    return image.architecture if isinstance(image, ImageForArchitecture) else None


def container_image(scope: Construct, image: Image) -> ecs.ContainerImage:
    """Make the image for a task definition; warns about public ones that can fail or change under the same name."""
    if isinstance(image, str):
        if not is_token(image):
            _warn_about(scope, ImageReference.parse(image, name="image"), image)
        return ecs.ContainerImage.from_registry(image)
    return image.container_image if isinstance(image, ImageForArchitecture) else image


def add_container(
    task: ecs.TaskDefinition, name: str, image: Image, options: dict[str, Any]
) -> ecs.ContainerDefinition:
    """Add a container with an image to a task; a log router is a kind of its own in CDK."""
    add = task.add_container if options.get("firelens_config") is None else task.add_firelens_log_router
    found = container_image(task, image)
    if not isinstance(found, Prepared):
        return add(name, image=found, **options)
    definition = add(name, image=found.prepare(task), **options)
    found.acknowledge(task)
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
