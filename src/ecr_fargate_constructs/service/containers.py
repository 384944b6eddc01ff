"""The container that serves the traffic."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from ecr_fargate_constructs._checks import tcp_port
from ecr_fargate_constructs.architecture import Architecture
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.images import Image, architecture_of, check_image
from ecr_fargate_constructs.service.task_container import TaskContainer

CONTAINER_NAME = "web"
"""Name of the container in its task; the one that CDK's pattern gives it."""


@dataclass(frozen=True)
class AppContainer(TaskContainer):
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

    image: Image
    port: float
    _: KW_ONLY
    architecture: Architecture | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot run."""
        check_image("AppContainer.image", self.image)
        tcp_port("AppContainer.port", self.port)
        super().__post_init__()
        built_for = architecture_of(self.image)
        if built_for is not None and self.architecture not in {None, built_for}:
            raise ConfigurationError(
                f"AppContainer.architecture={self.architecture} contradicts the image, which is built for "
                f"{built_for}; leave it out, or set ImageBuild(architecture=…)"
            )

    @property
    def runs_on(self) -> Architecture:
        """The architecture of the task that this container needs."""
        return architecture_of(self.image) or self.architecture or Architecture.X86_64
