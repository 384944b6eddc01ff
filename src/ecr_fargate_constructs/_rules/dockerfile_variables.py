"""Variables in the FROM lines of a Dockerfile, and those that BuildKit sets. Pure.

Sources: "Variables" and "Automatic platform ARGs in the global scope" of Docker's Dockerfile reference.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLE = re.compile(r"\$(?:(?P<plain>\w+)|\{(?P<braced>\w+)(?:(?P<operator>:?[-+?])(?P<word>[^{}$]*))?\})")
"""A variable that contains no other, so that the inner one of ``${A:-${B}}`` is replaced first."""

_DEEPEST = 8  # nested variables
_LONGEST = 4096  # characters: arguments that contain each other twice would grow endlessly
_DEFAULT_PLATFORM = "linux/amd64"


def platform_variables(platform: str | None) -> dict[str, str]:
    """Return the platform variables that BuildKit sets before the first FROM.

    The build is assumed to run on the target platform, because an assembly does not say where it runs.
    """
    name = platform or _DEFAULT_PLATFORM
    system, architecture, variant = [*name.split("/"), "", ""][:3]
    values = {"PLATFORM": name, "OS": system, "ARCH": architecture, "VARIANT": variant}
    return {f"{side}{part}": value for side in ("TARGET", "BUILD") for part, value in values.items()}


def expanded(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its variables replaced; one without a value becomes an empty text."""
    text = text[:_LONGEST]
    for _ in range(_DEEPEST):
        replaced = _VARIABLE.sub(lambda match: _value(match, values), text)[:_LONGEST]
        if replaced == text:
            break
        text = replaced
    return text


def _value(match: re.Match[str], values: Mapping[str, str]) -> str:
    name = match["braced"] or match["plain"]
    value, operator, word = values.get(name, "")[:_LONGEST], match["operator"] or "", match["word"] or ""
    is_set = bool(value) if operator.startswith(":") else name in values
    if operator.endswith("+"):
        return word if is_set else ""
    if operator.endswith("-"):
        return value if is_set else word
    return value
