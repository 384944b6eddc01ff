"""The error of all commands and the tools behind them."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class ToolError(Exception):
    """An error that the command line reports as a message: the cause, what to do about it, and the log."""

    def __init__(self, cause: str, *, fix: str | None = None, log: Path | None = None) -> None:
        """Create the error.

        Args:
            cause: What went wrong.
            fix: What to do about it, where that is known.
            log: File with the details, where there is one.
        """
        super().__init__(cause)
        self.cause = cause
        self.fix = fix
        self.log = log


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_CLOSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.EBUSY})


def file_error(error: OSError, place: Path | None = None) -> ToolError | None:
    """Return the error to report for a full disk or a missing permission; None for any other ``OSError``.

    Args:
        error: The system's error.
        place: The path that was being written, for a full disk where ``error`` names no file.
    """
    why = os.strerror(error.errno or 0)
    if error.errno in _FULL and (error.filename or place):
        return ToolError(
            f"no space is left to write {error.filename or place}: {why}", fix="free some space on that disk"
        )
    if error.errno in _CLOSED and error.filename:
        return ToolError(
            f"{error.filename} cannot be written, read or deleted: {why}", fix="make it writable for this user"
        )
    return None
