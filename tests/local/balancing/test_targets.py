"""Which target of a group a request goes to."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from ecr_fargate_constructs.local.balancing.targets import Balancer, Settings, Target

_A, _B, _C = ("10.0.0.1", 80), ("10.0.0.2", 80), ("10.0.0.3", 80)


def _balancer() -> Balancer:
    return Balancer(random.Random(7).random)  # noqa: S311 - the same each time


def _chosen(
    balancer: Balancer, targets: list[Target], settings: Settings, now: float = 0, times: int = 3000
) -> Counter[Target]:
    return Counter(balancer.choose("group", targets, settings, now) for _ in range(times))


def test_round_robin_gives_each_target_its_turn() -> None:
    assert _chosen(_balancer(), [_A, _B, _C], Settings()) == {_A: 1000, _B: 1000, _C: 1000}


def test_least_outstanding_requests_spares_a_busy_target() -> None:
    balancer, settings = _balancer(), Settings(algorithm="least_outstanding_requests")
    balancer.begin("group", _A)
    assert _chosen(balancer, [_A, _B, _C], settings) == {_B: 1500, _C: 1500}
    balancer.begin("group", _B)
    balancer.begin("group", _C)
    assert set(_chosen(balancer, [_A, _B, _C], settings)) == {_A, _B, _C}


def test_weighted_random_reaches_all() -> None:
    assert min(_chosen(_balancer(), [_A, _B, _C], Settings(algorithm="weighted_random")).values()) > 900


def test_a_new_target_starts_slowly_beside_others() -> None:
    balancer, settings = _balancer(), Settings(slow_start=100)
    assert _chosen(balancer, [_A], settings, times=1) == {_A: 1}
    shares = [_chosen(balancer, [_A, _B], settings, now)[_B] / 3000 for now in (0, 50, 100)]
    assert shares[0] < 0.1
    assert 0.2 < shares[1] < 0.4
    assert shares[2] == 0.5


def test_the_first_targets_of_a_group_do_not_start_slowly() -> None:
    assert _chosen(_balancer(), [_A, _B], Settings(slow_start=100)) == {_A: 1500, _B: 1500}


def test_new_targets_alone_share_all_requests() -> None:
    balancer, settings = _balancer(), Settings(slow_start=100)
    _chosen(balancer, [_A], settings)
    assert _chosen(balancer, [_B, _C], settings) == {_B: 1500, _C: 1500}


def test_requests_are_counted_by_group_and_target() -> None:
    balancer = _balancer()
    balancer.begin("group", _A)
    balancer.begin("group", _A)
    balancer.end("group", _A)
    assert [balancer.outstanding(*each) for each in (("group", _A), ("group", _B), ("other", _A))] == [1, 0, 0]


@pytest.mark.parametrize(
    ("attributes", "settings"),
    [
        ({}, Settings()),
        (
            {"deregistration_delay.timeout_seconds": "0", "slow_start.duration_seconds": "30"},
            Settings(delay=0, slow_start=30),
        ),
        (
            {"stickiness.enabled": "true", "stickiness.lb_cookie.duration_seconds": "5"},
            Settings(sticky=True, sticky_seconds=5),
        ),
        (
            {
                "stickiness.enabled": "true",
                "stickiness.type": "app_cookie",
                "stickiness.app_cookie.cookie_name": "session",
                "stickiness.app_cookie.duration_seconds": "9",
            },
            Settings(sticky=True, sticky_seconds=9, application_cookie="session"),
        ),
    ],
)
def test_attributes_are_read_as_the_api_says_them(attributes: dict[str, str], settings: Settings) -> None:
    assert Settings.of(attributes) == settings
