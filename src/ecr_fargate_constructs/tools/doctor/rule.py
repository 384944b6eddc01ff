"""A rule, and what is said when it is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from ecr_fargate_constructs.tools.assembly.model import App

if TYPE_CHECKING:
    from pathlib import Path

    from ecr_fargate_constructs.tools.assembly.model import Resource
    from ecr_fargate_constructs.tools.assembly.workload import Container

PREFIX = "ecr-fargate-doctor::"
"""Before the id of a rule, where it is acknowledged in the app's code."""

ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
ECS_CONTROLS = "https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html"
ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"
CDK_ISSUE = "https://github.com/aws/aws-cdk/issues/"
ROADMAP_ISSUE = "https://github.com/aws/containers-roadmap/issues/"


class Severity(Enum):
    """How bad it is."""

    ERROR = "error"
    """It will not start, or nobody will reach it."""

    WARNING = "warning"
    """It will hurt."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule.

    Attributes:
        id: Its name; scripts may rely on it.
        severity: How bad it is to break it.
        reason: What happens.
        fix: What to do, in CDK's words.
        source: Where that is documented or was reported.
    """

    id: str
    severity: Severity
    reason: str
    fix: str
    source: str


def error(identifier: str, reason: str, fix: str, source: str) -> Rule:
    """A rule whose breach keeps a task from starting or from being reached."""
    return Rule(id=identifier, severity=Severity.ERROR, reason=reason, fix=fix, source=source)


def warning(identifier: str, reason: str, fix: str, source: str) -> Rule:
    """A rule whose breach hurts."""
    return Rule(id=identifier, severity=Severity.WARNING, reason=reason, fix=fix, source=source)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule that is broken, and where.

    Attributes:
        rule: The rule.
        path: Path of the construct.
        logical_id: Logical id of the resource.
        detail: What exactly was found.
        template: The template that the resource is in.
        file: The file of the build context that shows it; None when the template does.
        line: The line in ``file``.
    """

    rule: Rule
    path: str
    logical_id: str
    detail: str
    template: Path
    file: Path | None = None
    line: int | None = None


Check: TypeAlias = Callable[[App], Iterator[Finding]]
"""What looks for breaches of some rules."""


def found(rule: Rule, resource: Resource, detail: str) -> Finding:
    """A breach that the template shows."""
    return Finding(
        rule=rule,
        path=resource.path,
        logical_id=resource.logical_id,
        detail=detail,
        template=resource.template.file,
    )


def found_in(rule: Rule, container: Container, file: Path, detail: str, *, line: int | None = None) -> Finding:
    """A breach that a file of a container's build context shows."""
    resource = container.task.resource
    return Finding(
        rule=rule,
        path=resource.path,
        logical_id=resource.logical_id,
        detail=f"container {container.name}: {detail}",
        template=resource.template.file,
        file=file,
        line=line,
    )
