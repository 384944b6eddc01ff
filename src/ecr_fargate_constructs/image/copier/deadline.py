"""The time left until the function has to answer CloudFormation."""

from __future__ import annotations

import random
import socket
import threading
import time
from concurrent import futures
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakSet

from .errors import CopyError, OutOfTimeError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

ATTEMPTS = 6
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 20.0
_GRACE = 1.0
"""Seconds for threads to end after their connections are cut: Lambda would freeze them, and resume them later."""


class Deadline:
    """A point in time, and a flag that ends all work earlier.

    Attributes:
        doing: Current activity, for the answer when the time is over.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._connections: WeakSet[socket.socket] = WeakSet()
        self.doing = "starting"

    @property
    def left(self) -> float:
        """Seconds left."""
        return 0.0 if self._stopped.is_set() else self._end - time.monotonic()

    def check(self) -> None:
        """Raise ``OutOfTimeError`` when the time is over."""
        if self.left <= 0:
            raise OutOfTimeError(f"the time was over while {self.doing}")

    def stop(self) -> None:
        """End the work of every thread: of one that checks, and of one that waits for a registry."""
        with self._lock:
            self._stopped.set()
            for connection in self._connections:
                _cut(connection)

    def pause(self, seconds: float) -> None:
        """Wait; raise ``OutOfTimeError`` if the time is over before."""
        if seconds >= self.left:
            raise OutOfTimeError(f"the time was over while {self.doing}")
        self._stopped.wait(seconds)
        self.check()

    def cut_at_end(self, connection: socket.socket) -> None:
        """Cut a connection when the work has to end: a peer that sends a byte now and then would never release it."""
        with self._lock:
            self._connections.add(connection)
            if self._stopped.is_set():
                _cut(connection)

    def run(self, work: Callable[[], T]) -> T:
        """Return the result of ``work``, or abandon it when the time is over, whatever it is waiting for.

        Raises:
            OutOfTimeError: The time is over.
        """
        result: futures.Future[T] = futures.Future()

        def do() -> None:
            try:
                result.set_result(work())
            except BaseException as error:  # noqa: BLE001 - raised where the result is taken
                result.set_exception(error)

        threading.Thread(target=do, daemon=True).start()
        futures.wait([result], self.left)
        in_time = result.done()
        self.stop()
        futures.wait([result], _GRACE)
        if not in_time and (not result.done() or result.exception() is not None):
            raise OutOfTimeError(f"the time was over while {self.doing}")
        return result.result()

    def retry(self, attempt: Callable[[], T]) -> T:
        """Return the result of ``attempt``; repeat it with growing waits while it fails transiently.

        Raises:
            CopyError: It failed six times, or the time is over.
        """
        last = False
        for number in range(1, ATTEMPTS + 1):
            self.check()
            try:
                return attempt()
            except TransientError as error:
                if number == ATTEMPTS or (last and error.once):
                    raise CopyError(f"{error} ({number} attempts)") from error
                last = last or error.once
                wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (number - 1)) * random.uniform(0.5, 1)  # noqa: S311 - jitter
                wait = max(wait, min(error.wait or 0.0, _LONGEST_WAIT))
                print(f"again in {wait:.1f} s: {error}")
                if wait >= self.left:
                    raise OutOfTimeError(f"the time was over while {self.doing}: {error}") from error
                self._stopped.wait(wait)
        raise AssertionError  # the loop ends in a return or an error


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):  # the connection may be closed
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # not TLS's own: another thread may be inside
