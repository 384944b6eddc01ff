"""The rules of scaling, against what Application Auto Scaling would do with the values."""

from __future__ import annotations

from aws_cdk import aws_applicationautoscaling as appscaling
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs import ConfigurationError, Mixed, Scaling, ScheduledCapacity

CRON = appscaling.Schedule.cron(minute="0")
SMALL = st.integers(-1, 8)
LIMITS = st.tuples(st.none() | SMALL, st.none() | SMALL)


@given(minimum=SMALL, maximum=SMALL)
def test_limits_are_taken_exactly_when_they_make_sense(minimum: int, maximum: int) -> None:
    try:
        Scaling(min_capacity=minimum, max_capacity=maximum, cpu_percent=60)
    except ConfigurationError:
        assert not 1 <= minimum <= maximum
    else:
        assert 1 <= minimum <= maximum


@given(limits=st.tuples(SMALL, SMALL), changes=st.lists(LIMITS, min_size=1, max_size=4), data=st.data())
def test_no_order_of_accepted_schedules_turns_the_limits_around(
    limits: tuple[int, int], changes: list[tuple[int | None, int | None]], data: st.DataObject
) -> None:
    """Application Auto Scaling would refuse the action when its time comes, and nobody would see it."""
    try:
        schedule = [
            ScheduledCapacity(name=f"s{number}", at=CRON, min_capacity=least, max_capacity=most)
            for number, (least, most) in enumerate(changes)
        ]
        scaling = Scaling(min_capacity=limits[0], max_capacity=limits[1], schedule=schedule)
    except ConfigurationError:
        return
    least, most = scaling.min_capacity, scaling.max_capacity
    for item in data.draw(st.lists(st.sampled_from(schedule), max_size=8)):
        least = least if item.min_capacity is None else item.min_capacity
        most = most if item.max_capacity is None else item.max_capacity
        assert least <= most


@given(base=SMALL, stays=SMALL, goes=SMALL, tasks=st.integers(1, 12))
def test_a_mix_that_is_accepted_mixes(base: int, stays: int, goes: int, tasks: int) -> None:
    """Some task stays, some task may be on Spot, and the shares add up to what the user said."""
    try:
        mix = Mixed(base=base, on_demand_weight=stays, spot_weight=goes)
        Scaling(min_capacity=1, max_capacity=tasks, cpu_percent=60, capacity=mix)
    except ConfigurationError:
        return
    on_demand, spot = mix.shares
    assert (on_demand.provider, spot.provider) == ("FARGATE", "FARGATE_SPOT")
    assert (on_demand.base, on_demand.weight, spot.base, spot.weight) == (base, stays, 0, goes)
    assert base + stays > 0
    assert goes > 0
    assert base < tasks
