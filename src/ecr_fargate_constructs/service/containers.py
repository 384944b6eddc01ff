"""The container that serves the traffic."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs

from ecr_fargate_constructs._checks import seconds, tcp_port, text_map, whole_number
from ecr_fargate_constructs._image_reference import ImageReference
from ecr_fargate_constructs._tokens import is_token
from ecr_fargate_constructs._warnings import warn
from ecr_fargate_constructs.architecture import Architecture
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct

CONTAINER_NAME = "web"
"""Name of the container in its task; the one that CDK's pattern gives it."""

LOG_BUFFER = 25
"""MiB that wait in memory for a slow CloudWatch before lines are dropped; more would risk the task's memory."""


@runtime_checkable
class ImageForArchitecture(Protocol):
    """An image that knows what it was built for, such as ``PublishedImage``."""

    @property
    def container_image(self) -> ecs.ContainerImage:
        """The image for a task definition."""

    @property
    def architecture(self) -> Architecture:
        """What it runs on."""


@dataclass(frozen=True)
class AppContainer:
    """The container behind the load balancer.

    Defaults: an init process that forwards signals, a read-only root file system, no environment, the image's own
    command and user, and logs in CloudWatch without ever blocking the application.

    Attributes:
        image: A ``PublishedImage``, any ``ecs.ContainerImage``, or the name of a public image such as
            ``"public.ecr.aws/nginx/nginx:1.29"``.
        port: TCP port that the application listens on, 1 to 65535.
        environment: Environment variables; strings.
        secrets: Environment variables whose values ECS reads from Secrets Manager or Parameter Store.
        environment_files: Files of environment variables in S3 or beside the app.
        command: Replaces the image's command.
        entry_point: Replaces the image's entry point.
        user: User (and group) to run as, for example ``"10001:10001"``; left out, the image's.
        working_directory: Replaces the image's working directory.
        health_check: Command that ECS runs inside the container; left out, the load balancer's check alone decides.
        stop_timeout: Time between SIGTERM and SIGKILL, at most 120 seconds; left out, 30 seconds, or the deregistration
            delay where that is longer.
        readonly_root_filesystem: Whether the root file system is read-only. Writable places are named in
            ``writable_paths``.
        writable_paths: Absolute paths that stay writable on a read-only root; each is an empty volume of the task.
        memory_limit_mib: Memory at which this container is killed, in MiB; left out, the task's.
        ulimits: Resource limits.
        docker_labels: Labels of the container.
        logging: Replaces the CloudWatch log driver, and with it the log group.
        architecture: What an image that does not know it runs on; left out, x86-64.

    Raises:
        ConfigurationError: For a value that ECS refuses, or an ``architecture`` that contradicts the image's.
    """

    image: ImageForArchitecture | ecs.ContainerImage | str
    port: float
    _: KW_ONLY
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, ecs.Secret] = field(default_factory=dict)
    environment_files: Sequence[ecs.EnvironmentFile] = ()
    command: Sequence[str] | None = None
    entry_point: Sequence[str] | None = None
    user: str | None = None
    working_directory: str | None = None
    health_check: ecs.HealthCheck | None = None
    stop_timeout: cdk.Duration | None = None
    readonly_root_filesystem: bool = True
    writable_paths: Sequence[str] = ()
    memory_limit_mib: float | None = None
    ulimits: Sequence[ecs.Ulimit] = ()
    docker_labels: Mapping[str, str] = field(default_factory=dict)
    logging: ecs.LogDriver | None = None
    architecture: Architecture | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot run."""
        if isinstance(self.image, str) and not is_token(self.image):
            ImageReference.parse(self.image, name="AppContainer.image")
        tcp_port("AppContainer.port", self.port)
        text_map("AppContainer.environment", self.environment)
        text_map("AppContainer.docker_labels", self.docker_labels)
        for name, value in (("command", self.command), ("entry_point", self.entry_point)):
            if isinstance(value, str):
                raise ConfigurationError(
                    f"AppContainer.{name}={value!r} is one string; use a list of words, for example {value.split()!r}"
                )
        both = sorted(set(self.environment) & set(self.secrets))
        if both:
            raise ConfigurationError(
                f"AppContainer has {', '.join(both)} both in environment and in secrets; keep one of the two"
            )
        if self.stop_timeout is not None:
            seconds("AppContainer.stop_timeout", self.stop_timeout, minimum=2, maximum=120)
        if self.memory_limit_mib is not None:
            whole_number(
                "AppContainer.memory_limit_mib", self.memory_limit_mib, minimum=6, what="a memory limit in MiB"
            )
        self._check_writable_paths()
        self._check_architecture()

    def _check_writable_paths(self) -> None:
        if self.writable_paths and not self.readonly_root_filesystem:
            raise ConfigurationError(
                "AppContainer.writable_paths has no meaning with readonly_root_filesystem=False; keep one of the two"
            )
        for path in self.writable_paths:
            if not is_token(path) and (not path.startswith("/") or path == "/"):
                raise ConfigurationError(
                    f"AppContainer.writable_paths has {path!r}; use absolute paths of directories, for example '/tmp'"
                )

    def _check_architecture(self) -> None:
        if isinstance(self.image, ImageForArchitecture) and self.architecture not in {None, self.image.architecture}:
            raise ConfigurationError(
                f"AppContainer.architecture={self.architecture} contradicts the image, which is built for "
                f"{self.image.architecture}; leave it out, or set ImageBuild(architecture=…)"
            )

    @property
    def runs_on(self) -> Architecture:
        """The architecture of the task that this container needs."""
        if isinstance(self.image, ImageForArchitecture):
            return self.image.architecture
        return self.architecture or Architecture.X86_64


def add_app_container(
    task_definition: ecs.TaskDefinition,
    container: AppContainer,
    *,
    log_group: logs.ILogGroup | None,
    stop_timeout: cdk.Duration,
) -> ecs.ContainerDefinition:
    """Add ``container`` to a task definition as its default container."""
    definition = task_definition.add_container(
        CONTAINER_NAME,
        image=_image(task_definition, container.image),
        essential=True,
        command=container.command,
        entry_point=container.entry_point,
        user=container.user,
        working_directory=container.working_directory,
        environment=container.environment or None,
        environment_files=container.environment_files or None,
        secrets=container.secrets or None,
        docker_labels=container.docker_labels or None,
        health_check=container.health_check,
        stop_timeout=stop_timeout,
        readonly_root_filesystem=container.readonly_root_filesystem,
        memory_limit_mib=container.memory_limit_mib,
        ulimits=container.ulimits or None,
        logging=container.logging if log_group is None else _non_blocking(log_group),
        # Without an init process PID 1 is the application itself, which as PID 1 ignores SIGTERM unless it handles it.
        linux_parameters=ecs.LinuxParameters(task_definition, "LinuxParameters", init_process_enabled=True),
        port_mappings=[ecs.PortMapping(container_port=container.port, protocol=ecs.Protocol.TCP)],
    )
    for number, path in enumerate(container.writable_paths):
        volume = f"writable-{number}"
        task_definition.add_volume(name=volume)
        definition.add_mount_points(ecs.MountPoint(container_path=path, source_volume=volume, read_only=False))
    return definition


def _image(scope: Construct, image: ImageForArchitecture | ecs.ContainerImage | str) -> ecs.ContainerImage:
    if isinstance(image, str):
        if not is_token(image):
            _warn_about(scope, ImageReference.parse(image, name="AppContainer.image"), image)
        return ecs.ContainerImage.from_registry(image)
    return image.container_image if isinstance(image, ImageForArchitecture) else image


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


def _non_blocking(log_group: logs.ILogGroup) -> ecs.LogDriver:
    return ecs.LogDrivers.aws_logs(
        stream_prefix=CONTAINER_NAME,
        log_group=log_group,
        mode=ecs.AwsLogDriverMode.NON_BLOCKING,
        max_buffer_size=cdk.Size.mebibytes(LOG_BUFFER),
    )
