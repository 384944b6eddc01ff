"""The build context: the files that are sent to the build, checked before any construct exists."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.site import remember, root_of
from ecr_fargate_constructs._rules.dockerfile import ImageSettings
from ecr_fargate_constructs._rules.secret_files import is_secret_file
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.image.build_inputs import BuildInputs, build_inputs
from ecr_fargate_constructs.image.dockerfile import check_dockerfile
from ecr_fargate_constructs.image.ignores import Ignores, is_text
from ecr_fargate_constructs.image.walk import Entry, entries

if TYPE_CHECKING:
    from constructs import Construct

    from ecr_fargate_constructs.image.build import ImageBuild

_MANY_FILES, _LARGE = 5_000, 100 * 2**20
_LARGE_ENOUGH_TO_MATCH = 2**20  # bytes; for a smaller file the call into Node costs more than counting it wrongly


class BuildContext(NamedTuple):
    """A build directory after inspection.

    Attributes:
        directory: Absolute path, so that the working directory of the Node process does not matter.
        executables: Hash over the names of the executable files; None when there are none. CDK's asset hash ignores
            file modes, so that ``chmod +x entrypoint.sh`` would never be deployed.
        sensitive: Files that are sent to the build and look like secrets, relative to the directory.
        files: Number of files that are sent to the build, without excluded directories, but with small excluded files.
        size: Their size in bytes.
        dockerfile: The Dockerfile, relative to the directory, with slashes.
        exclude: Patterns to hand to CDK.
        inputs: The build's secrets, named contexts and SSH keys.
        settings: The settings of the image that the Dockerfile makes.
    """

    directory: Path
    executables: str | None
    sensitive: tuple[str, ...]
    files: int = 0
    size: int = 0
    dockerfile: str = "Dockerfile"
    exclude: tuple[str, ...] = ()
    inputs: BuildInputs = BuildInputs({}, None, {}, None)
    settings: ImageSettings = ImageSettings()

    @property
    def weight(self) -> str | None:
        """Number and size of the files of a large context, as text; None for a small one."""
        if self.files <= _MANY_FILES and self.size <= _LARGE:
            return None
        return f"{self.files:,} files with {self.size / 2**20:,.0f} MiB"


def inspect_context(directory: str | os.PathLike[str], build: ImageBuild, *, outdir: str | None = None) -> BuildContext:
    """Inspect a build context, and refuse one that cannot be built.

    Relative paths are resolved against the working directory of the Python process. The directory is walked once;
    excluded directories are not entered, and CDK's matcher, which costs a call into Node, is used only where the answer
    matters.

    Args:
        directory: The context.
        build: Options of the build.
        path: Path of the construct, for errors.
        outdir: Folder that the app is synthesized to, which is not sent to the build.

    Raises:
        ConfigurationError: The directory is missing, a file or the app's output folder; the Dockerfile is missing, not
            a file, outside of the directory or without the stage that ``build`` names; a secret or a named context is
            missing; the directory holds something other than files, directories and links, or something unreadable; or
            a symbolic link leaves the directory, or points to itself.
    """
    if not os.fspath(directory):
        raise ConfigurationError("directory='' is empty; name the directory that holds the Dockerfile")
    root = Path(os.path.abspath(directory))  # noqa: PTH100 - resolve() would follow a link that names the context
    _check_directory(root, directory)
    dockerfile, settings = check_dockerfile(root, build)
    ignores = Ignores(root, exclude=build.exclude, outdir=outdir, dockerfile=dockerfile)
    if (output := ignores.output_holds(dockerfile)) is not None:
        raise ConfigurationError(
            f"ImageBuild.dockerfile={build.dockerfile!r} is in {output}, the folder that the app is synthesized to, "
            "which is not sent to the build; put the Dockerfile elsewhere"
        )
    inputs = build_inputs(build, outdir=outdir)
    executables, sensitive, files, size = [], [], 0, 0
    for entry in entries(root, ignores, follow=build.follow_symlinks or cdk.SymlinkFollowMode.NEVER):
        name, mode = entry.name, entry.status.st_mode
        secret, executable = is_secret_file(name), entry.is_executable
        special = not (entry.is_link or stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or not is_text(name)
        linked = entry.is_link or entry.leaves is not None
        large = entry.status.st_size >= _LARGE_ENOUGH_TO_MATCH
        matters = linked or executable or secret or special or large
        if matters and ignores.file(entry.path):
            continue
        files, size = files + 1, size + entry.status.st_size
        if not matters:
            continue
        if special:
            _refuse(entry)
        if linked:
            _check_link(entry, root, build.follow_symlinks)
        if executable:
            executables.append(entry.relative)
        if secret:
            sensitive.append(entry.relative)
    return BuildContext(
        directory=root,
        executables=_digest(executables),
        sensitive=tuple(sorted(sensitive)),
        files=files,
        size=size,
        dockerfile=dockerfile,
        exclude=tuple(ignores.exclude),
        inputs=inputs,
        settings=settings,
    )


def _digest(executables: list[str]) -> str | None:
    if not executables:
        return None
    import hashlib  # noqa: PLC0415 - few contexts have executable files

    return hashlib.sha256("\n".join(sorted(executables)).encode()).hexdigest()


def outdir_of(scope: Construct) -> str | None:
    """Return the folder that the app of ``scope`` is synthesized to; None when no app is above it.

    It is the root assembly's folder, also in a ``cdk.Stage``, whose own folder is inside it.
    """
    root = root_of(scope)
    return remember(root, "outdir", lambda: root.outdir if isinstance(root, cdk.Stage) else None)


def _check_directory(root: Path, given: str | os.PathLike[str]) -> None:
    if not root.exists():
        raise ConfigurationError(
            f"directory={str(given)!r} does not exist (resolved to {root}); name the directory that holds the "
            "Dockerfile"
        )
    if not root.is_dir():
        raise ConfigurationError(
            f"directory={str(given)!r} is a file; name the directory that holds the Dockerfile, and the file with "
            "ImageBuild(dockerfile=…)"
        )


def _refuse(entry: Entry) -> None:
    """Refuse a file that cannot be part of a build context."""
    name = entry.relative.encode("utf-8", "backslashreplace").decode()
    kind = {stat.S_IFSOCK: "a socket", stat.S_IFIFO: "a named pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
    what = kind.get(stat.S_IFMT(entry.status.st_mode), "a file whose name is not UTF-8")
    raise ConfigurationError(
        f"{name} in the build context is {what}, which cannot be sent to a build; delete or rename it, or exclude it "
        "in .dockerignore"
    )


def _check_link(entry: Entry, root: Path, follow: cdk.SymlinkFollowMode | None) -> None:
    """Refuse a link that points to itself, or out of the directory unless ``follow`` covers it."""
    if entry.is_loop:
        raise ConfigurationError(
            f"{entry.relative} in the build context is a symbolic link to itself; delete it, or exclude it in "
            ".dockerignore"
        )
    if entry.leaves is not None and follow in (None, cdk.SymlinkFollowMode.BLOCK_EXTERNAL):
        raise ConfigurationError(
            f"{entry.relative} in the build context is a symbolic link to {entry.leaves}, outside of {root}; copy the "
            "file into the context, or exclude the link in .dockerignore"
        )
