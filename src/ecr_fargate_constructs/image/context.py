"""The build context: what travels to the build, checked before any construct exists."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import aws_cdk as cdk

from ecr_fargate_constructs._secret_files import is_secret_file
from ecr_fargate_constructs._tree import stack_of
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.image.dockerfile import check_dockerfile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs import Construct

    from ecr_fargate_constructs.image.build import ImageBuild

_OUTDIRS: WeakKeyDictionary[cdk.Stack, str | None] = WeakKeyDictionary()
_MANY_FILES, _LARGE = 5_000, 100 * 2**20
_WORTH_ASKING = 2**20  # bytes from which a file is worth a call into Node, to know whether it is excluded


@dataclass(frozen=True)
class BuildContext:
    """A directory that was looked at once.

    Attributes:
        directory: Absolute path, so that the working directory of the Node process does not matter.
        executables: Hash over the names of the files that carry an execute bit; None when there are none. CDK's asset
            hash ignores file modes, so that ``chmod +x entrypoint.sh`` would never be deployed.
        sensitive: Files that travel into the build and look like secrets, relative to the directory.
        files: How many files travel into the build; excluded directories left out, small excluded files not.
        size: Their bytes.
    """

    directory: Path
    executables: str | None
    sensitive: tuple[str, ...]
    files: int = 0
    size: int = 0

    @property
    def weight(self) -> str | None:
        """What there is to say about its weight; None when there is nothing."""
        if self.files <= _MANY_FILES and self.size <= _LARGE:
            return None
        return f"{self.files:,} files with {self.size / 2**20:,.0f} MiB"


def inspect_context(
    directory: str | os.PathLike[str], build: ImageBuild, *, path: str, outdir: str | None = None
) -> BuildContext:
    """Look at a build context, or say why it cannot be built.

    Relative directories are resolved against the working directory of the Python process. One walk, in which excluded
    directories are not entered; CDK's matcher, which costs a call into Node, is asked about what matters only.

    Args:
        directory: The context.
        build: How it will be built.
        path: Path of the construct that asks.
        outdir: Where the app is synthesized to, which does not travel to the build.

    Raises:
        ConfigurationError: The directory is missing or a file; the Dockerfile is missing, not a
            file, outside of the directory or without what ``build`` asks for; something in it is neither file,
            directory nor link, or cannot be read; or a symbolic link leaves the directory, or leads to itself.
    """
    if not os.fspath(directory):
        raise ConfigurationError("directory='' names nothing; name the directory that holds the Dockerfile", path=path)
    root = Path(os.path.abspath(directory))  # noqa: PTH100 - resolve() would follow a link that names the context
    _check_directory(root, directory, path)
    check_dockerfile(root, build, path)
    ignores = Ignores(root, build, outdir)
    executables, sensitive, files, size = [], [], 0, 0
    for entry in _entries(root, ignores, path):
        link, secret = entry.is_symlink(), is_secret_file(entry.name)
        status = entry.stat(follow_symlinks=False)
        executable = _is_executable(status)
        odd = not (link or stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)) or not _is_text(entry.name)
        asked = link or executable or secret or odd or status.st_size >= _WORTH_ASKING
        if asked and ignores.file(entry.path):
            continue
        files, size = files + 1, size + status.st_size
        if not asked:
            continue
        relative = os.path.relpath(entry.path, root).replace(os.sep, "/")
        if odd:
            _refuse(relative, status, path)
        if link:
            _check_link(entry, root, relative, path)
        elif executable:
            executables.append(relative)
        if secret:
            sensitive.append(relative)
    digest = hashlib.sha256("\n".join(sorted(executables)).encode()).hexdigest() if executables else None
    return BuildContext(root, digest, tuple(sorted(sensitive)), files, size)


def outdir_of(scope: Construct) -> str | None:
    """Where the app of ``scope`` is synthesized to."""
    stack = stack_of(scope)
    if stack not in _OUTDIRS:
        stage = cdk.Stage.of(stack)
        _OUTDIRS[stack] = None if stage is None else stage.outdir
    return _OUTDIRS[stack]


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


class Ignores:
    """What CDK will exclude: the same patterns, in the same order, read by CDK's own matcher."""

    def __init__(self, root: Path, build: ImageBuild, outdir: str | None) -> None:
        """Read the patterns."""
        self._outdir = None if outdir is None else os.path.abspath(outdir)  # noqa: PTH100 - as the context
        ignore_file = root / ".dockerignore"
        patterns = ignore_file.read_text(encoding="utf-8").splitlines() if ignore_file.is_file() else []
        self._patterns = [*patterns, *build.exclude]
        self._root = root
        self._matcher: cdk.DockerIgnoreStrategy | None = None

    def file(self, path: str) -> bool:
        """Whether a file is excluded."""
        return bool(self._patterns) and _is_text(path) and self._strategy.ignores(path)

    @property
    def _strategy(self) -> cdk.DockerIgnoreStrategy:
        """CDK's matcher, made when it is first asked."""
        if self._matcher is None:
            self._matcher = cdk.IgnoreStrategy.docker(str(self._root), self._patterns)
        return self._matcher

    def tree(self, path: str) -> bool:
        """Whether a directory is excluded with all that is in it."""
        if path == self._outdir:
            return True
        return bool(self._patterns) and _is_text(path) and self._strategy.completely_ignores(path)


def _entries(root: Path, ignores: Ignores, path: str) -> Iterator[os.DirEntry[str]]:
    """Every file and link below ``root``, and the directories that are themselves suspicious; links not followed."""
    pending = [str(root)]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            raise ConfigurationError(
                f"the build context's {folder} cannot be read: {error.strerror}; make it readable, or exclude it in "
                ".dockerignore",
                path=path,
            ) from error
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False) or is_secret_file(entry.name):
                yield entry  # .git and the like are named once, not file by file
            elif not ignores.tree(entry.path):
                pending.append(entry.path)


def _is_executable(status: os.stat_result) -> bool:
    if os.name == "nt":  # Windows has no execute bit
        return False
    return stat.S_ISREG(status.st_mode) and bool(status.st_mode & stat.S_IXUSR)


def _is_text(name: str) -> bool:
    """Whether Node can read a name; one that is not UTF-8 has surrogates here."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _refuse(relative: str, status: os.stat_result, path: str) -> None:
    """Refuse what no build can have in its context."""
    name = relative.encode("utf-8", "backslashreplace").decode()
    kind = {stat.S_IFSOCK: "a socket", stat.S_IFIFO: "a named pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
    what = kind.get(stat.S_IFMT(status.st_mode), "a file whose name is not UTF-8")
    raise ConfigurationError(
        f"the build context's {name} is {what}, which cannot travel to a build; delete or rename it, or exclude it in "
        ".dockerignore",
        path=path,
    )


def _check_link(entry: os.DirEntry[str], root: Path, relative: str, path: str) -> None:
    try:
        target = Path(os.path.realpath(entry.path, strict=True))
    except FileNotFoundError:
        target = Path(os.path.realpath(entry.path))  # its target may be made by the build
    except OSError as error:
        raise ConfigurationError(
            f"the build context's {relative} is a symbolic link that leads to itself; delete it, or exclude it in "
            ".dockerignore",
            path=path,
        ) from error
    if not target.is_relative_to(os.path.realpath(root)):
        raise ConfigurationError(
            f"the build context's {relative} is a symbolic link to {target}, outside of {root}; "
            "copy the file in, or exclude the link in .dockerignore",
            path=path,
        )
