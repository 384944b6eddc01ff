"""Compare what a target answers with the record of the embedded AWS, value by value."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.aws.known_differences import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDS = Path(__file__).parent / "recorded"


class Verdict(Enum):
    """How a value stands to that of the record."""

    EQUAL = "equal"
    KNOWN = "known difference"
    UNRECORDED = "only here"
    DIFFERENT = "different"


@dataclass(frozen=True)
class Compared:
    """A value, and that of the record.

    Attributes:
        path: The keys that lead to it.
        here: Value of the target; None if there is none.
        recorded: Value of the record; None if there is none.
        verdict: How they stand to each other.
        reason: Why a difference is known.
    """

    path: tuple[str, ...]
    here: Any
    recorded: Any
    verdict: Verdict
    reason: str = ""

    def __str__(self) -> str:
        where = " / ".join(self.path)
        return f"{where}: {json.dumps(self.here)}; the embedded AWS: {json.dumps(self.recorded)}"


def record_of(name: str) -> dict[str, Any] | None:
    """Return the record of an example; None if there is none."""
    file = RECORDS / f"{name}.json"
    if not file.exists():
        return None
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def write_record(name: str, answers: dict[str, Any]) -> None:
    """Make answers the record of an example."""
    RECORDS.mkdir(exist_ok=True)
    text = json.dumps(answers, indent=1, sort_keys=True, ensure_ascii=False)
    (RECORDS / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


def compare(here: dict[str, Any], recorded: dict[str, Any], *, embedded: bool) -> list[Compared]:
    """Compare answers with a record.

    A value of which the record says nothing is ``UNRECORDED``: AWS says more than the embedded AWS. One that the record
    has and the target lacks is ``DIFFERENT``.

    Args:
        here: Answers of the target.
        recorded: Those of the record.
        embedded: Whether the target is the embedded AWS: then no difference is known.
    """
    mine, theirs = dict(_leaves(here)), dict(_leaves(recorded))
    found = []
    for path in sorted({*mine, *theirs}):
        one, other = mine.get(path), theirs.get(path)
        verdict, reason = Verdict.DIFFERENT, ""
        if path in mine and path in theirs and one == other:
            verdict = Verdict.EQUAL
        elif not embedded and (reason := _known(path, one, other)):
            verdict = Verdict.KNOWN
        elif path not in theirs:
            verdict = Verdict.UNRECORDED
        found.append(Compared(path, one, other, verdict, reason))
    return found


def counts(compared: list[Compared]) -> dict[str, dict[str, int]]:
    """Return how many values have which verdict, by the kind of answer."""
    found: dict[str, Counter[str]] = {}
    for each in compared:
        found.setdefault(each.path[0], Counter())[each.verdict.value] += 1
    return {kind: dict(each) for kind, each in found.items()}


def _known(path: tuple[str, ...], here: object, recorded: object) -> str:
    return next((each.reason for each in KNOWN if each.explains(path, here, recorded)), "")


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 - JSON
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _leaves(each, (*path, str(key)))
    elif isinstance(value, list) and any(isinstance(each, (dict, list)) for each in value):
        for number, each in enumerate(value):
            yield from _leaves(each, (*path, str(number)))
    elif value not in (None, [], {}, ""):  # AWS leaves out some of what is empty
        yield path, value
