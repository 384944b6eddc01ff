"""The time that is left until the function has to answer CloudFormation."""

from __future__ import annotations

import random
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from .errors import CopyError, OutOfTimeError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

ATTEMPTS = 6
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 20.0


class Deadline:
    """A moment, and a flag that ends all work earlier.

    Attributes:
        doing: What is being done, for the answer when the time is over.
    """

    def __init__(self, seconds: float) -> None:
        """Count from now."""
        self._end = time.monotonic() + seconds
        self._stopped = threading.Event()
        self.doing = "starting"

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return 0.0 if self._stopped.is_set() else self._end - time.monotonic()

    def check(self) -> None:
        """Raise ``OutOfTimeError`` when the time is over."""
        if self.left <= 0:
            raise OutOfTimeError(f"the time was over while {self.doing}")

    def stop(self) -> None:
        """End the work of every thread that checks."""
        self._stopped.set()

    @contextmanager
    def watched(self, when_over: Callable[[], None]) -> Iterator[None]:
        """Call ``when_over`` from a thread of its own at the end, whatever the work is waiting for then."""

        def over() -> None:
            self.stop()
            when_over()

        timer = threading.Timer(max(0.0, self.left), over)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def retry(self, attempt: Callable[[], T]) -> T:
        """Return what ``attempt`` returns, and repeat it with growing waits while it fails transiently.

        Raises:
            CopyError: It failed six times, or the time is over.
        """
        for number in range(1, ATTEMPTS + 1):
            self.check()
            try:
                return attempt()
            except TransientError as error:
                if number == ATTEMPTS:
                    raise CopyError(f"{error} ({number} attempts)") from error
                wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (number - 1)) * random.uniform(0.5, 1)  # noqa: S311 - jitter
                wait = max(wait, min(error.wait or 0.0, _LONGEST_WAIT))
                print(f"again in {wait:.1f} s: {error}")
                if wait >= self.left:
                    raise OutOfTimeError(f"the time was over while {self.doing}: {error}") from error
                self._stopped.wait(wait)
        raise AssertionError  # the loop ends in a return or an error
