"""The build context: what travels to the build, checked before any construct exists."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.site import remember, root_of
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
        dockerfile: The Dockerfile, relative to the directory, with slashes.
        exclude: Patterns to hand to CDK.
        inputs: The build's secrets, named contexts and SSH keys.
    """

    directory: Path
    executables: str | None
    sensitive: tuple[str, ...]
    files: int = 0
    size: int = 0
    dockerfile: str = "Dockerfile"
    exclude: tuple[str, ...] = ()
    inputs: BuildInputs = field(default_factory=BuildInputs)

    @property
    def weight(self) -> str | None:
        """The warning's words about a heavy context; None for a light one."""
        if self.files <= _MANY_FILES and self.size <= _LARGE:
            return None
        return f"{self.files:,} files with {self.size / 2**20:,.0f} MiB"


def inspect_context(
    directory: str | os.PathLike[str], build: ImageBuild, *, path: str, outdir: str | None = None
) -> BuildContext:
    """Look at a build context, or say why it cannot be built.

    Relative paths are resolved against the working directory of the Python process. One walk, in which excluded
    directories are not entered; CDK's matcher, which costs a call into Node, is asked about what matters only.

    Args:
        directory: The context.
        build: How it will be built.
        path: Path of the construct that asks.
        outdir: Folder that the app is synthesized to, which does not travel to the build.

    Raises:
        ConfigurationError: The directory is missing, a file or the app's output folder; the Dockerfile is missing, not
            a file, outside of the directory or without what ``build`` asks for; a secret or a named context is missing;
            something in the directory is neither file, directory nor link, or cannot be read; or a symbolic link leaves
            the directory, or leads to itself.
    """
    if not os.fspath(directory):
        raise ConfigurationError("directory='' names nothing; name the directory that holds the Dockerfile", path=path)
    root = Path(os.path.abspath(directory))  # noqa: PTH100 - resolve() would follow a link that names the context
    _check_directory(root, directory, path)
    dockerfile = check_dockerfile(root, build, path)
    ignores = Ignores(root, exclude=build.exclude, outdir=outdir, dockerfile=dockerfile, path=path)
    if (output := ignores.output_holds(dockerfile)) is not None:
        raise ConfigurationError(
            f"ImageBuild.dockerfile={build.dockerfile!r} is in {output}, the folder that the app is synthesized to, "
            "which does not travel to the build; put the Dockerfile elsewhere",
            path=path,
        )
    inputs = build_inputs(build, outdir=outdir, path=path)
    executables, sensitive, files, size = [], [], 0, 0
    for entry in entries(root, ignores, follow=build.follow_symlinks or cdk.SymlinkFollowMode.NEVER, path=path):
        secret, mode = is_secret_file(entry.name), entry.status.st_mode
        odd = not (entry.is_link or stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or not is_text(entry.name)
        linked = entry.is_link or entry.leaves is not None
        asked = linked or entry.is_executable or secret or odd or entry.status.st_size >= _WORTH_ASKING
        if asked and ignores.file(entry.path):
            continue
        files, size = files + 1, size + entry.status.st_size
        if not asked:
            continue
        if odd:
            _refuse(entry, path)
        if linked:
            _check_link(entry, root, build.follow_symlinks, path)
        if entry.is_executable:
            executables.append(entry.relative)
        if secret:
            sensitive.append(entry.relative)
    digest = hashlib.sha256("\n".join(sorted(executables)).encode()).hexdigest() if executables else None
    exclude = tuple(ignores.exclude)
    return BuildContext(root, digest, tuple(sorted(sensitive)), files, size, dockerfile, exclude, inputs)


def outdir_of(scope: Construct) -> str | None:
    """Return the folder that the app of ``scope`` is synthesized to; None when no app is above it.

    That is the root assembly's folder, also in a ``cdk.Stage``, whose own one lies in it.
    """
    root = root_of(scope)
    return remember(root, "outdir", lambda: root.outdir if isinstance(root, cdk.Stage) else None)


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


def _refuse(entry: Entry, path: str) -> None:
    """Refuse what no build can have in its context."""
    name = entry.relative.encode("utf-8", "backslashreplace").decode()
    kind = {stat.S_IFSOCK: "a socket", stat.S_IFIFO: "a named pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
    what = kind.get(stat.S_IFMT(entry.status.st_mode), "a file whose name is not UTF-8")
    raise ConfigurationError(
        f"the build context's {name} is {what}, which cannot travel to a build; delete or rename it, or exclude it in "
        ".dockerignore",
        path=path,
    )


def _check_link(entry: Entry, root: Path, follow: cdk.SymlinkFollowMode | None, path: str) -> None:
    """Refuse a link that leads to itself, or out of the directory where nobody asked for its target."""
    if entry.is_loop:
        raise ConfigurationError(
            f"the build context's {entry.relative} is a symbolic link that leads to itself; delete it, or exclude it "
            "in .dockerignore",
            path=path,
        )
    if entry.leaves is not None and follow in (None, cdk.SymlinkFollowMode.BLOCK_EXTERNAL):
        raise ConfigurationError(
            f"the build context's {entry.relative} is a symbolic link to {entry.leaves}, outside of {root}; "
            "copy the file in, or exclude the link in .dockerignore",
            path=path,
        )
