"""The error about a file that cannot be migrated, with its line; the name of the file is added later."""

from __future__ import annotations

from ecr_fargate_constructs.tools.errors import ToolError


class MigrationError(ToolError):
    """A file cannot be migrated.

    Attributes:
        cause: The cause, in one line.
        line: Line of the file, from 1; None for the file as a whole.
    """

    def __init__(self, cause: str, *, line: int | None = None) -> None:
        """Create the error."""
        super().__init__(cause)
        self.line = line

    def __str__(self) -> str:
        """Return the line and the cause."""
        return self.cause if self.line is None else f"line {self.line}: {self.cause}"
