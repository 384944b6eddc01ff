"""Waking and falling asleep, in every order of the steps of two calls."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING, cast

import pytest

from ecr_fargate_constructs.service.wake.function.waker import Waker
from tests.service.wake.function.cloud import FIRST, LAST, FakeAws, FakeClock, interleaved

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecr_fargate_constructs.service.wake.function.aws import Aws

GRACE = 300


def _waker(cloud: FakeAws, clock: FakeClock | None = None) -> Waker:
    return Waker(cast("Aws", cloud), clock or FakeClock())


def _wake(cloud: FakeAws, seconds: float = 45) -> bool:
    clock = FakeClock()
    return _waker(cloud, clock).wake(until=clock.now() + seconds)


def test_a_request_starts_one_task_and_goes_to_it() -> None:
    cloud = FakeAws(desired=0)
    assert _wake(cloud)
    assert (cloud.calls, cloud.desired, cloud.priority) == (["start", "first"], 1, FIRST)


def test_a_service_that_is_awake_is_not_started_again() -> None:
    cloud = FakeAws(desired=3, priority=FIRST)
    assert _wake(cloud)
    assert cloud.calls == []


def test_a_request_that_waits_too_long_is_not_sent_to_a_task_that_is_not_healthy() -> None:
    cloud, clock = FakeAws(desired=0, healthy=False), FakeClock()
    began = clock.now()
    assert not _waker(cloud, clock).wake(until=began + 45)
    assert (cloud.calls, cloud.priority) == (["start"], LAST)
    assert began < clock.now() <= began + 45


def test_without_waiting_the_answer_comes_at_once() -> None:
    cloud, clock = FakeAws(desired=0, healthy=False), FakeClock()
    assert not _waker(cloud, clock).wake(until=clock.now())
    assert clock.now() == FakeClock().now()
    assert cloud.desired == 1


def test_an_idle_service_sleeps() -> None:
    cloud = FakeAws(desired=4, priority=FIRST, youngest=FakeClock().now() - GRACE)
    assert _waker(cloud).sleep_if_idle(GRACE) == "stopped"
    assert (cloud.calls, cloud.desired, cloud.priority) == (["last", "stop"], 0, LAST)


@pytest.mark.parametrize(
    ("cloud", "state"),
    [
        (FakeAws(idle=False), "in use"),
        (FakeAws(deploying=True), "a deployment is in progress"),
        (FakeAws(youngest=FakeClock().now() - GRACE + 1), "just started"),
        (FakeAws(youngest=FakeClock().now() - GRACE - 239, start_seconds=240), "just started"),  # healthy a minute ago
        (FakeAws(desired=0), "asleep"),
    ],
)
def test_it_does_not_stop(cloud: FakeAws, state: str) -> None:
    desired = cloud.desired
    assert _waker(cloud).sleep_if_idle(GRACE) == state
    assert (cloud.calls, cloud.desired) == ([], desired)


@pytest.mark.parametrize("cloud", [FakeAws(desired=0, priority=FIRST), FakeAws(healthy=False, priority=FIRST)])
def test_a_rule_that_leads_to_no_healthy_task_is_moved_back(cloud: FakeAws) -> None:
    cloud.idle = False
    _waker(cloud).sleep_if_idle(GRACE)
    assert cloud.calls == ["last"]


def test_a_request_before_the_tasks_stop_keeps_them() -> None:
    cloud = FakeAws(priority=FIRST)
    clock = FakeClock(cloud)

    def request() -> None:  # while the other one waits
        cloud.step = lambda: None
        assert _wake(cloud)

    def later() -> None:
        cloud.step = request if cloud.priority == LAST and "last" in cloud.calls else later

    cloud.step = later
    assert _waker(cloud, clock).sleep_if_idle(GRACE) == "woken by a request"
    assert (cloud.desired, cloud.priority) == (1, FIRST)
    assert "stop" not in cloud.calls


def test_a_paused_service_is_stopped_whether_or_not_it_is_idle() -> None:
    cloud = FakeAws(idle=False, priority=FIRST)
    assert _waker(cloud).stop() == "stopped"
    assert (cloud.desired, cloud.priority) == (0, LAST)


@pytest.mark.parametrize("priority", [FIRST, LAST])
@pytest.mark.parametrize("desired", [0, 1])
def test_no_order_of_steps_leaves_a_rule_that_leads_to_no_task(priority: int, desired: int) -> None:
    """A request and the schedule at once: two tosses for each step, 512 orders."""
    for order in itertools.product((0, 1), repeat=9):
        cloud = FakeAws(desired=desired, priority=priority)
        interleaved(cloud, [partial(_wake, cloud), partial(_waker(cloud).sleep_if_idle, GRACE)], order)
        assert cloud.desired > 0 or cloud.priority == LAST, (order, cloud.calls)


def test_two_requests_and_the_schedule_at_once() -> None:
    for order in itertools.product((0, 1, 2), repeat=6):
        cloud = FakeAws(desired=1, priority=FIRST)
        actors: list[Callable[[], object]] = [
            partial(_wake, cloud),
            partial(_waker(cloud).sleep_if_idle, GRACE),
            partial(_wake, cloud),
        ]
        interleaved(cloud, actors, order)
        assert cloud.desired > 0 or cloud.priority == LAST, (order, cloud.calls)
