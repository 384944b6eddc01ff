"""Which targets are neither healthy nor unhealthy yet."""

from __future__ import annotations

from ecr_fargate_constructs.local.metrics.newcomers import Newcomers

A, B = ("group", "10.0.0.1", 80), ("group", "10.0.0.2", 80)


def test_a_target_that_starts_is_initial_until_its_checks_would_have_failed() -> None:
    newcomers = Newcomers()
    assert newcomers.initial("group", {A: False, B: True}, 100, 60) == 1
    assert newcomers.initial("group", {A: False, B: True}, 159, 60) == 1
    assert newcomers.initial("group", {A: False, B: True}, 160, 60) == 0


def test_a_target_that_was_healthy_is_unhealthy_at_once() -> None:
    newcomers = Newcomers()
    assert newcomers.initial("group", {A: True}, 100, 60) == 0
    assert newcomers.initial("group", {A: False}, 101, 60) == 0


def test_a_target_that_left_and_came_back_is_new() -> None:
    newcomers = Newcomers()
    newcomers.initial("group", {A: True}, 100, 60)
    newcomers.initial("other", {("other", "10.0.0.3", 80): True}, 100, 60)
    assert newcomers.initial("group", {}, 101, 60) == 0
    assert newcomers.initial("group", {A: False}, 102, 60) == 1
    assert newcomers.initial("other", {("other", "10.0.0.3", 80): False}, 103, 60) == 0
