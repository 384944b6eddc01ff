"""The build context: what travels to the build, checked before any construct exists."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk

from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.image.build import ImageBuild

_SENSITIVE = (
    ".env",
    ".env.*",
    ".git",
    ".aws",
    ".ssh",
    ".npmrc",
    ".pypirc",
    ".netrc",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
)
_HARMLESS = (".env.example", ".env.sample", ".env.template", "*.pub")


@dataclass(frozen=True)
class BuildContext:
    """A directory that was looked at once.

    Attributes:
        directory: Absolute path, so that the working directory of the Node process does not matter.
        executables: Hash over the names of the files that carry an execute bit; None when there are none. CDK's asset
            hash ignores file modes, so that ``chmod +x entrypoint.sh`` would never be deployed.
        sensitive: Files that travel into the build and look like secrets, relative to the directory.
    """

    directory: Path
    executables: str | None
    sensitive: tuple[str, ...]


def inspect_context(directory: str | os.PathLike[str], build: ImageBuild, *, path: str) -> BuildContext:
    """Look at a build context, or say why it cannot be built.

    Relative directories are resolved against the working directory of the Python process.

    Raises:
        ConfigurationError: The directory is missing or a file; the Dockerfile is missing, empty, not a file or outside
            of the directory; or a symbolic link leaves the directory.
    """
    root = Path(os.path.abspath(directory))  # noqa: PTH100 - resolve() would follow a link that names the context
    _check_directory(root, directory, path)
    _check_dockerfile(root, build.dockerfile, path)
    ignore: cdk.IgnoreStrategy | None = None  # made when something looks suspicious
    executables, sensitive = [], []
    for entry in _entries(root):
        relative = os.path.relpath(entry.path, root).replace(os.sep, "/")
        link, executable, secret = entry.is_symlink(), _is_executable(entry), _is_sensitive(entry.name)
        if not (link or executable or secret):
            continue
        ignore = ignore or _ignore_strategy(root, build)
        if ignore.ignores(entry.path):
            continue
        if link:
            _check_link(entry, root, relative, path)
        elif executable:
            executables.append(relative)
        if secret:
            sensitive.append(relative)
    digest = hashlib.sha256("\n".join(sorted(executables)).encode()).hexdigest() if executables else None
    return BuildContext(root, digest, tuple(sorted(sensitive)))


def _check_directory(root: Path, given: str | os.PathLike[str], path: str) -> None:
    if not root.exists():
        raise ConfigurationError(
            f"directory={str(given)!r} does not exist (looked in {root}); name the directory that holds the Dockerfile",
            path=path,
        )
    if not root.is_dir():
        raise ConfigurationError(
            f"directory={str(given)!r} is a file; name the directory that holds the Dockerfile "
            "and the file with ImageBuild(dockerfile=…)",
            path=path,
        )


def _check_dockerfile(root: Path, dockerfile: str, path: str) -> None:
    file = root / dockerfile
    name = f"ImageBuild.dockerfile={dockerfile!r}"
    if not file.is_relative_to(root) or ".." in Path(dockerfile).parts:
        raise ConfigurationError(f"{name} is outside of the build directory {root}; use a path inside it", path=path)
    if not file.exists():
        raise ConfigurationError(
            f"{name} does not exist in {root}; add it, or name another file with ImageBuild(dockerfile=…)", path=path
        )
    if not file.is_file():
        raise ConfigurationError(f"{name} in {root} is not a file; name the Dockerfile itself", path=path)
    if not file.read_text(encoding="utf-8", errors="replace").strip():
        raise ConfigurationError(f"{name} in {root} is empty; it needs at least a FROM line", path=path)


def _ignore_strategy(root: Path, build: ImageBuild) -> cdk.IgnoreStrategy:
    """What CDK will exclude: the same patterns, in the same order, read by CDK's own matcher."""
    ignore_file = root / ".dockerignore"
    patterns = ignore_file.read_text(encoding="utf-8").splitlines() if ignore_file.is_file() else []
    return cdk.IgnoreStrategy.docker(str(root), [*patterns, *build.exclude])


def _entries(root: Path) -> Iterator[os.DirEntry[str]]:
    """Every file and link below ``root``, and the directories that are themselves suspicious; links not followed."""
    pending = [str(root)]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if not entry.is_dir(follow_symlinks=False):
                    yield entry
                elif _is_sensitive(entry.name):
                    yield entry  # .git and the like are named once, not file by file
                else:
                    pending.append(entry.path)


def _is_executable(entry: os.DirEntry[str]) -> bool:
    if os.name == "nt":  # Windows has no execute bit
        return False
    mode = entry.stat(follow_symlinks=False).st_mode
    return stat.S_ISREG(mode) and bool(mode & stat.S_IXUSR)


def _is_sensitive(name: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in _SENSITIVE) and not any(
        fnmatch.fnmatchcase(name, pattern) for pattern in _HARMLESS
    )


def _check_link(entry: os.DirEntry[str], root: Path, relative: str, path: str) -> None:
    target = Path(os.path.realpath(entry.path))
    if not target.is_relative_to(os.path.realpath(root)):
        raise ConfigurationError(
            f"the build context's {relative} is a symbolic link to {target}, outside of {root}; "
            "copy the file in, or exclude the link in .dockerignore",
            path=path,
        )
