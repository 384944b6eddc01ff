"""When a container counts as healthy, and when as unhealthy."""

from __future__ import annotations

import pytest

from ecr_fargate_constructs.local.tasks.definition import HealthCheck
from ecr_fargate_constructs.local.tasks.health import Health, of_task


def _health(**options: int) -> Health:
    return Health.since(HealthCheck(("true",), **options), 0)


def test_the_first_check_that_passes_makes_it_healthy() -> None:
    health = _health(interval=30)
    assert (health.status, health.due) == ("UNKNOWN", 1)
    health = health.after(passed=True, now=1)
    assert (health.status, health.due) == ("HEALTHY", 31)


def test_checks_before_the_interval_do_not_count_when_they_fail() -> None:
    health = _health(interval=30, retries=1)
    for now in range(1, 30):
        health = health.after(passed=False, now=now)
        assert (health.status, health.failures) == ("UNKNOWN", 0)
    assert health.after(passed=False, now=30).status == "UNHEALTHY"


def test_failures_count_in_a_row_and_at_the_interval() -> None:
    health = _health(interval=10, retries=2).after(passed=True, now=1)
    health = health.after(passed=False, now=11)
    assert (health.status, health.failures, health.due) == ("HEALTHY", 1, 21)
    assert health.after(passed=True, now=21).failures == 0
    assert health.after(passed=False, now=21).status == "UNHEALTHY"


def test_failures_do_not_count_in_the_start_period_until_one_has_passed() -> None:
    health = _health(interval=5, retries=1, start_period=60)
    for now in (5, 10, 59):
        health = health.after(passed=False, now=now)
    assert health.status == "UNKNOWN"
    assert health.after(passed=False, now=64).status == "UNHEALTHY"
    assert health.after(passed=True, now=20).after(passed=False, now=25).status == "UNHEALTHY"


def test_an_unhealthy_container_can_recover() -> None:
    health = _health(interval=5, retries=1).after(passed=False, now=5)
    assert health.status == "UNHEALTHY"
    assert health.after(passed=True, now=10).status == "HEALTHY"


@pytest.mark.parametrize(
    ("containers", "task"),
    [
        ([], "UNKNOWN"),
        (["HEALTHY"], "HEALTHY"),
        (["HEALTHY", "UNKNOWN"], "UNKNOWN"),
        (["UNKNOWN", "UNHEALTHY"], "UNHEALTHY"),
    ],
)
def test_the_health_of_a_task(containers: list[str], task: str) -> None:
    assert of_task(containers) == task
