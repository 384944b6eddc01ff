"""Where a file of a build context lands in the image, or why the image has to be built. Pure.

A file can be synced if a ``COPY`` puts it into the image as it is, and nothing in the build uses it after that. What a
``RUN`` does with it cannot be known, so every ``RUN`` after its ``COPY`` counts, except a few commands that read no
file of the application.

Sources: ``COPY``, ``ADD``, ``RUN --mount`` and "Pattern" of Docker's Dockerfile reference, and Go's ``filepath.Match``.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.dockerfile_variables import expanded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ecr_fargate_constructs._rules.dockerfile import Dockerfile, Instruction, Stage

_HARMLESS = frozenset({"addgroup", "adduser", "groupadd", "mkdir", "useradd", "usermod"})
"""Commands of a RUN that read no file of the application."""
_SHELL = re.compile(r"[`$<>|(){}*?\\]")
_SEPARATOR = re.compile(r"&&|;")
_FLAG = re.compile(r"--(?P<name>[\w-]+)(?:=(?P<value>\S*))?\s*")
_VARIABLE = re.compile(r"\$\{?(\w+)")
_ARCHIVE = re.compile(r"\.(?:tar|tar\.\w+|tgz|tbz2?|txz)$", re.IGNORECASE)
_OWNERSHIP = frozenset({"chown", "chmod"})


@dataclass(frozen=True)
class Landing:
    """Where a file lands.

    Attributes:
        paths: Absolute paths in the image; if there are several, the first one that is a file there: a ``COPY`` of a
            file to a directory is written like a ``COPY`` to a file.
        plain: Whether it belongs to root and keeps its rights, so that a new file needs no example.
    """

    paths: tuple[str, ...]
    plain: bool = True


class NeedsBuildError(Exception):
    """The image has to be built; the text says why."""


def landing(
    dockerfile: Dockerfile, target: str | None, file: str, arguments: Mapping[str, str] = MappingProxyType({})
) -> Landing:
    """Return where a file of the build context lands in an image.

    Args:
        dockerfile: The Dockerfile.
        target: The stage that is built; None for the last.
        file: The file, relative to the context, with slashes.
        arguments: The given build arguments.

    Raises:
        NeedsBuildError: Nothing copies the file as it is, or the build uses it.
    """
    chain = dockerfile.chain(target)
    _refuse_other_stages(dockerfile, chain, file)
    found: list[tuple[Landing, Instruction]] = []
    for directory, variables, instruction in _steps(chain, arguments):
        if instruction.name == "RUN":
            _refuse_run(instruction, file, copied=bool(found))
        elif instruction.name in {"COPY", "ADD"}:
            landed = _landed(instruction, file, directory, variables)
            if landed is not None:
                found.append((landed, instruction))
    if not found:
        raise NeedsBuildError(f"no COPY of the Dockerfile copies {file}")
    if len(found) > 1:
        raise NeedsBuildError(f"lines {found[0][1].line} and {found[1][1].line} of the Dockerfile copy {file}")
    return found[0][0]


def _steps(chain: Sequence[Stage], given: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str], Instruction]]:
    """Yield each instruction with its working directory (empty if unknown) and the variables that are known there."""
    directory, variables = "", dict[str, str]()
    for stage in chain:
        arguments: dict[str, str] = {}
        for instruction in stage.instructions:
            known = {**arguments, **variables}
            if instruction.name == "ENV":
                variables |= {name: expanded(value, known) for name, value in instruction.assignments}
            elif instruction.name == "ARG":
                name, is_set, value = instruction.value.strip().partition("=")
                if name in given:
                    arguments[name] = given[name]
                elif is_set:
                    arguments[name] = expanded(value.strip("\"'"), known)
            elif instruction.name == "WORKDIR":
                path = _expanded(instruction.value.strip("\"'"), known, instruction)
                directory = posixpath.normpath(posixpath.join(directory, path)) if directory or path[:1] == "/" else ""
            yield directory, known, instruction


def _expanded(text: str, variables: Mapping[str, str], instruction: Instruction) -> str:
    unknown = [name for name in _VARIABLE.findall(text) if name not in variables]
    if unknown:
        raise NeedsBuildError(f"line {instruction.line} of the Dockerfile uses ${unknown[0]}, which it does not set")
    return expanded(text, variables)


def _landed(copy: Instruction, file: str, directory: str, variables: Mapping[str, str]) -> Landing | None:
    """Return where one COPY puts a file; None if it copies another."""
    flags, rest = _flags(copy)
    if "from" in flags:
        return None
    words = _words(rest)
    if len(words) < 2 or any(word.startswith("<<") for word in words):  # noqa: PLR2004 - a source and a destination
        return None
    *sources, written = [_expanded(word, variables, copy) for word in words]
    matching = [each for each in (_match(source, file) for source in sources) if each is not None]
    if not matching:
        return None
    unknown = flags.keys() - {"chown", "chmod", "link"}
    if unknown:
        raise NeedsBuildError(f"line {copy.line} of the Dockerfile copies with --{min(unknown)}")
    if copy.name == "ADD" and _ARCHIVE.search(file):
        raise NeedsBuildError(f"line {copy.line} of the Dockerfile unpacks {file}")
    destination = posixpath.join(directory, written) if written[:1] != "/" else written
    if destination[:1] != "/":
        raise NeedsBuildError(f"line {copy.line} of the Dockerfile copies into the base image's working directory")
    rest_of_path, is_file = matching[0]
    below = posixpath.normpath(posixpath.join(destination, rest_of_path))
    single = is_file and len(sources) == 1 and not written.endswith(("/", "."))
    paths = (posixpath.normpath(destination), below) if single else (below,)
    return Landing(paths, plain=not single and not flags.keys() & _OWNERSHIP)


def _match(source: str, file: str) -> tuple[str, bool] | None:
    """Return the path of a file below the destination, and whether the source is the file itself."""
    parts = file.split("/")
    pattern = posixpath.normpath(source.lstrip("/") or ".").split("/")
    if pattern == ["."]:
        return file, False
    if len(pattern) > len(parts) or not all(map(fnmatchcase, parts, pattern)):
        return None
    if len(pattern) == len(parts):
        return parts[-1], "*" not in source and "?" not in source and "[" not in source
    return "/".join(parts[len(pattern) :]), False


def _flags(instruction: Instruction) -> tuple[dict[str, str], str]:
    flags, rest = {}, instruction.value
    while (flag := _FLAG.match(rest)) is not None:
        flags[flag["name"]] = flag["value"] or ""
        rest = rest[flag.end() :]
    return flags, rest


def _words(text: str) -> list[str]:
    if text.startswith("["):
        import json  # noqa: PLC0415 - rare

        try:
            return [str(word) for word in json.loads(text)]
        except ValueError:
            return []
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _refuse_run(run: Instruction, file: str, *, copied: bool) -> None:
    """Refuse a RUN that may use a file: after its COPY, or from the context itself."""
    flags = [flag for flag in _mounts(run) if flag.get("type", "bind") == "bind" and "from" not in flag]
    for mount in flags:
        source = posixpath.normpath(mount.get("source", mount.get("src", ".")).lstrip("/") or ".")
        if source in {".", file} or file.startswith(f"{source}/"):
            raise NeedsBuildError(f"RUN in line {run.line} of the Dockerfile reads the build context")
    if copied and not _is_harmless(run):
        raise NeedsBuildError(f"RUN in line {run.line} of the Dockerfile comes after its COPY, and may use it")


def _mounts(run: Instruction) -> Iterator[dict[str, str]]:
    rest = run.value
    while (flag := _FLAG.match(rest)) is not None:
        if flag["name"] == "mount":
            yield dict((*part.split("=", 1), "")[:2] for part in (flag["value"] or "").split(","))
        rest = rest[flag.end() :]


def _is_harmless(run: Instruction) -> bool:
    text = run.text
    if _SHELL.search(text):
        return False
    commands = [part.split() for part in _SEPARATOR.split(text)]
    return all(words and words[0].rpartition("/")[2] in _HARMLESS for words in commands)


def _refuse_other_stages(dockerfile: Dockerfile, chain: Sequence[Stage], file: str) -> None:
    """Refuse a file that a stage uses from which the image copies."""
    pending, seen = list(chain), {id(stage) for stage in chain}
    while pending:
        stage = pending.pop()
        for name in (name for instruction in stage.instructions for name in instruction.sources):
            for number, other in enumerate(dockerfile.stages):
                if name.lower() not in {other.name, str(number)} or not name:
                    continue
                for each in dockerfile.chain(other.name or str(number)):
                    if id(each) not in seen:
                        seen.add(id(each))
                        pending.append(each)
                        _refuse_stage(each, file)


def _refuse_stage(stage: Stage, file: str) -> None:
    for instruction in stage.instructions:
        if instruction.name == "RUN":
            _refuse_run(instruction, file, copied=False)
        elif instruction.name in {"COPY", "ADD"}:
            flags, rest = _flags(instruction)
            sources = _words(rest)[:-1]
            if "from" not in flags and any("$" in each or _match(each, file) is not None for each in sources):
                raise NeedsBuildError(f"line {instruction.line} of the Dockerfile copies it into another stage")
