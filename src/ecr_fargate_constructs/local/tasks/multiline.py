"""Join the lines of a container's log into events, as the log driver ``awslogs`` does. Pure.

A line that matches the pattern begins an event, and the lines that do not match belong to it. Source:
"awslogs-multiline-pattern" and "awslogs-datetime-format" in "Amazon CloudWatch Logs logging driver" (Docker docs).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LONGEST = 256 * 1024 - 26  # bytes of an event without the overhead that CloudWatch Logs counts: PutLogEvents
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_CODES = {
    "a": "(?:{})".format("|".join(each[:3] for each in _DAYS)),
    "A": "(?:{})".format("|".join(_DAYS)),
    "b": "(?:{})".format("|".join(each[:3] for each in _MONTHS)),
    "B": "(?:{})".format("|".join(_MONTHS)),
    "w": "[0-6]",
    "d": "(?:0[1-9]|[12][0-9]|3[01])",
    "m": "(?:0[1-9]|1[0-2])",
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "H": "(?:[01][0-9]|2[0-3])",
    "I": "(?:0[1-9]|1[0-2])",
    "M": "[0-5][0-9]",
    "S": "[0-5][0-9]",
    "L": r"\.\d{3}",
    "f": r"\d{6}",
    "p": "[AP]M",
    "z": r"[+-]\d{4}",
    "Z": "[A-Z]{1,4}T",
    "j": r"[0-3]\d{2}",
}
"""Regular expressions of the format codes that the driver knows."""


def pattern_of(options: Mapping[str, str]) -> re.Pattern[str] | None:
    """Return the pattern of the lines that begin an event; None if each line is one.

    Args:
        options: Options of the log driver.
    """
    text = options.get("awslogs-multiline-pattern")
    if form := options.get("awslogs-datetime-format"):
        text = re.sub(r"%(.)", lambda found: _CODES.get(found[1], re.escape(found[0])), form)
    try:
        return re.compile(text) if text else None
    except re.error:
        return None  # the driver's expressions are Go's


@dataclass
class Events:
    """The lines that have not become an event yet."""

    pattern: re.Pattern[str]
    _lines: list[str] = field(default_factory=list)
    _bytes: int = 0

    def take(self, line: str) -> Iterator[str]:
        """Take a line, and yield the event that is complete now, if there is one."""
        size = len(line.encode()) + 1
        if self.pattern.search(line) or self._bytes + size > _LONGEST:
            yield from self.rest()
        self._lines.append(line)
        self._bytes += size

    def rest(self) -> Iterator[str]:
        """Yield what is left as an event."""
        if self._lines:
            yield "\n".join(self._lines)
        self._lines, self._bytes = [], 0
