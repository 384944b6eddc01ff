"""What can go wrong, and whether trying again may help."""

from __future__ import annotations


class CopyError(Exception):
    """A copy cannot be made; the message is what CloudFormation shows."""


class TransientError(Exception):
    """A request failed in a way that another attempt may mend.

    Attributes:
        wait: Seconds that the registry asks to wait; None when it does not say.
    """

    def __init__(self, message: str, *, wait: float | None = None) -> None:
        """Describe the failure."""
        super().__init__(message)
        self.wait = wait


class OutOfTimeError(CopyError):
    """The function has to answer now."""
