"""Schedules and time zones of scaling: what Application Auto Scaling would refuse when a service is deployed."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, timezone

import aws_cdk as cdk
import pytest
from aws_cdk import aws_applicationautoscaling as appscaling
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs import ConfigurationError, ScheduledCapacity
from ecr_fargate_constructs._rules.schedule_expression import check_expression, check_zone


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("garbage", "is not a schedule; use Schedule.cron"),
        ("cron(0 8 * * ? *", "is not a schedule"),
        ("cron(0 8 * * ?)", "has 5 fields; use six"),
        ("cron(0 25 * * ? *)", "has '25' as its hour; use 0 to 23"),
        ("cron(60 8 * * ? *)", "has '60' as its minute; use 0 to 59"),
        ("cron(0 8 32 * ? *)", "has '32' as its day of the month; use 1 to 31"),
        ("cron(0 8 * 13 ? *)", "has '13' as its month; use 1 to 12, JAN to DEC"),
        ("cron(0 8 ? * MONDAY *)", "has 'MONDAY' as its day of the week; use 1 to 7, SUN to SAT"),
        ("cron(0 8 * * ? 26)", "has '26' as its year; use 1970 to 2199"),
        ("cron(*/0 8 * * ? *)", "has '*/0' as its minute"),
        ("cron(0-10-20 8 * * ? *)", "as its minute"),
        ("cron(0 8, * * ? *)", "has '' as its hour"),
        ("cron(? 8 * * ? *)", "has '?' as its minute"),
        ("rate(0 minutes)", "is not a rate"),
        ("rate(5 seconds)", "is not a rate"),
        ("rate(1.5 hours)", "is not a rate"),
        ("at(2027-02-30T08:00:00)", "is not a moment"),
        ("at(tomorrow)", "is not a moment"),
    ],
)
def test_what_is_no_schedule(expression: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        ScheduledCapacity(name="day", at=appscaling.Schedule.expression(expression), min_capacity=2)
    assert said in str(error.value)
    assert "'day'" in str(error.value)


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 8 * * ? *)",
        "cron(0/15 8-18 ? * MON-FRI *)",
        "cron(0,30 22-2 ? JAN,mar-DEC 2#1 2026-2030/2)",
        "cron(0 8 L * ? *)",
        "cron(0 8 L-3 * ? *)",
        "cron(0 8 15W * ? 2199)",
        "cron(0 8 LW * ? *)",
        "cron(0 8 ? * 6L *)",
        "cron(0 8 1,15,L * ? *)",
        "rate(1 minute)",
        "rate(12 hours)",
        "at(2001-01-31T08:00:00)",
    ],
)
def test_what_is_one(expression: str) -> None:
    check_expression("x", expression)


@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    month=st.integers(1, 12),
    day=st.integers(1, 31),
    week=st.booleans(),
)
def test_what_cdk_writes_is_one(*, minute: int, hour: int, month: int, day: int, week: bool) -> None:
    when = {"week_day": "MON-FRI"} if week else {"day": str(day)}
    at = appscaling.Schedule.cron(minute=str(minute), hour=str(hour), month=str(month), **when)
    ScheduledCapacity(name="day", at=at, min_capacity=2)


def test_what_cdk_makes_of_rates_and_moments_is_one() -> None:
    for at in (
        appscaling.Schedule.rate(cdk.Duration.minutes(1)),
        appscaling.Schedule.rate(cdk.Duration.days(3)),
        appscaling.Schedule.at(datetime(2027, 1, 31, 8, tzinfo=timezone.utc)),
    ):
        ScheduledCapacity(name="day", at=at, min_capacity=2)


def test_time_zones() -> None:
    at = appscaling.Schedule.cron(hour="8", minute="0")
    for zone in (cdk.TimeZone.EUROPE_BERLIN, cdk.TimeZone.ETC_UTC, cdk.TimeZone.of("America/Argentina/Ushuaia")):
        ScheduledCapacity(name="day", at=at, min_capacity=2, time_zone=zone)
    for zone_name in ("Mars/Olympus", "europe/berlin", "../etc/passwd", ""):
        with pytest.raises(ConfigurationError, match=r"time_zone='.*' is not a time zone; use a name of the IANA"):
            ScheduledCapacity(name="day", at=at, min_capacity=2, time_zone=cdk.TimeZone.of(zone_name))


def test_a_machine_without_zones_judges_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoneinfo, "available_timezones", set)
    check_zone("x", "Mars/Olympus")


def test_an_end_in_the_past_is_taken_since_no_clock_is_asked() -> None:
    end = datetime(2001, 1, 1, tzinfo=timezone.utc)
    ScheduledCapacity(name="day", at=appscaling.Schedule.cron(minute="0"), min_capacity=2, end=end)


def test_what_only_the_deployment_knows_passes() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    text = cdk.CfnParameter(stack, "Text").value_as_string
    ScheduledCapacity(
        name="day", at=appscaling.Schedule.expression(text), min_capacity=2, time_zone=cdk.TimeZone.of(text)
    )
    ScheduledCapacity(name="day", at=appscaling.Schedule.expression(f"cron({text} 8 * * ? *)"), min_capacity=2)
