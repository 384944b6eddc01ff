"""All rules on an app, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.malformed import refuses_malformed
from ecr_fargate_constructs.tools.doctor import (
    image_rules,
    ingress_rules,
    network_rules,
    repository_rules,
    service_rules,
    task_rules,
    update_rules,
)
from ecr_fargate_constructs.tools.doctor.rule import PREFIX, Finding, Severity, error

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ecr_fargate_constructs.tools.assembly.earlier import Earlier
    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Check, Rule

_MODULES = (image_rules, task_rules, network_rules, ingress_rules, service_rules, repository_rules)
_CHECKS: tuple[Check, ...] = tuple(module.check for module in _MODULES)

SYNTHESIS_FAILED = error(
    "synthesis-failed",
    "The synthesis ended with errors, so that what is read here is not the app.",
    "Mend what cdk synth says, and run it again; missing context is looked up by cdk synth with credentials.",
    "https://docs.aws.amazon.com/cdk/v2/guide/context.html",
)
RULES: tuple[Rule, ...] = (SYNTHESIS_FAILED, *(rule for module in (*_MODULES, update_rules) for rule in module.RULES))
"""Every rule."""


def _incomplete(app: App) -> Iterator[Finding]:
    """Errors that the constructs recorded, and context that the app asked for and did not get."""
    for failure in app.failures:
        stack = app.stacks[0]
        yield Finding(rule=SYNTHESIS_FAILED, path=stack.display, logical_id="", detail=failure, template=stack.template)


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Attributes:
        findings: The findings, errors first.
        acknowledged: The findings that the app's code acknowledges, each with its reason.
    """

    findings: tuple[Finding, ...]
    acknowledged: tuple[tuple[Finding, str], ...]

    def count(self, severity: Severity) -> int:
        """How many findings of a severity there are."""
        return sum(finding.rule.severity is severity for finding in self.findings)


@refuses_malformed
def diagnose(app: App, ignored: Collection[str] = (), *, against: Earlier | None = None) -> Diagnosis:
    """Look at an app.

    Args:
        app: The app.
        ignored: Ids of rules to leave out.
        against: What is deployed, to look at the update too.
    """
    every = [finding for check in (_incomplete, *_CHECKS) for finding in check(app)]
    if against is not None:
        every += update_rules.compare(app, against)
    every = [finding for finding in every if finding.rule.id not in ignored]
    unique = sorted(
        dict.fromkeys(every),
        key=lambda finding: (
            finding.rule.severity is not Severity.ERROR,
            finding.path,
            finding.rule.id,
            finding.detail,
        ),
    )
    findings, acknowledged = [], []
    for finding in unique:
        reason = app.acknowledged(finding.path, PREFIX + finding.rule.id)
        if reason is None:
            findings.append(finding)
        else:
            acknowledged.append((finding, reason))
    return Diagnosis(tuple(findings), tuple(acknowledged))
