"""The error that ends a migration."""

from __future__ import annotations


class MigrationError(Exception):
    """A file that is not what it should be.

    Attributes:
        cause: The cause, in one line.
        line: Line of the file, from 1; None for the file as a whole.
    """

    def __init__(self, cause: str, *, line: int | None = None) -> None:
        """Create the error."""
        super().__init__(cause)
        self.cause = cause
        self.line = line

    def __str__(self) -> str:
        """Return the line and the cause."""
        return self.cause if self.line is None else f"line {self.line}: {self.cause}"
