"""The files of a build context that rules read.

A cloud assembly may come from anyone and name ``/`` as a build context, so everything has a limit.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.workload import Container

_MOST_FILES = 50_000
_MOST_READ = 2_000
_LARGEST = 1_000_000  # bytes
_NOT_ENTERED = {"node_modules", ".git"}
_SOURCES = (".js", ".cjs", ".mjs", ".ts", ".cts", ".mts")


@dataclass(frozen=True)
class BuildContext:
    """The files of a build context.

    Attributes:
        folder: Its directory.
    """

    folder: Path

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """Its files, except those in ``node_modules`` and ``.git``; files at the top come first."""
        return tuple(islice(_files(self.folder), _MOST_FILES))

    def named(self, *names: str) -> list[Path]:
        """Return the files with these names, in any folder."""
        wanted = set(names)
        return [file for file in self.files if file.name in wanted]

    def beginning(self, start: str) -> list[Path]:
        """Return the files whose names begin with ``start``, in any folder."""
        return [file for file in self.files if file.name.startswith(start)]

    def text(self, file: Path) -> str:
        """Return the text of a file; empty for a large file, a pipe, or a dangling link."""
        if not file.is_file() or file.stat().st_size > _LARGEST:
            return ""
        return file.read_text(encoding="utf-8-sig", errors="replace")

    @cached_property
    def javascript(self) -> str:
        """The text of its JavaScript and TypeScript sources."""
        files = (file for file in self.files if file.suffix in _SOURCES)
        return "\n".join(self.text(file) for file in islice(files, _MOST_READ))

    @cached_property
    def package(self) -> dict[str, object]:
        """The content of its ``package.json``; the one nearest to the top if there are several."""
        file = min(self.named("package.json"), key=lambda file: len(file.parts), default=None)
        try:
            content = None if file is None else json.loads(self.text(file))
        except (ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}


def context_of(container: Container) -> BuildContext | None:
    """Return the build context of a container's image; None for an image that the app does not build."""
    image = container.built
    if image is None:
        return None
    return container.task.app.once(("build context", image.context), lambda: BuildContext(image.context))


def _files(folder: Path) -> Iterator[Path]:
    for home, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - _NOT_ENTERED)
        yield from (Path(home) / name for name in sorted(names))
