"""Ask the embedded AWS to sync files, and read its answer."""

from __future__ import annotations

import json
import shutil
import urllib.error
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.aws_clients import post
from ecr_fargate_constructs.local.watching.images import digest
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ecr_fargate_constructs.local.instance import Instance, Memory
    from ecr_fargate_constructs.local.watching.images import WatchedImage

_PATH = "/_ministack/syncs"
_SECONDS = 3600  # the embedded AWS itself gives up after the grace period of the service


@dataclass(frozen=True)
class Outcome:
    """The result of a sync.

    Attributes:
        kind: ``synced``, ``refused`` (the image has to be built), ``superseded`` by another sync, or ``failed``.
        reason: Why it was refused, or has failed.
        tasks: The tasks that failed.
        count: Number of tasks that run the files.
    """

    kind: str
    reason: str = ""
    tasks: tuple[str, ...] = ()
    count: int = 0


@dataclass
class Request:
    """Files that are to be synced; their content is read now, so that a later edit does not change it."""

    folder: Path
    definitions: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    digests: dict[tuple[Path, str], str] = field(default_factory=dict)

    def add(self, image: WatchedImage, relative: str) -> None:
        """Add a file of a build context.

        Raises:
            NeedsBuildError: It cannot be synced.
            OSError: It is gone.
        """
        paths, was = image.landing(relative).paths, digest(image.staged(relative))
        self.folder.mkdir(parents=True, exist_ok=True)
        source = self.folder / str(len(self.digests))
        shutil.copy2(image.source / relative, source)
        self.digests[image.source, relative] = digest(source)
        for arn, name in image.containers:
            files = self.definitions.setdefault(arn, {}).setdefault(name, [])
            files.append({"paths": list(paths), "source": str(source), "was": was})


def sync(instance: Instance, memory: Memory, request: Request) -> Outcome:
    """Sync files into the tasks, and wait until all of them run with them, or one fails."""
    return _ask(instance, memory, {"definitions": request.definitions})


def take_back(instance: Instance, memory: Memory) -> Outcome:
    """Let all tasks run what their image has."""
    return _ask(instance, memory, {"take_back": True})


def _ask(instance: Instance, memory: Memory, content: object) -> Outcome:
    try:
        answer = json.loads(post(instance, memory, _PATH, content, seconds=_SECONDS))
    except urllib.error.HTTPError as error:
        raise ToolError(f"the files could not be synced: {error}", log=instance.server_log) from error
    tasks: Sequence[str] | int = answer.get("tasks", ())
    if isinstance(tasks, int):
        return Outcome(answer["outcome"], count=tasks)
    return Outcome(answer["outcome"], str(answer.get("reason", "")), tuple(tasks))
