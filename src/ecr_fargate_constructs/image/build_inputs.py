"""The build's inputs beside its context: secrets, SSH keys, named contexts and local caches.

The builder runs in CDK's staged copy of the context, where a relative path points nowhere. Paths are resolved against
the working directory of the Python process, as ``directory`` is, and handed to the builder as absolute paths. Those
differ from machine to machine, so the image's hash excludes them and counts ``BuildInputs.fingerprint`` instead.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets

from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.image.ignores import Ignores
from ecr_fargate_constructs.image.secret_source import SOURCES, joined, source_parts
from ecr_fargate_constructs.image.walk import entries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecr_fargate_constructs.image.build import ImageBuild

# Values that buildx and podman take for a reference and not for a directory.
_REFERENCE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|target:|github\.com/|[\w.-]+@[\w.-]+:")
_LAYOUT = "oci-layout://"
_CACHE_PATHS = {"src", "dest"}


class BuildInputs(NamedTuple):
    """The inputs, as the builder receives them.

    Attributes:
        secrets: Id to source, with absolute paths.
        ssh: Socket or keys, with absolute paths.
        contexts: Name to reference or absolute path.
        fingerprint: Text that represents them in the image's hash; None when none of them counts.
    """

    secrets: Mapping[str, str]
    ssh: str | None
    contexts: Mapping[str, str]
    fingerprint: str | None


class _Input(NamedTuple):
    """One input: as the builder receives it, and as the image's hash counts it."""

    given: str
    counted: str


def build_inputs(build: ImageBuild, *, outdir: str | None) -> BuildInputs:
    """Resolve the paths of a build's inputs."""
    secrets = {name: _secret(name, source) for name, source in build.secrets.items()}
    contexts = {name: _context(name, value, outdir) for name, value in build.contexts.items()}
    ssh = None if build.ssh is None else _ssh(build.ssh)
    counts = build.invalidation
    counted: dict[str, object] = {}
    if secrets and (counts is None or counts.build_secrets is not False):
        counted["secrets"] = {name: each.counted for name, each in secrets.items()}
    if contexts and (counts is None or counts.build_contexts is not False):
        counted["contexts"] = {name: each.counted for name, each in contexts.items()}
    if ssh is not None and (counts is None or counts.build_ssh is not False):
        counted["ssh"] = ssh.counted
    return BuildInputs(
        {name: each.given for name, each in secrets.items()},
        None if ssh is None else ssh.given,
        {name: each.given for name, each in contexts.items()},
        json.dumps(counted, sort_keys=True) if counted else None,
    )


def local_cache(option: ecr_assets.DockerCacheOption) -> ecr_assets.DockerCacheOption:
    """Return a cache backend whose directory, if it has one, is an absolute path."""
    params = option.params
    if option.type != "local" or not params:
        return option
    absolute = {key: _absolute(value) if key in _CACHE_PATHS else value for key, value in params.items()}
    return ecr_assets.DockerCacheOption(type=option.type, params=absolute)


def _secret(name: str, source: str) -> _Input:
    """Resolve the file of a secret; its content does not count, because it is not part of the image."""
    option = f"ImageBuild.secrets[{name!r}]={source!r}"
    parts = source_parts(option, source)
    if any(part.lower() == "type=env" for part in parts):
        return _Input(source, source)  # with type=env, src= names a variable
    given, counted = [], []
    for part in parts:
        key, _, value = part.partition("=")
        if key.lower() in SOURCES and value:
            _check_file(option, value)
            given.append(f"{key}={_absolute(value)}")
            counted.append(f"{key}={_portable(value)}")
        else:
            given.append(part)
            counted.append(part)
    return _Input(joined(given), joined(counted))


def _ssh(value: str) -> _Input:
    """Resolve the socket or the keys that are forwarded: ``default``, or ``id=path[,path]``."""
    name, equals, files = value.partition("=")
    if not equals or not files:
        return _Input(value, value)
    keys = [key for key in files.split(",") if key]
    for key in keys:
        _check_file(f"ImageBuild.ssh={value!r}", key)
    return _Input(
        f"{name}={','.join(map(_absolute, keys))}",
        f"{name}={','.join(map(_portable, keys))}",
    )


def _context(name: str, value: str, outdir: str | None) -> _Input:
    """Resolve a named context; of a directory its content counts, of a reference its text."""
    if value.startswith(_LAYOUT):
        return _layout(value)
    if _REFERENCE.match(value):
        return _Input(value, value)
    option = f"ImageBuild.contexts[{name!r}]={value!r}"
    root = Path(_absolute(value))
    if not value or not root.exists():
        raise ConfigurationError(
            f"{option} does not exist (resolved to {root}); name a directory, relative to the working directory, or a "
            "reference such as 'docker-image://alpine:3.22'"
        )
    if not root.is_dir():
        raise ConfigurationError(f"{option} is a file ({root}); name the directory that holds it")
    return _Input(str(root), _content(root, option, outdir))


def _content(root: Path, option: str, outdir: str | None) -> str:
    """Return a hash over the files of a named context, without those that its ``.dockerignore`` excludes."""
    try:
        ignores = Ignores(root, outdir=outdir)
        executables = sorted(
            entry.relative for entry in entries(root, ignores) if entry.is_executable and not ignores.file(entry.path)
        )
        # CDK's own fingerprint of a directory, one call into Node; links stay links, as they do for BuildKit.
        content = cdk.FileSystem.fingerprint(
            str(root),
            exclude=ignores.patterns,
            ignore_mode=cdk.IgnoreMode.DOCKER,
            follow=cdk.SymlinkFollowMode.NEVER,
        )
    except RuntimeError as error:
        raise ConfigurationError(
            f"{option} cannot be read ({str(error).splitlines()[0]}); make it readable, or exclude the unreadable "
            f"files in {root / '.dockerignore'}"
        ) from error
    return _hash(json.dumps([content, executables]).encode())


def _layout(value: str) -> _Input:
    """Resolve an OCI layout, whose index names the digest of its content; it may be made after the synthesis."""
    location = value.removeprefix(_LAYOUT)
    folder = re.split(r"[:@]", os.path.splitdrive(location)[1], maxsplit=1)[0]
    folder = os.path.splitdrive(location)[0] + folder
    suffix = location[len(folder) :]
    index = Path(_absolute(folder)) / "index.json"
    digest = _hash(index.read_bytes()) if "@" not in suffix and index.is_file() else ""
    return _Input(f"{_LAYOUT}{_absolute(folder)}{suffix}", f"{_LAYOUT}{_portable(folder)}{suffix} {digest}".strip())


def _check_file(option: str, file: str) -> None:
    absolute = Path(_absolute(file))
    if not absolute.exists():
        raise ConfigurationError(
            f"{option} names a file that does not exist (resolved to {absolute}); paths are relative to the working "
            "directory, so add the file there or use its absolute path"
        )
    if absolute.is_dir():
        raise ConfigurationError(f"{option} names a directory ({absolute}); name a file")


def _absolute(path: str) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - a link that names the file stays one


def _portable(path: str) -> str:
    """Return the part of a path that is the same on every machine."""
    return Path(path).name if Path(path).is_absolute() else Path(os.path.normpath(path)).as_posix()


def _hash(content: bytes) -> str:
    import hashlib  # noqa: PLC0415 - only builds with named contexts need it

    return hashlib.sha256(content).hexdigest()
