"""The error that ends a migration."""

from __future__ import annotations


class MigrationError(Exception):
    """A file that cannot be read as what it should be.

    Attributes:
        cause: What is wrong, in one line.
        line: Where, from 1; None for the file as a whole.
    """

    def __init__(self, cause: str, *, line: int | None = None) -> None:
        """Create the error."""
        super().__init__(cause)
        self.cause = cause
        self.line = line

    def __str__(self) -> str:
        """The line and the cause."""
        return self.cause if self.line is None else f"line {self.line}: {self.cause}"
