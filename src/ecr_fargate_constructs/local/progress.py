"""The interface through which long operations report their progress."""

from __future__ import annotations


class Progress:
    """Receives the progress of an operation; this base class ignores it, the command line shows it."""

    def step(self, text: str) -> None:
        """Finish the previous step successfully, and start the next one."""

    def detail(self, text: str) -> None:
        """Show the latest output of the step."""

    def note(self, text: str, *, kind: str = "note") -> None:
        """Show a text permanently: a ``note``, or a ``warning``."""

    def failed(self) -> None:
        """Mark the step as failed."""
