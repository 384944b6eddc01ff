"""Run the rules on an app, and collect their findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.malformed import refuses_malformed
from ecr_fargate_constructs.tools.doctor.registry import RULES
from ecr_fargate_constructs.tools.doctor.rule import PREFIX, Severity

if TYPE_CHECKING:
    from collections.abc import Collection

    from ecr_fargate_constructs.tools.assembly.earlier import Earlier
    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


@dataclass(frozen=True)
class Diagnosis:
    """The findings of all rules.

    Attributes:
        findings: The findings, errors first.
        acknowledged: The findings that the app's code acknowledges, each with the reason it gives.
    """

    findings: tuple[Finding, ...]
    acknowledged: tuple[tuple[Finding, str], ...]

    def count(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(finding.rule.severity is severity for finding in self.findings)


@refuses_malformed
def diagnose(app: App, ignored: Collection[str] = (), *, against: Earlier | None = None) -> Diagnosis:
    """Check an app with every rule.

    Args:
        app: The app.
        ignored: Ids of rules to leave out.
        against: The deployed version, to check the update too.
    """
    every = [finding for rule in RULES if rule.id not in ignored for finding in rule.findings(app, against)]
    findings, acknowledged = [], []
    for finding in sorted(dict.fromkeys(every), key=_order):
        reason = app.acknowledged(finding.path, PREFIX + finding.rule.id)
        if reason is None:
            findings.append(finding)
        else:
            acknowledged.append((finding, reason))
    return Diagnosis(tuple(findings), tuple(acknowledged))


def _order(finding: Finding) -> tuple[bool, str, str, str]:
    return finding.rule.severity is not Severity.ERROR, finding.path, finding.rule.id, finding.detail
