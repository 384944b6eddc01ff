"""Schedule expressions of Application Auto Scaling and EventBridge Scheduler. Pure: without a clock.

Source: "Schedule recurring scaling actions using cron expressions" in the Application Auto Scaling user guide, and
"Schedule types in EventBridge Scheduler" in the Amazon EventBridge Scheduler user guide.
Forms that it does not mention (ranges that wrap, combinations of days) are accepted.
"""

from __future__ import annotations

import re
import zoneinfo
from datetime import datetime

from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    ("day of the week", 1, 7, DAYS),
    ("year", 1970, 2199, ()),
)
_SPECIAL = {
    "day of the month": re.compile(r"\?|L(?:-\d{1,2})?|L?W|\d{1,2}W", re.IGNORECASE),
    "day of the week": re.compile(r"\?|L|(?:[1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(?:L|#[1-5])", re.IGNORECASE),
}
_RATE = re.compile(r"[1-9]\d* (?:minute|hour|day)s?")
_KIND = re.compile(r"(cron|rate|at)\((.*)\)")


def check_expression(name: str, expression: str, kind_of: str = "Schedule") -> None:
    """Refuse a text that is not a schedule.

    Args:
        name: The option.
        expression: Its value.
        kind_of: CDK's class for such schedules.
    """
    if is_token(expression):
        return
    match = _KIND.fullmatch(expression)
    if match is None:
        raise ConfigurationError(
            f"{name}={expression!r} is not a schedule; use {kind_of}.cron(hour='8', minute='0'), {kind_of}.rate(…) or "
            f"{kind_of}.at(…)"
        )
    kind, inside = match.groups()
    if kind == "cron":
        _check_cron(name, expression, inside)
    elif kind == "rate" and not _RATE.fullmatch(inside):
        raise ConfigurationError(
            f"{name}={expression!r} is not a rate; use a whole number of minutes, hours or days, for example "
            "'rate(5 minutes)'"
        )
    elif kind == "at":
        try:
            datetime.strptime(inside, "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - time_zone= gives its zone
        except ValueError as error:
            raise ConfigurationError(
                f"{name}={expression!r} is not a point in time; use for example 'at(2027-01-31T08:00:00)'"
            ) from error


def check_days(name: str, expression: str) -> None:
    """Refuse a cron expression, already checked, in whose days EventBridge Scheduler requires a question mark."""
    if is_token(expression) or not expression.startswith("cron("):
        return
    fields = expression.removeprefix("cron(").removesuffix(")").split()
    days = {fields[2], fields[4]}
    if "*" in days and "?" not in days:
        raise ConfigurationError(
            f"{name}={expression!r} has {fields[2]!r} as its day of the month and {fields[4]!r} as its day of the "
            "week, but EventBridge Scheduler takes '*' in one of them with '?' in the other only; use '?' in place of "
            "'*'" + (" in one of them" if len(days) == 1 else "")
        )


def check_zone(name: str, zone: str) -> None:
    """Refuse a time zone that does not exist; accept any if Python has no time zone database."""
    if is_token(zone) or not zoneinfo.available_timezones():
        return
    if zone not in zoneinfo.available_timezones():
        raise ConfigurationError(
            f"{name}={zone!r} is not a time zone; use a name of the IANA database, for example "
            "cdk.TimeZone.of('Europe/Berlin')"
        )


def _check_cron(name: str, expression: str, inside: str) -> None:
    parts = inside.split()
    if len(parts) != len(_FIELDS):
        raise ConfigurationError(
            f"{name}={expression!r} has {len(parts)} fields; use six: minutes, hours, day of the month, month, day of "
            "the week, year"
        )
    for part, (field, least, most, names) in zip(parts, _FIELDS, strict=True):
        for item in part.split(","):
            special = _SPECIAL.get(field)
            if not (special is not None and special.fullmatch(item)) and not _is_range(item, least, most, names):
                allowed = f"{least} to {most}" + (f", {names[0]} to {names[-1]}" if names else "")
                raise ConfigurationError(
                    f"{name}={expression!r} has {item!r} as its {field}; use {allowed}, '*', ranges like "
                    f"'{least}-{least + 1}' or steps like '*/2'"
                )


def _is_range(item: str, least: int, most: int, names: tuple[str, ...]) -> bool:
    """Return whether a field is ``*``, a value or a range, with a step or without."""
    value, slash, step = item.partition("/")
    if slash and not (step.isdecimal() and int(step) > 0):
        return False
    if value == "*":
        return True
    bounds = value.split("-")
    return len(bounds) <= 2 and all(  # noqa: PLR2004 - a range has two ends
        bound.upper() in names or (bound.isdecimal() and least <= int(bound) <= most) for bound in bounds
    )
