"""Write the tables of rules in docs/doctor-rules.md: ``python scripts/rules_table.py``."""

from __future__ import annotations

from pathlib import Path

from ecr_fargate_constructs.tools.doctor.registry import RULES
from ecr_fargate_constructs.tools.doctor.rule import Severity

PAGE = Path(__file__).parent.parent / "docs" / "doctor-rules.md"
_HEAD = """\
# The rules of `ecr-fargate doctor`

The ids are public API: they do not change within a major version. [How to use the command](commands.md#doctor).
"""
_TITLES = {
    Severity.ERROR: "Errors: the service does not start, or nothing reaches it",
    Severity.WARNING: "Warnings: the service runs, with a risk or a cost",
}


def page() -> str:
    """Return the page."""
    parts = [_HEAD]
    for severity, title in _TITLES.items():
        rows = [
            f"| `{rule.id}` | {rule.title}. {rule.why} | {rule.fix} | {', '.join(rule.tags)} "
            f"| [source]({rule.source}) |"
            for rule in RULES
            if rule.severity is severity
        ]
        head = "| rule | what is wrong | what to do | about | |"
        parts.append("\n".join([f"## {title}", "", head, "|---|---|---|---|---|", *rows]))
    return "\n".join([parts[0], "\n\n".join(parts[1:])]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
