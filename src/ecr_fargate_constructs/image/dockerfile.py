"""The Dockerfile: checks that are possible before the build."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ecr_fargate_constructs._rules.dockerfile import INSTRUCTIONS, Dockerfile, ImageSettings
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from ecr_fargate_constructs.image.build import ImageBuild

_HEREDOC = re.compile(r"<<-?[\"']?\w")
_VARIABLE = re.compile(r"\$\{?(\w+)")
_PREDEFINED = re.compile(r"(?:BUILD|TARGET)(?:PLATFORM|OS|ARCH|VARIANT|STAGE)")
_FRONTEND = re.compile(r"^[ \t]*#[ \t]*syntax[ \t]*=[ \t]*(?!\S*docker/dockerfile)", re.IGNORECASE | re.MULTILINE)


class Checked(NamedTuple):
    """A Dockerfile that can be built.

    Attributes:
        path: Its path relative to the build directory, with slashes.
        settings: The settings of its image.
    """

    path: str
    settings: ImageSettings


def check_dockerfile(root: Path, build: ImageBuild) -> Checked:
    """Refuse a Dockerfile in ``root`` that no builder accepts, and return what it makes."""
    name = f"ImageBuild.dockerfile={build.dockerfile!r}"
    relative = _inside(root, build.dockerfile)
    if relative is None:
        raise ConfigurationError(f"{name} is outside the build directory {root}; use a path inside it")
    file = root / relative
    if not file.exists():
        raise ConfigurationError(
            f"{name} does not exist in {root}; add it, or name another file with ImageBuild(dockerfile=…)"
        )
    if not file.is_file():
        raise ConfigurationError(f"{name} in {root} is not a file; name the Dockerfile itself")
    # Builders skip a byte-order mark, which some editors on Windows write.
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    if not text.strip():
        raise ConfigurationError(f"{name} in {root} is empty; write at least a FROM line")
    dockerfile = Dockerfile.parse(text, build.args, f"linux/{build.architecture.value}")
    if _FRONTEND.search(text):  # another frontend's syntax
        return Checked(relative, dockerfile.settings(build.target))
    if not dockerfile.stages:
        raise ConfigurationError(
            f"{name} in {root} has no FROM line, so it builds nothing; add one, or name another Dockerfile"
        )
    if dockerfile.before is not None:
        raise ConfigurationError(
            f"{name} in {root} has {dockerfile.before.name} in line {dockerfile.before.line}, before the first FROM, "
            "where only ARG is allowed; begin with FROM"
        )
    _check_bases(dockerfile, name)
    if not _HEREDOC.search(text):  # the lines of a here-document may be anything
        _check_instructions(dockerfile, name)
    _check_target(dockerfile, build.target, name)
    return Checked(relative, dockerfile.settings(build.target))


def _inside(root: Path, dockerfile: str) -> str | None:
    """Return a path relative to ``root``, with slashes; None for one that lies outside.

    An absolute path may reach the directory in another way, for example without a link that is part of ``root``.
    """
    file = Path(os.path.normpath(root / dockerfile))
    if not file.is_relative_to(root):
        file, root = Path(os.path.realpath(file.parent)) / file.name, Path(os.path.realpath(root))
        if not file.is_relative_to(root):
            return None
    return file.relative_to(root).as_posix()


def _check_bases(dockerfile: Dockerfile, name: str) -> None:
    """Refuse a FROM whose variable has no value; BuildKit predefines the platform variables in every build."""
    for stage in dockerfile.stages:
        variables = _VARIABLE.findall(stage.source.value)
        if not stage.image and not any(map(_PREDEFINED.fullmatch, variables)):
            raise ConfigurationError(
                f"{name} has FROM {stage.source.value} in line {stage.source.line}, and no value is given "
                f"for {' and '.join(variables)}; add ARG {variables[0]} before it, and give "
                f"ImageBuild(args={{{variables[0]!r}: …}})"
            )


def _check_instructions(dockerfile: Dockerfile, name: str) -> None:
    for stage in dockerfile.stages:
        for each in stage.instructions:
            if each.name not in INSTRUCTIONS:
                from difflib import get_close_matches  # noqa: PLC0415 - only for an error

                near = get_close_matches(each.name, INSTRUCTIONS, n=1)
                raise ConfigurationError(
                    f"{name} has {each.name!r} in line {each.line}, which is not a Dockerfile instruction; "
                    f"{f'did you mean {near[0]}?' if near else 'remove it'}"
                )


def _check_target(dockerfile: Dockerfile, target: str | None, name: str) -> None:
    if target is None:
        return
    if target.isdigit():  # stages have numbers as well as names
        count = len(dockerfile.stages)
        if int(target) >= count:
            raise ConfigurationError(
                f"ImageBuild.target={target!r} is not a stage of {name}, which has {count}; use '0' to '{count - 1}', "
                "or omit target to build the last stage"
            )
        return
    stages = [stage.name for stage in dockerfile.stages if stage.name]
    if target.lower() not in stages:
        raise ConfigurationError(
            f"ImageBuild.target={target!r} is not a stage of {name}; use "
            f"{', '.join(map(repr, stages)) if stages else 'FROM … AS …'}, or omit target to build the last stage"
        )
