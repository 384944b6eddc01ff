"""The faults of the program with faults, and those that a report names."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from ecr_fargate_constructs.tools.assembly.source_lines import source_lines

PLANTED = {
    "Faulty/Images/Resource": ("mutable-tags", "retention-none"),
    "Faulty/Logs/Resource": ("log-group-never-expires",),
    "Faulty/Task/Resource": (
        "docker-hub-image",
        "image-not-pinned",
        "no-logs",
        "secret-in-environment",
        "task-size-unknown",
    ),
    "Faulty/Web/Service": ("grace-period-short", "minimum-healthy-low", "no-circuit-breaker", "single-task"),
    "Faulty/Balancer/Http/Resource": ("plain-http",),
    "Faulty/Balancer/Http/TasksGroup/Resource": ("draining-slow", "health-check-path-default", "health-check-slow"),
}
"""The rules that each construct breaks, by the path of the construct."""


class Planted(NamedTuple):
    """A fault that a report names."""

    rule: str
    construct: str
    line: str


def planted_in(report: dict[str, Any]) -> set[Planted]:
    """What a plugin's part of a report names; the line is empty if it does not know it."""
    return {
        Planted(violation["ruleName"], construct["constructPath"], _line(construct))
        for violation in report["violations"]
        for construct in violation["violatingConstructs"]
    }


def line_of(construct: str) -> int:
    """The line of the program that creates a construct, from the construct's id."""
    identifier = construct.split("/")[-2].removesuffix("Group")
    lines = PROGRAM.read_text(encoding="utf-8").splitlines()
    (found,) = (
        number for number, line in enumerate(lines, 1) if f'"{identifier}",' in line or f'"{identifier}")' in line
    )
    return found


PROGRAM = Path(__file__).with_name("faulty.py")


def _line(construct: dict[str, Any]) -> str:
    traces = construct.get("stackTraces") or [""]
    file, line = next(source_lines(traces[0].splitlines()), (None, 0))
    return "" if file is None else f"{file.name}:{line}"
