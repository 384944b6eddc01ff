"""Why the CDK command line failed, read from what it, the app and the build have printed. Pure."""

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
_MOST_LINES = 20  # of an exception's message
_SIGNS = (
    re.compile(r"CREATE_FAILED|UPDATE_FAILED|❌"),
    re.compile(r"^[\w.]*(?:Error|Exception): "),
    re.compile(r"(?i)\berror\b|failed"),
)

NO_SYNTH = "the app wrote nothing; does it call app.synth()?"


def cause(verb: str, lines: Sequence[str], app_directory: Path) -> str:
    """Return why a verb of the CDK command line failed.

    The most precise of what was printed: the failed step of a build with all of its output, the exception of the app
    with the place in the app's own files, errors that constructs recorded, CloudFormation's failure, or the last line.

    Args:
        verb: ``synth``, ``deploy`` and so on.
        lines: What was printed, without colours.
        app_directory: The directory that the app's own files are in.
    """
    if verb == "synth" and any(_NO_MANIFEST.search(line) for line in lines):
        return NO_SYNTH
    found = failed_step(lines) or _exception(lines, app_directory) or _annotations(lines)
    if not found:
        said = [line for line in lines if line.strip()]
        said = [line for line in said if not _ENDED.search(line)] or said
        matching = (line for sign in _SIGNS for line in said if sign.search(line.strip()))
        found = [next(matching, said[-1] if said else "it printed nothing").strip()]
    return f"cdk {verb} failed: " + "\n  ".join(found)


def failed_step(lines: Sequence[str]) -> list[str]:
    """Return the failed step of an image's build, with all that it printed; nothing when no build failed."""
    for place, line in enumerate(lines):
        if _PODMAN_FAILED.search(line):
            starts = [number for number in range(place) if _PODMAN_STEP.search(lines[number])]
            step = lines[starts[-1] : place] if starts else []
            return [line.rstrip(), *(each.rstrip() for each in step if not _TOOLKIT.search(each))]
        if failed := _BUILDKIT_FAILED.search(line):
            return [line.rstrip(), *(each.rstrip() for each in lines[:place] if each.startswith(failed["step"]))]
        if _DOCKER_FAILED.search(line):
            return [line.rstrip()]
    return []


def _exception(lines: Sequence[str], app_directory: Path) -> list[str]:
    """The message of the app's exception, with the last place in the app's own files; nothing when there is none."""
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
        if _ENDED.search(line) or len(message) == _MOST_LINES:
            break
        message.append(line.rstrip())
    here = [frame for frame in frames if _is_own(frame[1]["file"], app_directory)]
    if not here:
        return message
    number, frame = here[-1]
    source = next((each.strip() for each in lines[number + 1 : number + 2] if each.startswith("    ")), "")
    file = Path(frame["file"])
    name = file.relative_to(app_directory) if file.is_relative_to(app_directory) else file
    place = f"at {name}:{frame['line']}" + (f": {source}" if source else "")
    return [*message, place]


def _is_own(file: str, app_directory: Path) -> bool:
    path = app_directory / file  # an absolute one stays as it is
    if file.startswith("<") or not path.is_relative_to(app_directory):
        return False
    return not _FOREIGN & set(path.relative_to(app_directory).parts)


def _annotations(lines: Sequence[str]) -> list[str]:
    """Errors that constructs recorded, each with the path in the line after it."""
    found = []
    for line, after in pairwise([*lines, ""]):
        if error := _ANNOTATION.search(line.strip()):
            found.append(f"[{after.strip()}] {error['text']}" if after.startswith(" ") else error["text"])
    return list(dict.fromkeys(found))
