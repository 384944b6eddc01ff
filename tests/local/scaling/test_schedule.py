"""When scheduled actions are due."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from importlib import import_module

import pytest

from ecr_fargate_constructs.local.scaling.schedule import ScheduledAction


def _next_fire(expression: str, after: datetime) -> datetime | None:
    events = import_module("ministack.services.eventbridge")
    found: datetime | None = events._cron_next_fire(events._parse_cron_fields(expression), after)
    return found


def _time(text: str) -> float:
    return datetime.fromisoformat(f"{text}+00:00").timestamp()


def _due(action: ScheduledAction, at: str) -> bool:
    """Return whether it is due in the minute that ends at a time."""
    return action.due(_time(at) - 60, _time(at), _next_fire)


def _minutes(action: ScheduledAction, created: float) -> list[int]:
    ends = {minute: created + 60 * minute for minute in range(1, 16)}
    return [minute for minute, end in ends.items() if action.due(end - 60, end, _next_fire)]


@pytest.mark.parametrize(
    ("expression", "zone", "at", "due"),
    [
        ("cron(0 8 ? * MON-FRI *)", "UTC", "2026-11-30T08:00:00", True),
        ("cron(0 8 ? * MON-FRI *)", "UTC", "2026-11-30T08:01:00", False),
        ("cron(0 8 ? * MON-FRI *)", "UTC", "2026-11-29T08:00:00", False),
        ("cron(0 8 * * ? *)", "Europe/Berlin", "2026-11-30T07:00:00", True),
        ("cron(0 8 * * ? *)", "Europe/Berlin", "2026-07-30T06:00:00", True),
        ("at(2026-11-30T08:00:00)", "UTC", "2026-11-30T08:00:00", True),
        ("at(2026-11-30T08:00:00)", "America/New_York", "2026-11-30T08:00:00", False),
        ("at(2026-11-30T08:00:00)", "America/New_York", "2026-11-30T13:00:00", True),
    ],
)
def test_expressions(expression: str, zone: str, at: str, *, due: bool) -> None:
    assert _due(ScheduledAction("any", expression, zone), at) is due


def test_a_rate_counts_from_its_start() -> None:
    created = _time("2026-11-30T08:00:00")
    every = ScheduledAction("any", "rate(5 minutes)", created=created)
    minutes = [
        minute for minute in range(1, 16) if every.due(created + 60 * minute - 60, created + 60 * minute, _next_fire)
    ]
    assert minutes == [5, 10, 15]
    later = ScheduledAction("any", "rate(5 minutes)", created=created, start=created + 120)
    minutes = [
        minute for minute in range(1, 16) if later.due(created + 60 * minute - 60, created + 60 * minute, _next_fire)
    ]
    assert minutes == [2, 7, 12]


def test_start_and_end_limit_it() -> None:
    start, end = _time("2026-11-30T08:00:00"), _time("2026-12-02T08:00:00")
    daily = ScheduledAction("any", "cron(0 8 * * ? *)", start=start, end=end)
    days = [f"2026-{day}T08:00:00" for day in ("11-29", "11-30", "12-01", "12-02", "12-03")]
    assert [_due(daily, day) for day in days] == [False, True, True, True, False]


def test_a_long_gap_misses_nothing() -> None:
    noon = _time("2026-11-30T12:00:00")
    action = ScheduledAction("any", "cron(0 8 * * ? *)")
    assert action.due(noon - timedelta(hours=6).total_seconds(), noon, _next_fire)


def test_a_template_is_read() -> None:
    properties = {
        "ScheduledActionName": "morning",
        "Schedule": "cron(0 8 * * ? *)",
        "Timezone": "Europe/Berlin",
        "ScalableTargetAction": {"MinCapacity": "2"},
        "StartTime": "2026-11-30T08:00:00Z",
    }
    start = datetime(2026, 11, 30, 8, tzinfo=timezone.utc).timestamp()
    assert ScheduledAction.of(properties, 7) == ScheduledAction(
        "morning", "cron(0 8 * * ? *)", "Europe/Berlin", 2, None, start, None, 7
    )
