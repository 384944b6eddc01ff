"""A CDK project on disk: its ``cdk.json``, the context in it, and the program that it names."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CONFIGURATION = "cdk.json"
_LAUNCHERS = ("uv", "poetry", "pdm", "hatch", "pipenv", "rye")


@dataclass(frozen=True)
class Program:
    """The Python program of an app.

    Attributes:
        target: Its file, or the name of its module.
        is_module: True for ``python -m module``.
        arguments: The rest of the command line.
    """

    target: str
    is_module: bool
    arguments: tuple[str, ...]


def project_folder(start: Path, root: Path) -> Path | None:
    """Return the nearest folder with a ``cdk.json``, from ``start`` upwards, no higher than pytest's root."""
    for folder in (start, *start.parents):
        if (folder / _CONFIGURATION).is_file():
            return folder
        if folder == root:
            break
    return None


def require_project(folder: Path | None, start: Path) -> Path:
    """Return the folder; raise an error if there is none."""
    if folder is None:
        raise ValueError(
            f"no cdk.json in {start.parent} or above it, up to pytest's root folder; the `cdk_app` fixture runs the "
            "app that cdk.json names: run pytest in the project, or pass --cdk-outdir=cdk.out"
        )
    return folder


def context_of(folder: Path | None) -> dict[str, Any]:
    """Return the context that the CDK command line would pass: ``cdk.context.json``, and that of ``cdk.json``."""
    if folder is None:
        return {}
    cached = folder / "cdk.context.json"
    own: dict[str, Any] = _read(folder / _CONFIGURATION).get("context", {})
    return (_read(cached) if cached.is_file() else {}) | own


def program_of(folder: Path) -> Program:
    """Return the Python program that ``cdk.json`` names, with any launcher of the interpreter."""
    command = _read(folder / _CONFIGURATION).get("app")
    if not isinstance(command, str) or not command.strip():
        raise ValueError(f'{folder / _CONFIGURATION} names no app; add for example "app": "python3 app.py"')
    words = shlex.split(command)
    launcher = Path(words[0]).name
    if launcher in _LAUNCHERS:
        words = words[words.index("run") + 1 :] if "run" in words else []
    if words and _is_python(words[0]):
        words = words[1:]
    elif not words or not words[0].endswith(".py"):
        raise _not_python(folder, command)
    match words:
        case ["-m", module, *rest]:
            return Program(module, is_module=True, arguments=tuple(rest))
        case [script, *rest] if not script.startswith("-"):
            return Program(str(folder / script), is_module=False, arguments=tuple(rest))
        case _:
            raise _not_python(folder, command)


def _is_python(word: str) -> bool:
    name = Path(word).name.removesuffix(".exe")
    return name == "py" or name.rstrip("0123456789.") in {"python", "pypy"}


def _not_python(folder: Path, command: str) -> ValueError:
    return ValueError(
        f"{folder / _CONFIGURATION} starts the app with `{command}`, which is not a Python script or module that can "
        "be run in this process; synthesize it with `cdk synth` and pass --cdk-outdir=cdk.out"
    )


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content
