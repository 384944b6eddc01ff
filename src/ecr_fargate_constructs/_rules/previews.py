"""Previews: names, times, and what the command line and the constructs agree on."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

CONTEXT, CONTEXT_EXPIRES = "preview", "preview-expires"
"""Keys of the context with which ``ecr-fargate preview up`` synthesizes the app."""

TAG = "ecr-fargate-constructs:preview"
"""Tag of a preview's stack and resources; its value is the name."""

EXPIRES = "PreviewExpires"
"""Output of a preview's stack."""

_NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,28}[a-z0-9])?")
_TIME = "%Y-%m-%dT%H:%M:%S"
_PERIOD = re.compile(r"(\d{1,4})([hd])")
_MOST_DAYS = 365


def is_name(name: str) -> bool:
    """Return whether a name is one of a preview: a label of a host name that begins with a letter."""
    return bool(_NAME.fullmatch(name))


NAMES = "1 to 30 lower-case letters, digits and hyphens, with a letter first and no hyphen last, as in a host name"
"""Names that ``is_name`` accepts, in words."""


def suggestion(name: str) -> str:
    """Return a name that is like another one, such as that of a branch."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    plain = plain if plain[:1].isalpha() else f"pr-{plain}"
    return plain[:30].rstrip("-")


def period(text: str) -> timedelta | None:
    """Return the time that ``12h`` or ``7d`` stand for; None for another text, and for more than a year."""
    matched = _PERIOD.fullmatch(text)
    if matched is None:
        return None
    number = int(matched[1])
    found = timedelta(hours=number) if matched[2] == "h" else timedelta(days=number)
    return found if timedelta(0) < found <= timedelta(days=_MOST_DAYS) else None


def written(moment: datetime) -> str:
    """Return a time as EventBridge Scheduler takes it in ``at(…)``, in UTC."""
    return moment.astimezone(timezone.utc).strftime(_TIME)


def read(text: str) -> datetime | None:
    """Return the time that ``written`` has written; None for another text."""
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
