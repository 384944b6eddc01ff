"""Parsers for durations, amounts of memory, schedules and task sizes in both formats."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.task_size import FARGATE_SIZES

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.document import Node

ENV_FILE = (
    "ECS takes only files with the extension .env, and for CDK the name .env has no extension",
    "rename it, for example to web.env, and run the command again",
)
"""Why a file of variables is left out, and the remedy."""

SECRET_VARIABLE = (
    "it looks like a secret, which anyone could read in the template",
    "put it into Secrets Manager, and pass it as a secret: AppContainer(secrets=…)",
)
"""Why a variable is left out, and the remedy."""

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:us|ms|s|m|h|d))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h|d)")
_BYTES = re.compile(r"(\d+(?:\.\d+)?)\s*([bkmg]?)b?", re.IGNORECASE)
_FACTORS = {"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30}
_MOST = 10**9
_NAMED = {
    "@yearly": "cron(0 0 1 1 ? *)",
    "@annually": "cron(0 0 1 1 ? *)",
    "@monthly": "cron(0 0 1 * ? *)",
    "@weekly": "cron(0 0 ? * 1 *)",
    "@daily": "cron(0 0 * * ? *)",
    "@midnight": "cron(0 0 * * ? *)",
    "@hourly": "cron(0 * * * ? *)",
}
_EVENTS = re.compile(r"(?:rate|cron)\([\w*?,/# -]+\)")
_CRON_FIELD = re.compile(r"[\w*,/-]+")
_WEEK_DAY = re.compile(r"(?<![/\d])[0-7](?!\d)")


def seconds(node: Node) -> float | None:
    """Return a duration such as ``1m30s``, or a number of seconds; None for anything else."""
    value = node.value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value) if len(value) <= len(str(_MOST)) else -1
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value) if 0 <= value <= _MOST else None
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        return None
    total = sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(value))
    return total if total <= _MOST else None


def mebibytes(node: Node) -> float | None:
    """Return an amount of memory such as ``512m``, ``1.5gb`` or a number of bytes, in MiB; None for anything else."""
    value = node.value
    text = str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
    match = _BYTES.fullmatch(text.strip())
    if match is None:
        return None
    return float(match[1]) * _FACTORS[match[2].lower()] / 2**20


def cpus(node: Node) -> float | None:
    """Return a number of CPUs such as ``0.5``; None for anything else."""
    try:
        number = float(node.value) if isinstance(node.value, (str, int, float)) else -1
    except ValueError:
        return None
    return number if 0 < number < _MOST and not isinstance(node.value, bool) else None


def fargate_size(cpu: float, memory: float) -> tuple[int, int] | None:
    """Return the smallest size of Fargate with at least this many CPU units and MiB; None if there is none."""
    fitting = [
        (units, size) for units, sizes in FARGATE_SIZES.items() for size in sizes if units >= cpu and size >= memory
    ]
    return min(fitting, default=None)


def schedule(text: str) -> str | None:
    """Return a schedule of Copilot in the notation of EventBridge; None for one that EventBridge cannot express."""
    if text in _NAMED or _EVENTS.fullmatch(text):
        return _NAMED.get(text, text)
    if text.startswith("@every "):
        return _rate(text.removeprefix("@every ").strip())
    fields = text.split()
    if len(fields) != 5 or not all(_CRON_FIELD.fullmatch(each) for each in fields):  # noqa: PLR2004 - minute to day of week
        return None
    minute, hour, day, month, week_day = fields
    if week_day == "*":
        return f"cron({minute} {hour} {day} {month} ? *)"
    # With both days, cron runs on either; EventBridge takes only one of the two.
    return None if day != "*" else f"cron({minute} {hour} ? {month} {_WEEK_DAY.sub(_day_of_events, week_day)} *)"


def _day_of_events(match: re.Match[str]) -> str:
    """Return EventBridge's number of a weekday: cron counts from 0, Sunday, which is also 7; EventBridge from 1."""
    return str(int(match[0]) % 7 + 1)


def _rate(text: str) -> str | None:
    if not _DURATION.fullmatch(text):
        return None
    total = sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(text))
    if total < 60 or total % 60:  # noqa: PLR2004 - EventBridge has no shorter rate than a minute
        return None
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if total % length == 0:
            amount = int(total // length)
            return f"rate({amount} {unit}{'' if amount == 1 else 's'})"
    return None
