"""Measure and wrap the texts of a picture, for the widest of its fonts."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache, lru_cache

from ecr_fargate_constructs._rules.data import text_of

_FIRST = 0x20  # the first character of the table
_OTHER = {"regular": 1050, "bold": 1200}
"""Width of characters that are not in the table, such as umlauts and Cyrillic letters: few are wider."""

_WIDE = 1000  # of a Chinese, Japanese or Korean character, in any font
_MAX_LINES = 3
_MAX_TEXT = 600  # characters: more are never shown, nor measured
_PIECE = re.compile(r"[^\s/\-.:,_]*[\s/\-.:,_]+|[^\s/\-.:,_]+")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a text in the widest font that the picture names; no other one is wider."""
    widths, other = _widths()["bold" if bold else "regular"], _OTHER["bold" if bold else "regular"]
    return sum(_width(letter, widths, other) for letter in text) * size / 1000


def _width(letter: str, widths: list[int], other: int) -> int:
    place = ord(letter) - _FIRST
    if 0 <= place < len(widths):
        return widths[place]
    return _WIDE if unicodedata.east_asian_width(letter) in "WF" else other


@cache
def _widths() -> dict[str, list[int]]:
    table = json.loads(text_of("widths-dejavu-sans"))
    return {name: table[name] for name in _OTHER}


@lru_cache(maxsize=4096)
def wrapped(text: str, size: float, width: float, *, bold: bool = False, most: int = _MAX_LINES) -> tuple[str, ...]:
    """Return a text as lines that fit a width; the middle of a text that needs too many lines is left out.

    Args:
        text: The text.
        size: Its size.
        width: Largest width of a line.
        bold: Whether it is bold.
        most: Largest number of lines.
    """
    half = _MAX_TEXT // 2
    whole = text if len(text) <= _MAX_TEXT else f"{text[:half]}…{text[-half:]}"
    lines = _lines(whole, size, width, bold=bold)
    kept = len(whole)
    while len(lines) > most:
        kept = kept * 19 // 20
        lines = _lines(f"{whole[: (kept + 1) // 2]}…{whole[len(whole) - kept // 2 :]}", size, width, bold=bold)
    return lines


def _lines(text: str, size: float, width: float, *, bold: bool) -> tuple[str, ...]:
    """Break a text after punctuation, else inside words."""
    lines = [""]
    for piece in _pieces(text, size, width, bold=bold):
        if lines[-1] and text_width((lines[-1] + piece).rstrip(), size, bold=bold) > width:
            lines.append(piece.lstrip())
        else:
            lines[-1] += piece
    return tuple(line.rstrip() for line in lines)


def _pieces(text: str, size: float, width: float, *, bold: bool) -> list[str]:
    """Return the parts of a text that stay together: words, if they fit, otherwise parts of words, or characters."""
    pieces: list[str] = []
    for piece in _PIECE.findall(text):
        if text_width(piece.rstrip(), size, bold=bold) <= width:
            pieces.append(piece)
            continue
        for word in _WORD.split(piece):
            pieces += [word] if text_width(word.rstrip(), size, bold=bold) <= width else word
    return pieces
