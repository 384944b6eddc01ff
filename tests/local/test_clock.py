"""The clock of the embedded AWS."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs.local.clock import Clock
from ecr_fargate_constructs.tools.errors import ToolError


class _Machine:
    def __init__(self) -> None:
        self.time, self.slept = 1_000_000.0, 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.time += seconds


def _clock(machine: _Machine, speed: float) -> Clock:
    return Clock(speed, time_of_machine=machine.now, sleep_of_machine=machine.sleep)


def test_a_minute_passes_in_a_second() -> None:
    machine = _Machine()
    clock = _clock(machine, 60)
    before = clock.now()
    assert before == machine.time
    clock.sleep(60)
    assert machine.slept == 1
    assert clock.now() - before == 60


def test_without_a_speed_it_is_the_time_of_the_machine() -> None:
    machine = _Machine()
    clock = _clock(machine, 1)
    machine.time += 17
    assert clock.now() == machine.time


def test_a_wait_that_is_over_does_not_wait() -> None:
    machine = _Machine()
    _clock(machine, 2).sleep(-5)
    assert machine.slept == 0


@given(speed=st.floats(1, 3600), offset=st.floats(-1e5, 1e5))
def test_outside_is_the_inverse_of_inside(speed: float, offset: float) -> None:
    clock = _clock(_Machine(), speed)
    time = 1_000_000 + offset
    assert clock.outside(clock.inside(time)) == pytest.approx(time, abs=1e-3)


@pytest.mark.parametrize("speed", [0, -1, 0.5, 3601, float("nan")])
def test_a_speed_out_of_range_is_refused(speed: float) -> None:
    with pytest.raises(ToolError, match=r"--clock: .* is not a speed; give 1"):
        Clock(speed)
