"""Decisions between policies: limits, cooldowns, the winner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs.local.scaling.policies import Step, Steps, Tracking
from ecr_fargate_constructs.local.scaling.target import ScalableTarget, Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

_CPU, _REQUESTS = Tracking("cpu", 50, 60, 300), Tracking("requests", 100, 60, 300)
_POLICIES = (_CPU, _REQUESTS)


def _high(policy: Tracking, value: float) -> Signal:
    return Signal(policy, value, f"{policy.name}-high")


def _low(policy: Tracking, value: float) -> Signal:
    return Signal(policy, value, f"{policy.name}-low", low=True)


def _capacity(
    target: ScalableTarget,
    current: int,
    signals: Sequence[Signal],
    now: float = 0,
    *,
    policies: Sequence[Tracking | Steps] = _POLICIES,
    deploying: bool = False,
) -> int | None:
    activity = target.decide(current, signals, policies, now, deploying=deploying)
    return None if activity is None else activity.capacity


def test_any_policy_scales_out_and_the_largest_number_wins() -> None:
    assert _capacity(ScalableTarget(1, 10), 2, [_high(_CPU, 100), _high(_REQUESTS, 300)]) == 6
    activity = ScalableTarget(1, 10).decide(2, [_high(_CPU, 100)], _POLICIES, 0)
    assert activity is not None
    assert activity.cause == "monitor alarm cpu-high in state ALARM triggered policy cpu"


def test_the_limits_hold() -> None:
    assert _capacity(ScalableTarget(1, 3), 2, [_high(_CPU, 500)]) == 3
    assert _capacity(ScalableTarget(1, 3), 3, [_high(_CPU, 500)]) is None
    both = [_low(_CPU, 1), _low(_REQUESTS, 1)]
    assert _capacity(ScalableTarget(2, 9), 5, both) == 2
    assert _capacity(ScalableTarget(2, 9), 2, both) is None


def test_all_policies_have_to_agree_to_scale_in_and_the_largest_number_wins() -> None:
    assert _capacity(ScalableTarget(1, 9), 6, [_low(_CPU, 10)]) is None
    assert _capacity(ScalableTarget(1, 9), 6, [_low(_CPU, 10), _low(_REQUESTS, 50)]) == 3
    only = Tracking("out", 1, scales_in=False)
    assert _capacity(ScalableTarget(1, 9), 6, [_low(_CPU, 10)], policies=(_CPU, only)) == 2


def test_a_policy_that_scales_out_wins_over_one_that_scales_in() -> None:
    assert _capacity(ScalableTarget(1, 9), 2, [_low(_CPU, 1), _high(_REQUESTS, 150)]) == 3


def test_during_the_scale_out_cooldown_only_a_larger_scale_out_happens() -> None:
    target = ScalableTarget(1, 20)
    assert _capacity(target, 2, [_high(_CPU, 100)], 0) == 4
    assert _capacity(target, 4, [_high(_CPU, 100)], 59) is None  # the metric of two tasks still
    assert _capacity(target, 4, [_high(_CPU, 150)], 59) == 6  # 4 are a part of the 6 that 2 tasks would need
    assert _capacity(target, 6, [_high(_CPU, 100)], 118) is None  # a new cooldown
    assert _capacity(target, 6, [_high(_CPU, 100)], 119) == 12


def test_scale_ins_wait_for_their_cooldown_and_a_scale_out_ends_it() -> None:
    target, low = ScalableTarget(1, 20), [_low(_CPU, 25), _low(_REQUESTS, 50)]
    assert _capacity(target, 8, low, 0) == 4
    assert _capacity(target, 4, low, 299) is None
    assert _capacity(target, 4, [_high(_CPU, 100)], 299) == 8
    assert _capacity(target, 8, low, 300) == 4


def test_nothing_scales_in_during_a_deployment() -> None:
    low = [_low(_CPU, 1), _low(_REQUESTS, 1)]
    assert _capacity(ScalableTarget(1, 9), 6, low, deploying=True) is None
    assert _capacity(ScalableTarget(1, 9), 6, [_high(_CPU, 60)], deploying=True) == 8


def test_steps_scale_in_without_asking_target_tracking() -> None:
    fewer = Steps("fewer", "ChangeInCapacity", (Step(float("-inf"), 0, -1),), 60)
    signal = Signal(fewer, 5, "idle", threshold=10)
    target = ScalableTarget(1, 9)
    assert _capacity(target, 6, [signal], 0, policies=(*_POLICIES, fewer)) == 5
    assert _capacity(target, 5, [signal], 59, policies=(*_POLICIES, fewer)) is None
    assert _capacity(target, 5, [signal], 60, policies=(*_POLICIES, fewer)) == 4


@given(
    st.integers(0, 5),
    st.integers(0, 5),
    st.lists(st.tuples(st.sampled_from(_POLICIES), st.floats(0, 1000), st.booleans()), max_size=4),
    st.lists(st.integers(0, 400), min_size=1, max_size=8),
)
def test_decisions_stay_within_the_limits_and_change_something(
    least: int, room: int, drawn: list[tuple[Tracking, float, bool]], waits: list[int]
) -> None:
    target, current, now = ScalableTarget(least, least + room), least, 0
    signals = [_low(policy, value) if low else _high(policy, value) for policy, value, low in drawn]
    for wait in waits:
        now += wait
        capacity = _capacity(target, current, signals, now)
        if capacity is not None:
            assert least <= capacity <= least + room
            assert capacity != current
            current = capacity
