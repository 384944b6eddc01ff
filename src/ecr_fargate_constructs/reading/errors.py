"""The error that a command on a cloud assembly ends with."""

from __future__ import annotations


class AssemblyError(Exception):
    """There is no cloud assembly that can be read: what is wrong, and what to do."""

    def __init__(self, cause: str, *, fix: str) -> None:
        """Create the error."""
        super().__init__(cause)
        self.cause = cause
        self.fix = fix
