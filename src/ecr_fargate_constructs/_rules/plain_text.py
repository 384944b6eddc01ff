"""Untrusted text, before it goes to a terminal or into a file. Pure."""

from __future__ import annotations

import re

_COLOUR = r"\x1b\[[0-9;]{0,32}m"
_SEQUENCE = re.compile(
    rf"(?P<colour>{_COLOUR})"
    r"|[\x1b\x9d\x90\x9e\x9f\x98][\]PX^_]?[^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c)(?<=[\x07\\\x9c])"  # to BEL or ST
    r"|(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,16}[@-~]"
    r"|\x1b[ -/]{0,4}[0-~]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""Characters that move the cursor, change the text's direction, or are not characters at all."""


def plain(text: str, *, colours: bool = False) -> str:
    """Return a text without control sequences, such as cursor moves, window titles and clipboard access.

    Line breaks and tabs are kept.

    Args:
        text: The text.
        colours: Whether to keep colours, for example in an application's logs; default, False.
    """
    kept: list[str] = []

    def without(match: re.Match[str]) -> str:
        if not colours or match["colour"] is None:
            return ""
        kept.append(match[0])
        return "\ue000"

    if colours:
        text = text.replace("\ue000", "\ufffd")
    cleaned = _CONTROL.sub("\ufffd", _SEQUENCE.sub(without, text.replace("\r\n", "\n")))
    colour = iter(kept)
    return re.sub("\ue000", lambda _: next(colour), cleaned) if colours else cleaned
