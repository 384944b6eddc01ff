"""A rule of ``ecr-fargate doctor``, and a finding."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ecr_fargate_constructs.tools.assembly.earlier import Earlier
    from ecr_fargate_constructs.tools.assembly.model import App, Resource
    from ecr_fargate_constructs.tools.assembly.workload import Container

PREFIX = "ecr-fargate-doctor::"
"""The prefix of a rule's id when the app's code acknowledges it."""

ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
ECS_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
ECS_CONTROLS = "https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html"
ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"
ELB_CONTROLS = "https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html"
CDK_ISSUE = "https://github.com/aws/aws-cdk/issues/"
ROADMAP_ISSUE = "https://github.com/aws/containers-roadmap/issues/"


class Severity(Enum):
    """How bad a finding is."""

    ERROR = "error"
    """The service does not start, or nothing reaches it."""

    WARNING = "warning"
    """The service runs, with a risk or a cost."""


class Rule:
    """A rule: its description, and one check.

    Each rule is a class in a file of its own below ``rules``, with the description and ``_check``.

    Attributes:
        id: Its name, which is public: scripts rely on it.
        severity: How bad a finding is.
        title: The fault, in a few words.
        why: The consequence.
        fix: The remedy, with CDK's option or method.
        source: The page that documents it, or the issue that reports it.
        tags: Its subjects.
    """

    id: ClassVar[str]
    severity: ClassVar[Severity]
    title: ClassVar[str]
    why: ClassVar[str]
    fix: ClassVar[str]
    source: ClassVar[str]
    tags: ClassVar[tuple[str, ...]]

    def findings(self, app: App, against: Earlier | None = None) -> Iterator[Finding]:  # noqa: ARG002 - of UpdateRule
        """Look for the fault.

        Args:
            app: The app.
            against: The deployed version; None if it is unknown.
        """
        yield from self._check(app)

    def _check(self, app: App) -> Iterator[Finding]:
        raise NotImplementedError

    def found(self, resource: Resource, detail: str) -> Finding:
        """Return a finding that the template shows."""
        return Finding(
            rule=self,
            path=resource.path,
            logical_id=resource.logical_id,
            detail=detail,
            template=resource.template.file,
        )

    def found_in(self, container: Container, detail: str) -> Finding:
        """Return a finding that the definition of a container shows."""
        return self.found(container.task.resource, f"container {container.name}: {detail}")

    def found_at(self, container: Container, file: Path, detail: str, *, line: int | None = None) -> Finding:
        """Return a finding that a file of a container's build context shows."""
        resource = container.task.resource
        return Finding(
            rule=self,
            path=resource.path,
            logical_id=resource.logical_id,
            detail=f"container {container.name}: {detail}",
            template=resource.template.file,
            file=file,
            line=line,
        )


class UpdateRule(Rule):
    """A rule that compares an app with the deployed version, without which it finds nothing."""

    def findings(self, app: App, against: Earlier | None = None) -> Iterator[Finding]:
        """Look for the fault in an update.

        Args:
            app: The app as it is now.
            against: The deployed version; None if it is unknown.
        """
        if against is not None:
            yield from self._compare(app, against)

    def _compare(self, app: App, old: Earlier) -> Iterator[Finding]:
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A fault, and where it is.

    Attributes:
        rule: The rule that found it.
        path: Path of the construct.
        logical_id: Logical id of the resource.
        detail: The values that cause the fault.
        template: The template with the resource.
        file: The file of the build context that shows it; None if the template does.
        line: The line in ``file``.
    """

    rule: Rule
    path: str
    logical_id: str
    detail: str
    template: Path
    file: Path | None = None
    line: int | None = None
