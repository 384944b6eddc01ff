"""Text of others, on its way to the terminal."""

from __future__ import annotations

from typing import Any

from rich import console, markup

from ecr_fargate_constructs._rules.plain_text import plain


class Console(console.Console):
    """The console of every command: rich's, which by itself puts pictures in place of names between colons.

    Every ARN of a secret has ``:secret:`` in it.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - passed on to rich
        """Create the console.

        Args:
            options: Options of ``rich.console.Console``.
        """
        super().__init__(emoji=False, **options)


def escape(text: str) -> str:
    """Return a text that neither the terminal nor rich obeys."""
    return markup.escape(plain(text))
