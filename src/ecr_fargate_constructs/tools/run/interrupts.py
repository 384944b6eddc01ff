"""Interrupts that wait until a step that must not be cut in two is over."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class HeldInterrupts:
    """Holds interrupts back until ``release``, or until the block ends, which then forgets them.

    Outside the main thread, where no handler can be set and no interrupt arrives, it does nothing.
    """

    def __init__(self) -> None:
        """Prepare; nothing is changed yet."""
        self._arrived = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for each in _SIGNALS:
                self._before[each] = signal.signal(each, self._note)
        return self

    def release(self) -> None:
        """Let interrupts through again.

        Raises:
            KeyboardInterrupt: One has arrived.
        """
        while self._before:
            signal.signal(*self._before.popitem())
        if self._arrived:
            self._arrived = False
            raise KeyboardInterrupt

    def __exit__(self, *_: object) -> None:
        self._arrived = False
        self.release()

    def _note(self, *_: object) -> None:
        self._arrived = True
