"""The container that serves the traffic."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.checks import tcp_port
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.architecture import Architecture
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.container.base import TaskContainer
from ecr_fargate_constructs.service.container.images import Image, architecture_of, check_image

if TYPE_CHECKING:
    from ecr_fargate_constructs._rules.tokens import Number

CONTAINER_NAME = "web"
"""Name of the application's container in its task; the one that CDK's pattern gives it."""


@typed
@dataclass(frozen=True)
class AppContainer(TaskContainer):
    """The application's container, behind the load balancer. The task ends with it; its name in the task is ``web``.

    Defaults: an init process that forwards signals, a read-only root file system, no environment, the image's own
    command and user, and logs in CloudWatch without ever blocking the application.

    Attributes:
        image: A ``PublishedImage``, any ``ecs.ContainerImage``, or the name of a public image such as
            ``"public.ecr.aws/nginx/nginx:1.29"``.
        port: TCP port that the application listens on, 1 to 65535.
        architecture: Architecture of an image that does not name its own; default, x86-64.

    All other options are those of every container: see ``TaskContainer``.

    Raises:
        ConfigurationError: ECS refuses a value, or ``architecture`` contradicts the image's.
    """

    image: Image
    port: Number
    _: KW_ONLY
    architecture: Architecture | None = None

    def __post_init__(self) -> None:
        check_image("AppContainer.image", self.image)
        tcp_port("AppContainer.port", self.port)
        super().__post_init__()
        built_for = architecture_of(self.image)
        if built_for is not None and self.architecture not in {None, built_for}:
            raise ConfigurationError(
                f"AppContainer.architecture={self.architecture} contradicts the image, which is built for "
                f"{built_for}; omit it, or set ImageBuild(architecture=…)"
            )

    @property
    def essential(self) -> bool:
        """True: the task ends with the container."""
        return True

    @property
    def runs_on(self) -> Architecture:
        """The architecture that this container requires of the task."""
        return architecture_of(self.image) or self.architecture or Architecture.X86_64
