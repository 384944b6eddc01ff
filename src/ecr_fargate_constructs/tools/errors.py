"""The error that ends a command."""

from __future__ import annotations

import errno
import os
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


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_CLOSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.EBUSY})


def of_a_file(error: OSError, place: Path | None = None) -> LocalError | None:
    """Return the error of a disk that is full, or of a file that may not be written; None for every other one.

    Args:
        error: What the system says.
        place: What was to be written to a disk that is full, when the system does not say.
    """
    why = os.strerror(error.errno or 0)
    if error.errno in _FULL and (error.filename or place):
        return LocalError(f"no space is left for {error.filename or place}: {why}", fix="free some space on that disk")
    if error.errno in _CLOSED and error.filename:
        return LocalError(
            f"{error.filename} cannot be written, read or deleted: {why}", fix="make it writable for this user"
        )
    return None
