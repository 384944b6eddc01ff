"""When cron expressions are due."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from ecr_fargate_constructs._rules.cron import Cron

HOUR, DAY = 3600, 86_400
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("expression", "gap"),
    [
        ("cron(0 3 * * ? *)", DAY),
        ("cron(* * * * ? *)", 60),
        ("cron(0/15 * * * ? *)", 15 * 60),
        ("cron(5/20 * * * ? *)", 20 * 60),
        ("cron(0 8,20 * * ? *)", 12 * HOUR),
        ("cron(0 9 ? * MON-FRI *)", 3 * DAY),
        ("cron(0 9 ? * FRI-MON *)", 4 * DAY),
        ("cron(0 9 ? * 2 *)", 7 * DAY),
        ("cron(0 0 1 * ? *)", 31 * DAY),
        ("cron(0 0 L * ? *)", 31 * DAY),
        ("cron(0 0 1 JAN ? *)", 366 * DAY),
        ("cron(0 0 31 2 ? *)", None),
        ("cron(0 0 1 1 ? 2030)", None),
    ],
)
def test_the_longest_gap(expression: str, gap: int | None) -> None:
    assert Cron.of(expression).longest_gap() == gap


@pytest.mark.parametrize(
    ("expression", "days"),
    [
        ("cron(0 0 L * ? *)", [31]),
        ("cron(0 0 L-2 * ? *)", [29]),
        ("cron(0 0 LW * ? *)", [31]),
        ("cron(0 0 1W * ? *)", [3]),  # the first is a Saturday
        ("cron(0 0 16W * ? *)", [17]),  # a Sunday
        ("cron(0 0 ? * 6L *)", [28]),
        ("cron(0 0 ? * TUE#2 *)", [11]),
        ("cron(0 0 ? * L *)", [1, 8, 15, 22, 29]),
        ("cron(0 0 10-12,20 * ? *)", [10, 11, 12, 20]),
        ("cron(0 0 ? * SUN *)", [2, 9, 16, 23, 30]),
    ],
)
def test_days_of_a_month(expression: str, days: list[int]) -> None:
    january_2028 = [date(2028, 1, 1) + timedelta(days=offset) for offset in range(31)]
    assert [each.day for each in january_2028 if Cron.of(expression).on(each)] == days


def test_the_next_time_is_after_the_moment() -> None:
    daily = Cron.of("cron(30 3 * * ? *)")
    at = datetime(2027, 5, 1, 3, 30, tzinfo=timezone.utc)
    assert daily.next_after(at - timedelta(seconds=1)) == at
    assert daily.next_after(at) == at + timedelta(days=1)


def test_clocks_that_change() -> None:
    spring = datetime(2027, 3, 28, 0, 0, tzinfo=BERLIN)  # 02:30 does not exist
    assert Cron.of("cron(30 2 * * ? *)").next_after(spring) == datetime(2027, 3, 29, 2, 30, tzinfo=BERLIN)
    autumn = datetime(2027, 10, 31, 2, 30, tzinfo=BERLIN)  # comes twice
    again = Cron.of("cron(30 2 * * ? *)").next_after(autumn)
    assert again == datetime(2027, 11, 1, 2, 30, tzinfo=BERLIN)
