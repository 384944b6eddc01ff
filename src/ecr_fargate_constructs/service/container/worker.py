"""The container of a worker, which serves no traffic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.service.container.main import MainContainer


@typed
@dataclass(frozen=True)
class WorkerContainer(MainContainer):
    """A worker's container. The task ends with it; its name in the task is ``worker``.

    It listens on no port. Usually its image is that of the web service, with another ``command``. Defaults as for
    ``AppContainer``, but that the stop timeout is as long as Fargate allows: see ``WorkerService``.

    Attributes:
        image: A ``PublishedImage``, any ``ecs.ContainerImage``, or the name of a public image such as
            ``"public.ecr.aws/docker/library/python:3.14-slim"``.
        architecture: Architecture of an image that does not name its own; default, x86-64.

    All other options are those of every container: see ``TaskContainer``.

    Raises:
        ConfigurationError: ECS refuses a value, or ``architecture`` contradicts the image's.
    """

    name: ClassVar[str] = "worker"
