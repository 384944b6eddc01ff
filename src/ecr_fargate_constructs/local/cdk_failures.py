"""Find out why the CDK command line failed, from its output and that of the app and the builds. Pure."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PODMAN_STEP = re.compile(r"^(?:\[\d+/\d+\] )?STEP \d+/\d+: ")
_PODMAN_FAILED = re.compile(r"^(?:Error: )?building at STEP|^error building at|while running runtime:")
_BUILDKIT_FAILED = re.compile(r"^(?P<step>#\d+ )ERROR: ")
_DOCKER_FAILED = re.compile(r"^ERROR: failed")
_TOOLKIT = re.compile(r"^\S+: (?:start|success|fail|debug): ")
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)')
_EXCEPTION = re.compile(r"^[A-Za-z_][\w.]*(?:: |$)")
_LOST = re.compile(r"^\S*python[\w.]*: can't open file .*")
_ENDED = re.compile(r"Subprocess exited with error")
_NO_MANIFEST = re.compile(r"ENOENT.*manifest\.json|[Nn]o such file or directory.*manifest\.json")
_ANNOTATION = re.compile(r"^ERROR (?P<text>.+?)(?: \(Construct Annotations\))?$")
_FOREIGN = frozenset({"site-packages", "node_modules", ".venv", "venv"})
_MAX_LINES = 20  # of an exception's message
_SIGNS = (
    re.compile(r"CREATE_FAILED|UPDATE_FAILED|❌"),
    re.compile(r"^[\w.]*(?:Error|Exception): "),
    re.compile(r"(?i)\berror\b|failed"),
)

NO_SYNTH = "the app wrote nothing; does it call app.synth()?"


def cause(verb: str, lines: Sequence[str], app_directory: Path) -> str:
    """Return why a command of the CDK command line failed.

    It is the most precise part of the output: the failed step of a build with all of its output, the app's exception
    with its location in the app's own files, errors that constructs recorded, CloudFormation's failure, or the last
    line.

    Args:
        verb: The command: ``synth``, ``deploy`` and so on.
        lines: The output, without colours.
        app_directory: The directory of the app's own files.
    """
    if verb == "synth" and any(_NO_MANIFEST.search(line) for line in lines):
        return NO_SYNTH
    reason = failed_step(lines) or _exception(lines, app_directory) or _annotations(lines)
    if not reason:
        printed = [line for line in lines if line.strip()]
        printed = [line for line in printed if not _ENDED.search(line)] or printed
        matching = (line for sign in _SIGNS for line in printed if sign.search(line.strip()))
        reason = [next(matching, printed[-1] if printed else "it printed nothing").strip()]
    return f"cdk {verb} failed: " + "\n  ".join(reason)


def failed_step(lines: Sequence[str]) -> list[str]:
    """Return the failed step of an image build with its output; nothing if no build failed."""
    for index, line in enumerate(lines):
        if _PODMAN_FAILED.search(line):
            starts = [number for number in range(index) if _PODMAN_STEP.search(lines[number])]
            step = lines[starts[-1] : index] if starts else []
            return [line.rstrip(), *(each.rstrip() for each in step if not _TOOLKIT.search(each))]
        if failed := _BUILDKIT_FAILED.search(line):
            return [line.rstrip(), *(each.rstrip() for each in lines[:index] if each.startswith(failed["step"]))]
        if _DOCKER_FAILED.search(line):
            return [line.rstrip()]
    return []


def _exception(lines: Sequence[str], app_directory: Path) -> list[str]:
    """Return the message of the app's exception, with the last location in the app's own files; nothing without one."""
    for line in lines:
        if _LOST.search(line):
            return [line.strip()]
    frames = [(number, frame) for number, line in enumerate(lines) if (frame := _FRAME.search(line))]
    if not frames:
        return []
    last = frames[-1][0]
    starts = [number for number in range(last + 1, len(lines)) if _EXCEPTION.search(lines[number])]
    if not starts:
        return []
    message: list[str] = []
    for line in lines[starts[0] :]:
        if _ENDED.search(line) or len(message) == _MAX_LINES:
            break
        message.append(line.rstrip())
    own_frames = [frame for frame in frames if _is_own(frame[1]["file"], app_directory)]
    if not own_frames:
        return message
    number, frame = own_frames[-1]
    source = next((each.strip() for each in lines[number + 1 : number + 2] if each.startswith("    ")), "")
    file = Path(frame["file"])
    name = file.relative_to(app_directory) if file.is_relative_to(app_directory) else file
    location = f"at {name}:{frame['line']}" + (f": {source}" if source else "")
    return [*message, location]


def _is_own(file: str, app_directory: Path) -> bool:
    path = app_directory / file  # an absolute one stays as it is
    if file.startswith("<") or not path.is_relative_to(app_directory):
        return False
    return not _FOREIGN & set(path.relative_to(app_directory).parts)


def _annotations(lines: Sequence[str]) -> list[str]:
    """Return the errors that constructs recorded, each with the construct's path from the next line."""
    errors = []
    for line, after in pairwise([*lines, ""]):
        if error := _ANNOTATION.search(line.strip()):
            errors.append(f"[{after.strip()}] {error['text']}" if after.startswith(" ") else error["text"])
    return list(dict.fromkeys(errors))
