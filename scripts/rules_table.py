"""Write the table of rules in docs/doctor-rules.md: ``python scripts/rules_table.py``."""

from __future__ import annotations

from pathlib import Path

from ecr_fargate_constructs.tools.doctor.diagnosis import RULES
from ecr_fargate_constructs.tools.doctor.rule import Severity

PAGE = Path(__file__).parent.parent / "docs" / "doctor-rules.md"
_HEAD = """\
# The rules of `ecr-fargate doctor`

The ids are public API: they do not change within a major version. [How to use the command](commands.md#doctor).
"""
_TITLES = {
    Severity.ERROR: "Errors: the app will not start, or cannot be reached",
    Severity.WARNING: "Warnings: the app will cause trouble later",
}


def page() -> str:
    """Return the page."""
    parts = [_HEAD]
    for severity, title in _TITLES.items():
        rules = sorted((rule for rule in RULES if rule.severity is severity), key=lambda rule: rule.id)
        rows = [f"| `{rule.id}` | {rule.reason} | {rule.fix} | [source]({rule.source}) |" for rule in rules]
        parts.append(
            "\n".join([f"## {title}", "", "| rule | what happens | what to do | |", "|---|---|---|---|", *rows])
        )
    return "\n".join([parts[0], "\n\n".join(parts[1:])]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
