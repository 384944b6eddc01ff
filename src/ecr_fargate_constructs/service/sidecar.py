"""Containers that run beside the application."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs._checks import tcp_port
from ecr_fargate_constructs._tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.images import Image, check_image
from ecr_fargate_constructs.service.task_container import TaskContainer

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


@dataclass(frozen=True)
class Sidecar(TaskContainer):
    """A container beside the application, in every task; they reach each other on ``localhost``.

    Raises:
        ConfigurationError: For a value that ECS refuses.
    """

    name: str
    image: Image
    _: KW_ONLY
    essential: bool = True
    ports: Sequence[float] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot run."""
        check_image("Sidecar.image", self.image)
        super().__post_init__()
        if not is_token(self.name) and not _NAME.fullmatch(self.name):
            raise ConfigurationError(
                f"Sidecar.name={self.name!r} is not a container's name; use 1 to 255 letters, digits, '-' and '_'"
            )
        for port in self.ports:
            tcp_port("Sidecar.ports", port)
