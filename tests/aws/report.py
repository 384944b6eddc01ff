"""Write down what was compared: for programs, and for people."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.aws.comparison import Compared, Verdict, counts

if TYPE_CHECKING:
    from pathlib import Path

_ALL = [each.value for each in Verdict]


@dataclass(frozen=True)
class Result:
    """An example that was deployed.

    Attributes:
        name: Its name.
        seconds: How long each step took.
        answers: What the target answered, masked.
        compared: The comparison with the record; empty without a record.
        left: What could not be deleted.
        problems: What went wrong besides the comparison.
    """

    name: str
    seconds: dict[str, float]
    answers: dict[str, Any]
    compared: list[Compared]
    left: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def different(self) -> list[Compared]:
        """The differences that nobody expects."""
        return [each for each in self.compared if each.verdict is Verdict.DIFFERENT]


@dataclass
class Report:
    """The report of a session.

    Attributes:
        folder: Where it is written.
        target: Account and region, or the embedded AWS.
        results: The examples that were deployed.
        skipped: Why others were not.
        costs: What each example costs per hour, in US dollars.
    """

    folder: Path
    target: str
    results: list[Result] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)

    def totals(self) -> dict[str, dict[str, int]]:
        """Return how many values have which verdict, by the kind of answer."""
        found: dict[str, Counter[str]] = {}
        for result in self.results:
            for kind, each in counts(result.compared).items():
                found.setdefault(kind, Counter()).update(each)
        return {kind: dict(each) for kind, each in sorted(found.items())}

    def write(self) -> None:
        """Write ``report.json`` and ``report.md``, after each example anew."""
        self.folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self._as_dict(), indent=2, sort_keys=True, ensure_ascii=False)
        (self.folder / "report.json").write_text(f"{text}\n", encoding="utf-8")
        (self.folder / "report.md").write_text(self.markdown(), encoding="utf-8")

    def _as_dict(self) -> dict[str, Any]:
        examples = {}
        for each in self.results:
            differences = [
                {**vars(found), "verdict": found.verdict.value}
                for found in each.compared
                if found.verdict is not Verdict.EQUAL
            ]
            examples[each.name] = {
                "seconds": each.seconds,
                "answers": each.answers,
                "counts": counts(each.compared),
                "differences": differences,
                "left": each.left,
                "problems": each.problems,
            }
        return {
            "target": self.target,
            "dollars per hour": self.costs,
            "totals": self.totals(),
            "examples": examples,
            "not deployed": self.skipped,
        }

    def markdown(self) -> str:
        """Return the report for people."""
        lines = [f"# The examples on {self.target}", ""]
        if self.costs:
            total = sum(self.costs.values())
            lines += [f"Together they cost about {total:.2f} US dollars per hour, and what depends on usage.", ""]
        lines += [f"| answers about | {' | '.join(_ALL)} |", f"|---|{'---|' * len(_ALL)}"]
        totals = self.totals()
        for kind, each in totals.items():
            lines.append(f"| {kind} | {' | '.join(str(each.get(name, 0)) for name in _ALL)} |")
        sums = [str(sum(each.get(name, 0) for each in totals.values())) for name in _ALL]
        lines += [f"| all | {' | '.join(sums)} |", "", "## Examples", ""]
        lines += ["| example | deployed in | values | different | left |", "|---|---|---|---|---|"]
        for result in sorted(self.results, key=lambda each: each.name):
            cells = [f"{result.seconds.get('deploy', 0):.0f} s", len(result.compared), len(result.different)]
            lines.append(f"| {result.name} | {' | '.join(map(str, cells))} | {len(result.left)} |")
        lines += ["", "## Differences", ""]
        for result in self.results:
            found = [each for each in result.compared if each.verdict is not Verdict.EQUAL]
            lines += [f"- {result.name}: {each.verdict.value}: {each}{_because(each)}" for each in found]
            lines += [f"- {result.name}: {each}" for each in (*result.problems, *result.left)]
        lines += ["", "## Not deployed", ""]
        lines += [f"- {name}: {why}" for name, why in sorted(self.skipped.items())]
        return "\n".join(lines) + "\n"


def _because(each: Compared) -> str:
    return f" ({each.reason})" if each.reason else ""
