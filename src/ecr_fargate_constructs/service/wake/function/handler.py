"""The entry point: a request of the load balancer, or the schedule's call once a minute."""

from __future__ import annotations

import time
from typing import Any

from .answers import stopped, to_service, try_later
from .aws import Aws, Settings
from .waker import Waker

_MARGIN = 5
"""Seconds by which a request is answered before the function's own limit."""


class _Clock:
    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's
    """Answer a request, or look whether the service is idle."""
    settings, clock = Settings.of_environment(), _Clock()
    waker = Waker(Aws(settings), clock)
    if "requestContext" not in event:
        if settings.paused:
            return {"state": waker.stop()}
        return {"state": waker.sleep_if_idle(float(event["graceSeconds"]))}
    if settings.paused:
        return stopped(event)
    limit = context.get_remaining_time_in_millis() / 1000
    try:
        awake = waker.wake(until=clock.now() + min(settings.hold, max(0, limit - _MARGIN)))
    except Exception as error:  # noqa: BLE001 - AWS may refuse a call that it accepts a moment later
        print(f"the service could not be started: {type(error).__name__}: {error}")
        awake = False
    return to_service(event) if awake else try_later(event)
