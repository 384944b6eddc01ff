"""The validation report in a cloud assembly, and its text for a failed test."""

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
    """A finding of a rule.

    Attributes:
        plugin: Name of the rule pack.
        rule: Id of the rule, with the detail that an acknowledgement has to repeat.
        description: The rule's description.
        severity: ``error``, ``warning`` and so on.
        constructs: Paths of the constructs.
    """

    plugin: str
    rule: str
    description: str
    severity: str
    constructs: tuple[str, ...]


def findings(outdir: Path, plugins: Collection[str] | None = None) -> list[Finding]:
    """Return the findings of the report in a cloud assembly that are not acknowledged."""
    report = outdir / _REPORT
    if not report.is_file():
        return []
    return [
        Finding(
            plugin["pluginName"],
            violation["ruleName"],
            violation["description"],
            violation.get("severity", "error"),
            tuple(each.get("constructPath", "?") for each in violation["violatingConstructs"]),
        )
        for plugin in json.loads(report.read_text(encoding="utf-8"))["pluginReports"]
        if plugins is None or plugin["pluginName"] in plugins
        for violation in plugin["violations"]
    ]


def raise_on_findings(outdir: Path, title: str) -> None:
    """Raise an ``AssertionError`` with the findings of the built-in rules, as errors."""
    __tracebackhide__ = True
    errors = [each for each in findings(outdir, {_BUILT_IN}) if each.severity in {"error", "fatal"}]
    if errors:
        raise AssertionError(f"{_count(errors)} of {title}\n{render(errors)}")


def render(broken: Iterable[Finding]) -> str:
    """Return each rule once, with the constructs that break it."""
    grouped: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for each in broken:
        grouped[each.plugin, each.rule, each.description] += each.constructs
    lines = []
    for (_, rule, description), constructs in sorted(grouped.items()):
        lines += [f"\n  {rule}: {description}", *(f"      {construct}" for construct in dict.fromkeys(constructs))]
    return "\n".join(lines)


def _count(broken: list[Finding]) -> str:
    return f"{len(broken)} finding" + ("s" if len(broken) != 1 else "")
