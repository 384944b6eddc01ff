"""Read environment files: "Pass environment variables to an Amazon ECS container", developer guide of ECS."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def variables_of(files: Iterable[str]) -> dict[str, str]:
    """Return the variables of a container's environment files, whose values are taken as they are.

    Of a variable that several lines set, the first one counts. Empty lines, comments and lines without ``=`` set
    nothing; nothing is expanded, and quotes stay.

    Args:
        files: The files' text, in the order of the definition.
    """
    found: dict[str, str] = {}
    for text in files:
        for line in text.splitlines():
            name, equals, value = line.partition("=")
            name = name.strip()
            if equals and name and not name.startswith("#"):
                found.setdefault(name, value)
    return found
