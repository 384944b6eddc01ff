"""Print to the terminal, without control characters and markup in text from elsewhere."""

from __future__ import annotations

import os
from typing import Any

from rich import console, markup

from ecr_fargate_constructs._rules.plain_text import plain


class Console(console.Console):
    """The console of all commands: rich's without emoji, since it would replace the ``:secret:`` in ARNs."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - passed on to rich
        """Create the console.

        Args:
            options: Options of ``rich.console.Console``.
        """
        super().__init__(emoji=False, **options)


def may_colour() -> bool | None:
    """Return whether ``typer.echo`` may print colours; None to print them on a terminal only."""
    return False if os.environ.get("NO_COLOR") else None


def escape(text: str) -> str:
    """Return a text without control characters, escaped for rich's markup."""
    return markup.escape(plain(text))
