"""Lines of the program that created a resource, from the stack trace that ``cdk synth --debug-app`` records."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FRAME = re.compile(r" \((?P<file>.+?):(?P<line>\d+)(?::\d+)?\)$")
_INSTALLED = {"dist-packages", "node_modules", "site-packages"}
_LIBRARY = Path(__file__).parents[2]


def source_lines(trace: Sequence[str]) -> Iterator[tuple[Path, int]]:
    """Yield the file and line of each frame, the innermost first."""
    for frame in trace:
        match = _FRAME.search(frame)
        if match is not None:
            yield Path(match["file"]), int(match["line"])


def line_of_app(trace: Sequence[str]) -> tuple[Path, int] | None:
    """Return the innermost line that is the app's own, not that of an installed package or of this library."""
    return next((line for line in source_lines(trace) if _is_of_app(line[0])), None)


def _is_of_app(file: Path) -> bool:
    return not _INSTALLED.intersection(file.parts) and not file.is_relative_to(_LIBRARY)
