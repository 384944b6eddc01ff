"""Names and times of previews."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs._rules import previews


@pytest.mark.parametrize("name", ["a", "pr-12", "a" * 30, "x1"])
def test_labels_of_host_names_are_names(name: str) -> None:
    assert previews.is_name(name)


@pytest.mark.parametrize("name", ["", "1", "-a", "a-", "A", "a_b", "feature/x", "a" * 31, "a.b", "a\n"])
def test_other_texts_are_none(name: str) -> None:
    assert not previews.is_name(name)


@given(st.text(max_size=80))
def test_what_is_suggested_is_a_name(text: str) -> None:
    suggested = previews.suggestion(text)
    assert previews.is_name(suggested), suggested


@pytest.mark.parametrize(("branch", "name"), [("feature/Log-In", "feature-log-in"), ("12", "pr-12"), ("pr-3", "pr-3")])
def test_a_branch_is_recognized(branch: str, name: str) -> None:
    assert previews.suggestion(branch) == name


@pytest.mark.parametrize(
    ("text", "period"),
    [("12h", timedelta(hours=12)), ("7d", timedelta(days=7)), ("365d", timedelta(days=365))],
)
def test_periods(text: str, period: timedelta) -> None:
    assert previews.period(text) == period


@pytest.mark.parametrize("text", ["", "7", "d", "0h", "366d", "-1d", "1.5d", "7 d", "99999d"])
def test_other_periods_are_none(text: str) -> None:
    assert previews.period(text) is None


def test_times_are_utc_whatever_the_zone() -> None:
    berlin = datetime(2026, 12, 24, 19, tzinfo=timezone(timedelta(hours=1)))
    assert previews.written(berlin) == "2026-12-24T18:00:00"
    assert previews.read("2026-12-24T18:00:00") == berlin
    assert previews.read("tomorrow") is None
