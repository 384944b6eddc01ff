"""The container that a task is for: the application behind a load balancer, or a worker."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, ClassVar

from ecr_fargate_constructs.architecture import Architecture
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.container.base import TaskContainer
from ecr_fargate_constructs.service.container.images import Image, architecture_of, check_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs._rules.tokens import Number


@dataclass(frozen=True, init=False, repr=False, eq=False)
class MainContainer(TaskContainer):
    """The container that the task ends with; ``AppContainer`` and ``WorkerContainer`` add what tells them apart."""

    name: ClassVar[str]
    """Name in the task."""

    image: Image
    _: KW_ONLY
    architecture: Architecture | None = None

    def __post_init__(self) -> None:
        kind = type(self).__name__
        check_image(f"{kind}.image", self.image)
        super().__post_init__()
        built_for = architecture_of(self.image)
        if built_for is not None and self.architecture not in {None, built_for}:
            raise ConfigurationError(
                f"{kind}.architecture={self.architecture} contradicts the image, which is built for "
                f"{built_for}; omit it, or set ImageBuild(architecture=…)"
            )

    @property
    def essential(self) -> bool:
        """True: the task ends with the container."""
        return True

    @property
    def ports(self) -> Sequence[Number]:
        """TCP ports that the container listens on."""
        return ()

    @property
    def runs_on(self) -> Architecture:
        """The architecture that this container requires of the task."""
        return architecture_of(self.image) or self.architecture or Architecture.X86_64
