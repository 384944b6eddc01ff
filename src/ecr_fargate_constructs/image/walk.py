"""A single walk over a directory that is sent to a build."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import aws_cdk as cdk

from ecr_fargate_constructs._rules.secret_files import is_secret_file
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.image.ignores import Ignores


class Entry(NamedTuple):
    """A file or link below a directory, or a subdirectory whose name suggests secrets.

    Attributes:
        path: Its path, through the links that are followed.
        relative: The same path, relative to the directory, with slashes.
        status: Its file status; that of the target where a link is followed.
        is_link: True for a link that is not followed.
        leaves: Target of a link that points outside of the directory; None for all others.
        is_loop: True for a link that points to itself.
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
        """True where the owner may execute the file. Windows has no execute bit."""
        return os.name != "nt" and stat.S_ISREG(self.status.st_mode) and bool(self.status.st_mode & stat.S_IXUSR)


def entries(
    root: Path, ignores: Ignores, *, follow: cdk.SymlinkFollowMode = cdk.SymlinkFollowMode.NEVER
) -> Iterator[Entry]:
    """Yield every entry below ``root``; excluded directories are not entered.

    Args:
        root: The directory, absolute.
        ignores: The patterns. Only directories are matched here: matching a file costs a call into Node.
        follow: The links that are followed, with CDK's meaning.
        path: Path of the construct, for errors.
    """
    real_root = os.path.realpath(root)
    pending: list[tuple[str, str, str, frozenset[str]]] = [(str(root), "", real_root, frozenset())]
    while pending:
        folder, place, real, above = pending.pop()
        if real in above:
            continue  # a followed link back to one of its parents
        for entry in _listed(folder):
            link = entry.is_symlink()
            target, is_loop = _target(entry.path) if link else (None, False)
            leaves = target if target is not None and not _is_inside(target, real_root) else None
            followed = target is not None and _is_followed(follow, internal=leaves is None) and Path(target).exists()
            if not entry.is_dir(follow_symlinks=followed) or is_secret_file(entry.name):
                # A directory such as .git is reported once, not file by file.
                status = entry.stat(follow_symlinks=followed)
                yield Entry(entry.path, f"{place}{entry.name}", status, link and not followed, leaves, is_loop)
                continue
            inner = target if followed and target is not None else os.path.join(real, entry.name)  # noqa: PTH118 - speed
            if not ignores.tree(entry.path, inner):
                pending.append((entry.path, f"{place}{entry.name}/", inner, above | {real}))


def _listed(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as listing:
            return sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        raise ConfigurationError(
            f"the directory {folder} of the build context cannot be read: {error.strerror}; make it readable, or "
            "exclude it in .dockerignore"
        ) from error


def _target(link: str) -> tuple[str, bool]:
    """Return the target of a link, which may not exist yet, and whether the link points to itself."""
    try:
        return os.path.realpath(link, strict=True), False
    except FileNotFoundError:
        return os.path.realpath(link), False  # the build may make the target
    except OSError:
        return os.path.realpath(link), True


def _is_inside(target: str, root: str) -> bool:
    return target == root or target.startswith(root.rstrip(os.sep) + os.sep)


def _is_followed(follow: cdk.SymlinkFollowMode, *, internal: bool) -> bool:
    """Return whether CDK replaces a link by its target."""
    modes = cdk.SymlinkFollowMode
    return follow in ((modes.ALWAYS, modes.BLOCK_EXTERNAL) if internal else (modes.ALWAYS, modes.EXTERNAL))
