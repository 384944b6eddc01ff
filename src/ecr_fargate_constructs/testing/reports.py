"""The report that validation leaves in a cloud assembly, and how a test tells it."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

_REPORT = "validation-report.json"
_BUILT_IN = "CloudFormation Validate"


@dataclass(frozen=True)
class Finding:
    """What a rule found.

    Attributes:
        plugin: Name of the rule pack.
        rule: Id of the rule, with the detail that an acknowledgement has to repeat.
        description: What the rule says.
        severity: ``error``, ``warning`` and so on.
        constructs: Paths of the constructs.
    """

    plugin: str
    rule: str
    description: str
    severity: str
    constructs: tuple[str, ...]


def findings(outdir: Path, plugins: Collection[str] | None = None) -> list[Finding]:
    """The findings of the report in a cloud assembly that nobody acknowledged."""
    report = outdir / _REPORT
    if not report.is_file():
        return []
    return [
        Finding(
            plugin["pluginName"],
            violation["ruleName"],
            violation["description"],
            violation.get("severity", "error"),
            tuple(where.get("constructPath", "?") for where in violation["violatingConstructs"]),
        )
        for plugin in json.loads(report.read_text(encoding="utf-8"))["pluginReports"]
        if plugins is None or plugin["pluginName"] in plugins
        for violation in plugin["violations"]
    ]


def raise_on_findings(outdir: Path, title: str) -> None:
    """Raise an ``AssertionError`` with what the built-in rules found, as errors."""
    __tracebackhide__ = True
    found = [each for each in findings(outdir, {_BUILT_IN}) if each.severity in {"error", "fatal"}]
    if found:
        raise AssertionError(f"{_count(found)} of {title}\n{tell(found)}")


def tell(found: Iterable[Finding]) -> str:
    """Each rule once, with where it was broken."""
    grouped: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for each in found:
        grouped[each.plugin, each.rule, each.description] += each.constructs
    lines = []
    for (_, rule, description), places in sorted(grouped.items()):
        lines += [f"\n  {rule}: {description}", *(f"      {place}" for place in dict.fromkeys(places))]
    return "\n".join(lines)


def _count(found: list[Finding]) -> str:
    return f"{len(found)} finding" + ("s" if len(found) != 1 else "")
