"""Split command lines, as far as that is possible without a shell. Pure.

The words of a command in exec form are joined by blanks, so options are found without quotes.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SEPARATOR = re.compile(r"[;&|]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_LONGEST = 10_000  # characters of a command that are read
_DEEPEST = 3  # nested quoted commands: sh -c 'sh -c "…"'


def simple_commands(line: str) -> list[list[str]]:
    """Return the simple commands of a line, each as its words.

    ``&&``, ``;``, ``|`` and the like end a command. So does ``--`` before the name of a program, as in
    ``tini -- gunicorn``; before an option it passes that on, as in ``npm start -- --host 0.0.0.0``.
    """
    commands: list[list[str]] = [[]]
    words = list(_words(line[:_LONGEST]))
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else ""
        if _SEPARATOR.fullmatch(word) or (word == "--" and not following.startswith("-")):
            commands.append([])
        elif word not in {"--", "exec"}:
            commands[-1].append(word)
    return [command for command in commands if command]


def assignments(words: Sequence[str]) -> dict[str, str]:
    """Return the variables that a simple command sets for itself: ``PORT=80 node server.js``."""
    pairs = (word.partition("=") for word in words if _ASSIGNMENT.match(word))
    return {name: value for name, _, value in pairs}


def option_values(words: Sequence[str], options: Sequence[str]) -> list[str]:
    """Return the values of options: ``--bind X``, ``--bind=X``, ``-b X``, ``-bX``; "" for one without."""
    values: list[str] = []
    for place, word in enumerate(words):
        for option in options:
            if word == option:
                following = words[place + 1] if place + 1 < len(words) else ""
                values.append("" if following.startswith("-") else following)
            elif word.startswith(f"{option}="):
                values.append(word[len(option) + 1 :])
            elif len(option) == len("-b") and word.startswith(option):
                values.append(word[len(option) :])
    return values


def _words(line: str, depth: int = 0) -> Iterator[str]:
    for word in _split(line):
        if depth < _DEEPEST and any(map(str.isspace, word)):
            yield from _words(word, depth + 1)
        else:
            yield word


def _split(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:  # an unclosed quote
        return line.split()
