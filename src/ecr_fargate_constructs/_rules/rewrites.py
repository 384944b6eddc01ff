r"""The regular expressions of rule transforms: what Elastic Load Balancing refuses in them, and their Python.

Source: "Listener rules" and "Transforms for listener rules" in the Application Load Balancer guide, ``RewriteConfig``
in the API reference. That white space, backreferences, ``\Z``, some groups and a ``{`` without a number are refused,
too, was measured by the authors of MiniStack (``services/alb.py``).
"""

from __future__ import annotations

import re
from functools import cache

LONGEST = 1024
"""Characters of an expression, and of a replacement."""

_UNSUPPORTED = (
    (("(?=", "(?!"), "lookaheads"),
    (("(?<=", "(?<!"), "lookbehinds"),
    (("(?>",), "atomic groups"),
    (("(?P=",), "backreferences"),
    (("(?R)", "(?0)"), "recursion"),
    (("(?&", "(?P>"), "subroutines"),
    (("(?#",), "comments"),
    (("(?(",), "conditions"),
    (("(?|",), "branch resets"),
)
_SUBROUTINE = re.compile(r"\(\?[+-]?\d+\)")
_CODE_POINT = re.compile(r"\\x\{([0-9A-Fa-f]{1,8})\}")
_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d+(?:,\d*)?\})")
_POSIX = re.compile(r"\[:(\^?)([a-z]+):\]")
_FLAGS = re.compile(r"\(\?([imsx]+)\)")
_GROUP = re.compile(r"\$(\d)")
_POSIX_CLASSES = {
    "alnum": "A-Za-z0-9",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "punct": r"!-/:-@\[-`{-~",
    "upper": "A-Z",
    "word": r"\w",
    "xdigit": "A-Fa-f0-9",
}
_WRONG = (
    "bad character range",
    "min repeat greater than max repeat",
    "missing )",
    "nothing to repeat",
    "unbalanced parenthesis",
    "unterminated character set",
    "unterminated subpattern",
)
"""Errors of Python that are errors in every dialect; others may be of Python's own."""


class NotSupportedError(ValueError):
    """Elastic Load Balancing refuses the expression; the message says what it is about."""


@cache
def compiled(regex: str) -> re.Pattern[str] | None:
    """Return the expression as Python's; None if Python has no words for it.

    Raises:
        NotSupportedError: Elastic Load Balancing refuses it.
    """
    try:
        return re.compile(_translated(regex), re.ASCII)
    except (re.error, OverflowError) as error:
        if str(error).startswith(_WRONG):
            raise NotSupportedError(f"is not a regular expression ({error})") from error
        return None


def unknown_group(regex: str, replace: str) -> str | None:
    """Return the first group that a replacement names and the expression does not have, for example ``$2``."""
    pattern = compiled(regex)
    named = [int(each) for each in _GROUP.findall(replace)]
    return next((f"${each}" for each in named if pattern is not None and each > pattern.groups), None)


def rewritten(regex: str, replace: str, text: str) -> str | None:
    """Return a text in which the first match is replaced.

    Returns:
        The text as it was if nothing matches; None if Python cannot apply the expression.
    """
    pattern = compiled(regex)
    if pattern is None:
        return None
    match = pattern.search(text)
    if match is None:
        return text
    if any(int(each) > pattern.groups for each in _GROUP.findall(replace)):
        return None
    replaced = _GROUP.sub(lambda group: match.group(int(group[1])) or "", replace)
    return text[: match.start()] + replaced + text[match.end() :]


def _translated(regex: str) -> str:
    """Return the expression in Python's syntax."""
    flags = _FLAGS.match(regex)
    written, at = ([f"(?{flags[1]})"], flags.end()) if flags else ([], 0)
    while at < len(regex):
        if regex[at] == "\\":
            part, at = _escape(regex, at)
        elif regex[at] == "[":
            part, at = _character_class(regex, at)
        elif regex[at] == "(":
            part, at = _group(regex, at)
        else:
            part, at = _plain(regex, at)
        written.append(part)
    return "".join(written)


def _escape(regex: str, at: int, *, in_class: bool = False) -> tuple[str, int]:
    point = _CODE_POINT.match(regex, at)
    if point is not None:
        return f"\\U{int(point[1], 16):08x}", point.end()
    letter = regex[at + 1 : at + 2]
    if not letter:
        raise NotSupportedError("ends in a backslash")
    if letter in "pP":
        raise NotSupportedError(f"has Unicode character classes (\\{letter})")
    if letter.isdigit() or letter == "k":
        raise NotSupportedError(f"has backreferences (\\{letter})")
    if letter == "g":
        raise NotSupportedError("has subroutines (\\g)")
    if letter == "Z":
        raise NotSupportedError("has \\Z")
    return ("\\Z" if letter == "z" and not in_class else regex[at : at + 2]), at + 2


def _character_class(regex: str, at: int) -> tuple[str, int]:
    start = at + 2 if regex.startswith("[^", at) else at + 1
    written = [regex[at:start]]
    if regex.startswith("]", start):  # the first one stands for itself
        written.append("\\]")
        start += 1
    while start < len(regex) and regex[start] != "]":
        posix = _POSIX.match(regex, start)
        if posix is not None and not posix[1] and posix[2] in _POSIX_CLASSES:
            part, start = _POSIX_CLASSES[posix[2]], posix.end()
        elif regex[start] == "\\":
            part, start = _escape(regex, start, in_class=True)
        else:  # Python warns of what may become operators of sets
            part, start = f"\\{regex[start]}" if regex[start] in "[&~|" else regex[start], start + 1
        written.append(part)
    if start >= len(regex):
        raise NotSupportedError("has a '[' without its ']'")
    return "".join([*written, "]"]), start + 1


def _group(regex: str, at: int) -> tuple[str, int]:
    for openings, what in _UNSUPPORTED:
        if regex.startswith(openings, at):
            raise NotSupportedError(f"has {what} ({next(each for each in openings if regex.startswith(each, at))})")
    if _SUBROUTINE.match(regex, at):
        raise NotSupportedError("has subroutines")
    return ("(?P<", at + 3) if regex.startswith("(?<", at) else ("(", at + 1)


def _plain(regex: str, at: int) -> tuple[str, int]:
    if regex[at].isspace():
        raise NotSupportedError("has white space")
    quantifier = _QUANTIFIER.match(regex, at)
    if quantifier is None:
        if regex[at] == "{":
            raise NotSupportedError("has a '{' that begins no quantifier")
        return regex[at], at + 1
    if regex.startswith("+", quantifier.end()):
        raise NotSupportedError(f"has possessive quantifiers ({quantifier[0]}+)")
    return quantifier[0], quantifier.end()
