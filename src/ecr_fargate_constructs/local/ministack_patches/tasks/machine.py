"""The machine that all tasks share: its engine and limits, and the folder of their files."""

from __future__ import annotations

import platform
import resource
import shutil
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.tasks.folders import FileSystems, ReadOnlyRoots
from ecr_fargate_constructs.local.ministack_patches.tasks.synced import Synced
from ecr_fargate_constructs.local.podman import default_limits
from ecr_fargate_constructs.local.tasks.cgroups import Group, Limits, group_of_instance
from ecr_fargate_constructs.local.tasks.options import ulimits
from ecr_fargate_constructs.local.tasks.pause import write_pause_program

if TYPE_CHECKING:
    from pathlib import Path

_Properties: TypeAlias = dict[str, Any]

_INITS = ("/usr/libexec/podman/catatonit", "/usr/lib/podman/catatonit")  # Docker has its own


class Machine:
    """The machine that all tasks share: its engine, and the folder of their files."""

    def __init__(self, port: int, folder: Path, *, podman: bool) -> None:
        """Look up MiniStack's internals.

        Args:
            port: Port of the embedded AWS.
            folder: Where the files of tasks are.
            podman: Whether the engine is podman.

        Raises:
            MovedError: MiniStack's internals have changed.
        """
        self.port, self.folder, self.podman = port, folder, podman
        self.systems = FileSystems(import_module("ministack.services.efs"), folder / "efs")
        self.read_only_roots = ReadOnlyRoots(folder / "read-only")
        self.synced = Synced()
        self.pause = folder / "pause"
        self.has_pause = write_pause_program(self.pause, platform.machine())
        self.has_init = not podman or any(map(shutil.which, ("catatonit", *_INITS)))
        self._groups: bool | None = None

    def has_groups(self, client: Any) -> bool:  # noqa: ANN401 - docker's client
        """Return whether tasks can have control groups: the engine takes any group, and this process may make them."""
        if self._groups is None:
            try:
                self._groups = client.info().get("CgroupDriver") == "cgroupfs"
                if self._groups:
                    Group(f"{group_of_instance(self.port)}/try").create(Limits(memory=64, cpu=256))
                    Group(f"{group_of_instance(self.port)}/try").remove()
            except Exception as error:  # noqa: BLE001 - whatever it is, the engine limits each container then
                print(f"not emulated: limits of whole tasks; control groups are not available: {error}", flush=True)
                self._groups = False
        return self._groups

    def ulimits(self, container: _Properties) -> _Properties:
        """Return the engine's option for the ulimits of a container; none if its definition has none."""
        limits, lowered = ulimits(container, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        for each in lowered:
            print(f"not emulated: {each}", flush=True)
        if not limits:
            return {}
        # A list replaces the whole default of the engine, and podman's own may be more than this machine allows.
        every = {name: (most, most) for name, most in default_limits().items()}
        every |= {name: (soft, hard) for name, soft, hard in limits}
        make = import_module("docker.types").Ulimit
        return {"ulimits": [make(name=name, soft=soft, hard=hard) for name, (soft, hard) in every.items()]}
