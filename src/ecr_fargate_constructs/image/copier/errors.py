"""The failures of a copy: final ones, and those that another attempt may resolve."""

from __future__ import annotations


class CopyError(Exception):
    """A copy cannot be made; CloudFormation shows the message."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class TransientError(Exception):
    """A request failed in a way that another attempt may resolve.

    Attributes:
        wait: Seconds that the registry asks to wait; None if it does not ask.
        once: True if only one further attempt is worth making, as after a refused login.
    """

    def __init__(self, message: str, *, wait: float | None = None, once: bool = False) -> None:
        super().__init__(printable(message))
        self.wait, self.once = wait, once


class OutOfTimeError(CopyError):
    """The function has to answer now."""


def printable(text: str) -> str:
    """Replace characters that a log or CloudFormation may refuse: a registry's message may end in half a character."""
    return "".join(character if character.isprintable() else "?" for character in text)
