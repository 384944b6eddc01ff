"""Who is told what goes on."""

from __future__ import annotations


class Progress:
    """Told of steps; the command line shows them."""

    def step(self, text: str) -> None:
        """The step before has ended well, and one begins."""

    def detail(self, text: str) -> None:
        """Something happens within the step."""

    def note(self, text: str) -> None:
        """The user should know something; it stays when the step is over."""

    def failed(self) -> None:
        """The step has failed."""
