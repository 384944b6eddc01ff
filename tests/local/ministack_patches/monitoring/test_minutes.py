"""The work of each minute."""

from __future__ import annotations

import threading

from ecr_fargate_constructs.local.clock import Clock
from ecr_fargate_constructs.local.ministack_patches.monitoring.minutes import every_minute


class _EndError(BaseException):
    """Ends the thread of a test."""


def _ends(number: int, act_seconds: float = 0, *, fails: bool = False) -> list[float]:
    """Return the first ends of minutes that are acted on, by a machine whose time passes only while it waits."""
    now, seen = [1_000_000.0], []
    finished = threading.Event()

    def sleep(seconds: float) -> None:
        now[0] += seconds
        if finished.is_set():
            raise _EndError

    def act(end: float) -> None:
        assert end <= now[0]
        seen.append(end - 1_000_000)
        now[0] += act_seconds
        if len(seen) >= number:
            finished.set()
        if fails:
            raise ValueError("once")

    threading.excepthook, kept = lambda _: None, threading.excepthook
    try:
        every_minute(Clock(time_of_machine=lambda: now[0], sleep_of_machine=sleep), act).join(5)
    finally:
        threading.excepthook = kept
    return seen


def test_each_minute_ends_once() -> None:
    assert _ends(3) == [20, 80, 140]  # 1,000,020 is the first full minute


def test_minutes_that_pass_meanwhile_are_left_out() -> None:
    assert _ends(3, act_seconds=150) == [20, 140, 320]


def test_an_error_does_not_end_it() -> None:
    assert _ends(2, fails=True) == [20, 80]
