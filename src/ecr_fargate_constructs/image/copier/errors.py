"""What can go wrong, and whether trying again may help."""

from __future__ import annotations


class CopyError(Exception):
    """A copy cannot be made; the message is what CloudFormation shows."""

    def __init__(self, message: str) -> None:
        """Say why."""
        super().__init__(printable(message))


class TransientError(Exception):
    """A request failed in a way that another attempt may mend.

    Attributes:
        wait: Seconds that the registry asks to wait; None when it does not say.
        once: Whether one further attempt decides, as after a login that was refused.
    """

    def __init__(self, message: str, *, wait: float | None = None, once: bool = False) -> None:
        """Describe the failure."""
        super().__init__(printable(message))
        self.wait, self.once = wait, once


class OutOfTimeError(CopyError):
    """The function has to answer now."""


def printable(text: str) -> str:
    """Replace what a log or CloudFormation may refuse: a registry's own words may hold half a character."""
    return "".join(character if character.isprintable() else "?" for character in text)
