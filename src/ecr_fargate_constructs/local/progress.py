"""Who is told what goes on."""

from __future__ import annotations


class Progress:
    """Told of steps; the command line shows them."""

    def step(self, text: str) -> None:
        """The step before has ended well, and one begins."""

    def detail(self, text: str) -> None:
        """Something happens within the step."""

    def note(self, text: str, *, kind: str = "note") -> None:
        """Something that stays on the screen: a ``note``, or a ``warning``."""

    def failed(self) -> None:
        """The step has failed."""
