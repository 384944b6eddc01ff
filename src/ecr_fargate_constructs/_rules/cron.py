"""The times at which a cron expression of AWS is due. Pure: without a clock.

Source: "Schedule types in EventBridge Scheduler" in the Amazon EventBridge Scheduler user guide.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.schedule_expression import DAYS, MONTHS

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAY = 86_400  # seconds
_FIRST = date(2028, 1, 1)  # of four years, one of them a leap year; which four does not matter
_LONGEST = 4 * 366  # days between two times of a schedule, beyond which it counts as over
_WEEK = 7


@dataclass(frozen=True)
class Cron:
    """A cron expression of six fields, already checked.

    Attributes:
        times: Times of the day at which it is due, in order.
        days_of_month: The third field.
        months: Months in which it is due.
        days_of_week: The fifth field.
        years: Years in which it is due; None for every year.
    """

    times: tuple[time, ...]
    days_of_month: tuple[str, ...]
    months: frozenset[int]
    days_of_week: tuple[str, ...]
    years: frozenset[int] | None

    @classmethod
    def of(cls, expression: str) -> Cron:
        """Read an expression such as ``cron(0 3 * * ? *)``."""
        minutes, hours, days, months, weekdays, years = expression.removeprefix("cron(").removesuffix(")").split()
        return cls(
            tuple(
                time(hour, minute)
                for hour in sorted(_values(hours, 0, 23))
                for minute in sorted(_values(minutes, 0, 59))
            ),
            tuple(days.upper().split(",")),
            frozenset(_values(months, 1, 12, MONTHS)),
            tuple(weekdays.upper().split(",")),
            None if years == "*" else frozenset(_values(years, 1970, 2199)),
        )

    def on(self, day: date) -> bool:
        """Return whether it is due on a day."""
        return (
            day.month in self.months
            and (self.years is None or day.year in self.years)
            and any(_is_day_of_month(item, day) for item in self.days_of_month)
            and any(_is_day_of_week(item, day) for item in self.days_of_week)
        )

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first time after ``moment`` in its time zone; None if there is none in the next four years.

        A time that a change of the clocks leaves out is left out here too; one that comes twice is due once.
        """
        for offset in range(_LONGEST + 1):
            day = moment.date() + timedelta(days=offset)
            if self.on(day):
                for each in self.times:
                    due = datetime.combine(day, each, moment.tzinfo)
                    if due.timestamp() > moment.timestamp() and _exists(due):
                        return due
        return None

    def longest_gap(self) -> int | None:
        """Return the greatest number of seconds between two times; None if it ends, or is too rare to tell."""
        if self.years is not None:
            return None
        due = [day for offset in range(_LONGEST) if self.on(day := _FIRST + timedelta(days=offset))]
        seconds = [each.hour * 3600 + each.minute * 60 for each in self.times]
        nights = [(later - earlier).days * _DAY + seconds[0] - seconds[-1] for earlier, later in pairwise(due)]
        return max([*nights, *(later - earlier for earlier, later in pairwise(seconds))]) if nights else None


def _exists(moment: datetime) -> bool:
    return moment.astimezone(timezone.utc).astimezone(moment.tzinfo).replace(tzinfo=None) == moment.replace(tzinfo=None)


def _values(field: str, least: int, most: int, names: tuple[str, ...] = ()) -> Iterator[int]:
    """Yield the numbers of a field; a range that wraps, such as ``FRI-MON``, continues at the least."""
    for item in set(field.upper().split(",")):
        value, slash, step = item.partition("/")
        first, dash, last = value.partition("-")
        start = least if first in {"*", "?"} else _number(first, least, names)
        end = _number(last, least, names) if dash else most if first in {"*", "?"} or slash else start
        length = end - start if end >= start else end - start + most - least + 1
        for distance in range(0, length + 1, int(step or 1)):
            yield least + (start - least + distance) % (most - least + 1)


def _number(text: str, least: int, names: tuple[str, ...]) -> int:
    return names.index(text) + least if text in names else int(text)


def _is_day_of_month(item: str, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    if item in {"*", "?"}:
        return True
    if item.startswith("L"):
        wanted = last if item in {"L", "LW"} else last - int(item[2:])
        return day.day == (_working_day(day, wanted, last) if item == "LW" else wanted)
    if item.endswith("W"):
        return int(item[:-1]) <= last and day.day == _working_day(day, int(item[:-1]), last)
    return day.day in _values(item, 1, 31)


def _working_day(day: date, wanted: int, last: int) -> int:
    """Return the weekday nearest to a day, in the same month."""
    weekday = day.replace(day=wanted).weekday()
    if weekday == calendar.SATURDAY:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == calendar.SUNDAY:
        return wanted + 1 if wanted < last else wanted - 2
    return wanted


def _is_day_of_week(item: str, day: date) -> bool:
    if item in {"*", "?"}:
        return True
    number = day.isoweekday() % _WEEK + 1  # AWS counts from 1, Sunday
    if item == "L":
        return number == _WEEK
    if item.endswith("L"):
        last = calendar.monthrange(day.year, day.month)[1]
        return number == _number(item[:-1], 1, DAYS) and day.day > last - _WEEK
    if "#" in item:
        name, _, count = item.partition("#")
        return number == _number(name, 1, DAYS) and (day.day - 1) // _WEEK + 1 == int(count)
    return number in _values(item, 1, _WEEK, DAYS)
