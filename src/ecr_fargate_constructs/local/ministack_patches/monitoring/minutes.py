"""Do something at the end of each minute of the clock."""

from __future__ import annotations

import threading
import traceback
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.metrics.traffic import MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecr_fargate_constructs.local.clock import Clock


def every_minute(clock: Clock, act: Callable[[float], None]) -> threading.Thread:
    """Start a thread that calls a function with the end of each minute.

    A minute is left out if the one before took longer. An error ends neither the thread nor the next minutes.

    Args:
        clock: The clock.
        act: Gets the end of the minute, in seconds since 1970.
    """

    def run() -> None:
        end = clock.now() // MINUTE * MINUTE
        while True:
            end = max(end + MINUTE, clock.now() // MINUTE * MINUTE)
            clock.sleep(end - clock.now())
            try:
                act(end)
            except Exception:  # noqa: BLE001 - a broken minute must not be the last one
                traceback.print_exc()

    thread = threading.Thread(target=run, daemon=True, name="minutes")
    thread.start()
    return thread
