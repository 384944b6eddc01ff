"""The error that ends a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class LocalError(Exception):
    """Something that the user has to know or do: the cause, the fix where there is one, and the log."""

    def __init__(self, cause: str, *, fix: str | None = None, log: Path | None = None) -> None:
        """Create the error.

        Args:
            cause: What went wrong.
            fix: What to do about it.
            log: Where the whole story is.
        """
        super().__init__(cause)
        self.cause = cause
        self.fix = fix
        self.log = log
