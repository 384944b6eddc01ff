"""The container of a job, which runs to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.service.container.main import MainContainer


@typed
@dataclass(frozen=True)
class JobContainer(MainContainer):
    """A job's container. The run ends with it, and fails unless it exits with 0; its name in the task is ``job``.

    Usually its image is that of the web service, with another ``command``. Defaults as for ``AppContainer``, but that
    the stop timeout is two minutes, all that Fargate allows.

    Attributes:
        image: A ``PublishedImage``, any ``ecs.ContainerImage``, or the name of a public image such as
            ``"public.ecr.aws/docker/library/python:3.14-slim"``.
        architecture: Architecture of an image that does not name its own; default, x86-64.

    All other options are those of every container: see ``TaskContainer``.

    Raises:
        ConfigurationError: ECS refuses a value, or ``architecture`` contradicts the image's.
    """

    name: ClassVar[str] = "job"
