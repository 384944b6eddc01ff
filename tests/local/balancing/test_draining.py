"""Deregistered targets."""

from __future__ import annotations

from ecr_fargate_constructs.local.balancing.draining import Draining

_A, _B = ("10.0.0.1", 80), ("10.0.0.2", 80)


def test_a_target_drains_until_its_requests_are_finished_or_the_delay_is_over() -> None:
    requests = {("group", _A): 1}
    draining = Draining(lambda group, target: requests.get((group, target), 0))
    draining.changed("group", [_A, _B], [], delay=30, now=100)
    assert draining.targets("group", 129) == [_A, _B]  # also the one without requests, as on AWS
    assert [draining.finished("group", each, 129) for each in (_A, _B)] == [False, True]
    requests.clear()
    assert draining.finished("group", _A, 101)
    requests["group", _A] = 1
    assert draining.finished("group", _A, 130)
    assert draining.targets("group", 130) == []


def test_an_address_is_held_by_the_requests_of_any_group() -> None:
    requests = {("second", _A): 1}
    draining = Draining(lambda group, target: requests.get((group, target), 0))
    for group in ("first", "second"):
        draining.changed(group, [_A, _B], [], delay=30, now=100)
    assert [draining.holds(address, 101) for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3")] == [True, False, False]
    assert not draining.holds("10.0.0.1", 130)


def test_a_target_that_comes_back_does_not_drain() -> None:
    draining = Draining(lambda _group, _target: 1)
    draining.changed("group", [_A], [], delay=30, now=100)
    draining.changed("group", [], [_A], delay=30, now=110)
    assert draining.targets("group", 111) == []


def test_draining_twice_does_not_take_longer() -> None:
    draining = Draining(lambda _group, _target: 1)
    draining.changed("group", [_A], [], delay=30, now=100)
    draining.changed("group", [_A], [], delay=30, now=120)
    assert draining.finished("group", _A, 130)


def test_a_target_that_nobody_deregistered_may_stop() -> None:
    assert Draining(lambda _group, _target: 1).finished("group", _A, 0)
