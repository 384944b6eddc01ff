"""The container that serves the traffic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ecr_fargate_constructs._rules.checks import tcp_port
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.service.container.main import MainContainer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs._rules.tokens import Number

CONTAINER_NAME = "web"
"""Name of the application's container in its task; the one that CDK's pattern gives it."""


@typed
@dataclass(frozen=True)
class AppContainer(MainContainer):
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

    name: ClassVar[str] = CONTAINER_NAME

    port: Number

    def __post_init__(self) -> None:
        tcp_port("AppContainer.port", self.port)
        super().__post_init__()

    @property
    def ports(self) -> Sequence[Number]:
        """The port that the application listens on."""
        return (self.port,)
