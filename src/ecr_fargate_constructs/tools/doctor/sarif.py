"""A diagnosis in SARIF 2.1.0, which code hosts show next to the code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.tools.doctor.places import relative
from ecr_fargate_constructs.tools.doctor.registry import RULES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ecr_fargate_constructs.tools.doctor.diagnosis import Diagnosis
    from ecr_fargate_constructs.tools.doctor.rule import Finding, Rule

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_NAME = "ecr-fargate doctor"
_INDEX = {rule.id: index for index, rule in enumerate(RULES)}


def sarif(diagnosis: Diagnosis, root: Path) -> dict[str, Any]:
    """Return a diagnosis as a SARIF log.

    Args:
        diagnosis: The diagnosis.
        root: The folder that paths of files are relative to.
    """
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": _NAME, "rules": [_rule(rule) for rule in RULES]}},
                "columnKind": "utf16CodeUnits",
                "results": [
                    *(_result(finding, root) for finding in diagnosis.findings),
                    *(
                        _result(finding, root) | {"suppressions": [{"kind": "inSource", "justification": reason}]}
                        for finding, reason in diagnosis.acknowledged
                    ),
                ],
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.why},
        "help": {"text": rule.fix},
        "helpUri": rule.source,
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(finding: Finding, root: Path) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.file or finding.template, root)}}
    if finding.line is not None:
        physical["region"] = {"startLine": finding.line}
    sequence: Sequence[dict[str, Any]] = [
        {"name": finding.logical_id, "fullyQualifiedName": finding.path, "kind": "resource"}
    ]
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": _INDEX[finding.rule.id],
        "level": finding.rule.severity.value,
        "message": {"text": f"{finding.detail}. {finding.rule.why} {finding.rule.fix}"},
        "locations": [{"physicalLocation": physical, "logicalLocations": sequence}],
    }


def _uri(file: Path, root: Path) -> str:
    shown = relative(file, root)
    return file.resolve().as_uri() if shown.startswith("/") else shown.replace(" ", "%20")
