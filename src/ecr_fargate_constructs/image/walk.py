"""One walk over a directory that travels to a build."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk

from ecr_fargate_constructs._rules.secret_files import is_secret_file
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.image.ignores import Ignores


@dataclass(frozen=True)
class Entry:
    """A file or link below a directory, or a subdirectory whose name is itself suspicious.

    Attributes:
        path: Its path, through the links that are followed.
        relative: The same, relative to the directory, with slashes.
        status: Its state; of the target where a link is followed.
        is_link: Whether it is a link that is not followed.
        leaves: For a link whose target lies outside of the directory, the target.
        is_loop: Whether it is a link that leads to itself.
    """

    path: str
    relative: str
    status: os.stat_result
    is_link: bool = False
    leaves: str | None = None
    is_loop: bool = False

    @property
    def name(self) -> str:
        """The file's name."""
        return self.relative.rpartition("/")[2]

    @property
    def is_executable(self) -> bool:
        """True where its owner may execute it. Windows has no execute bit."""
        return os.name != "nt" and stat.S_ISREG(self.status.st_mode) and bool(self.status.st_mode & stat.S_IXUSR)


def entries(
    root: Path, ignores: Ignores, *, follow: cdk.SymlinkFollowMode = cdk.SymlinkFollowMode.NEVER, path: str
) -> Iterator[Entry]:
    """Yield every entry below ``root``; excluded directories are not entered.

    Args:
        root: The directory, absolute.
        ignores: The patterns. They are asked about directories only; files cost a call into Node each.
        follow: The links that are followed, as CDK does it.
        path: Path of the construct that asks.

    Raises:
        ConfigurationError: A directory cannot be read.
    """
    real_root = os.path.realpath(root)
    pending: list[tuple[str, str, frozenset[str]]] = [(str(root), real_root, frozenset())]
    while pending:
        folder, real, above = pending.pop()
        if real in above:
            continue  # a followed link back to a directory that holds it
        for entry in _listed(folder, path):
            link = entry.is_symlink()
            target, is_loop = _target(entry.path) if link else (None, False)
            leaves = target if target is not None and not _is_inside(target, real_root) else None
            followed = target is not None and _is_followed(follow, internal=leaves is None) and Path(target).exists()
            if not entry.is_dir(follow_symlinks=followed) or is_secret_file(entry.name):
                relative = os.path.relpath(entry.path, root).replace(os.sep, "/")
                # .git and the like are named once, not file by file.
                status = entry.stat(follow_symlinks=followed)
                yield Entry(entry.path, relative, status, link and not followed, leaves, is_loop)
                continue
            inner = target if followed and target is not None else os.path.join(real, entry.name)  # noqa: PTH118 - speed
            if not ignores.tree(entry.path, inner):
                pending.append((entry.path, inner, above | {real}))


def _listed(folder: str, path: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise ConfigurationError(
            f"the build context's {folder} cannot be read: {error.strerror}; make it readable, or exclude it in "
            ".dockerignore",
            path=path,
        ) from error


def _target(link: str) -> tuple[str, bool]:
    """Return where a link leads, which may not exist yet, and whether it leads to itself."""
    try:
        return os.path.realpath(link, strict=True), False
    except FileNotFoundError:
        return os.path.realpath(link), False  # its target may be made by the build
    except OSError:
        return os.path.realpath(link), True


def _is_inside(target: str, root: str) -> bool:
    return target == root or target.startswith(root.rstrip(os.sep) + os.sep)


def _is_followed(follow: cdk.SymlinkFollowMode, *, internal: bool) -> bool:
    """Return whether CDK replaces a link by what it leads to."""
    modes = cdk.SymlinkFollowMode
    return follow in ((modes.ALWAYS, modes.BLOCK_EXTERNAL) if internal else (modes.ALWAYS, modes.EXTERNAL))
