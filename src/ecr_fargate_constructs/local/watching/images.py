"""The images that an app builds: their build contexts here and in the assembly, and the containers that run them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.watching.landing import Landing, NeedsBuildError, landing
from ecr_fargate_constructs.local.watching.synthesis import image_folders
from ecr_fargate_constructs.tools.assembly import workload
from ecr_fargate_constructs.tools.assembly.loading import load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ecr_fargate_constructs._rules.dockerfile import Dockerfile
    from ecr_fargate_constructs.local.services import Cloud
    from ecr_fargate_constructs.tools.assembly.stacks import BuiltImage

_KEPT = (".dockerignore", "Dockerfile")


@dataclass(frozen=True)
class WatchedImage:
    """An image whose build context is watched.

    Attributes:
        source: Directory of its build context.
        built: What the assembly says about the build; its context is a copy of the directory.
        dockerfile: Its Dockerfile; None if it cannot be read.
        containers: The containers that run it: the ARN of each task definition, and the name in it.
    """

    source: Path
    built: BuiltImage
    dockerfile: Dockerfile | None
    containers: tuple[tuple[str, str], ...]

    def relative(self, path: Path) -> str | None:
        """Return the name of a file in the context; None if the image was built without it."""
        if not path.is_relative_to(self.source):
            return None
        relative = path.relative_to(self.source).as_posix()
        return relative if (self.built.context / relative).is_file() else None

    def staged(self, relative: str) -> Path:
        """Return the copy of a file with which the image was built."""
        return self.built.context / relative

    def landing(self, relative: str) -> Landing:
        """Return where a file lands in the image.

        Raises:
            NeedsBuildError: It cannot be synced.
        """
        if self.staged(relative) == self.built.dockerfile or relative.rpartition("/")[2] in _KEPT:
            raise NeedsBuildError("it decides what is built")
        if self.dockerfile is None:
            raise NeedsBuildError("the Dockerfile cannot be read")
        if not self.containers:
            raise NeedsBuildError("no task definition runs the image")
        if self.staged(relative).is_symlink():
            raise NeedsBuildError("it is a symbolic link")
        return landing(self.dockerfile, self.built.target, relative, self.built.arguments)


def watched_images(assembly: Path, sources: Mapping[str, Path], cloud: Cloud) -> list[WatchedImage]:
    """Return the images of a deployed assembly whose build contexts are known.

    Args:
        assembly: The assembly.
        sources: Directory of each build context, by the name of its asset.
        cloud: The embedded AWS.
    """
    app = load(assembly)
    folders = {path.resolve(): sources[name] for name, path in image_folders(assembly) if name in sources}
    stacks = list(dict.fromkeys(stack.name for stack in app.stacks))
    deployed = {
        (stack, resource["LogicalResourceId"]): resource["PhysicalResourceId"]
        for stack, resource in cloud.members(stacks)
        if resource["ResourceType"] == "AWS::ECS::TaskDefinition"
    }
    found: dict[Path, tuple[BuiltImage, Dockerfile | None, list[tuple[str, str]]]] = {}
    for container in workload.containers(app):
        built, resource = container.built, container.task.resource
        arn = deployed.get((resource.template.stack.name, resource.logical_id))
        if built is None or arn is None or built.context.resolve() not in folders:
            continue
        _, _, containers = found.setdefault(built.context.resolve(), (built, container.dockerfile, []))
        containers.append((arn, container.name))
    return [
        WatchedImage(folders[context], built, dockerfile, tuple(containers))
        for context, (built, dockerfile, containers) in found.items()
    ]


def digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
