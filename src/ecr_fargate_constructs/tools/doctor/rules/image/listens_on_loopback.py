"""The application listens on the loopback interface only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.served import served
from ecr_fargate_constructs.tools.doctor.readers.servers import listens_on_loopback
from ecr_fargate_constructs.tools.doctor.rule import ELB, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class ListensOnLoopback(Rule):
    """The application listens on the loopback interface only."""

    id = "listens-on-loopback"
    severity = Severity.ERROR
    title = "The application listens on the loopback interface only"
    why = "The application can be reached only from inside its own task, so every health check fails."
    fix = "Listen on 0.0.0.0."
    source = ELB + "load-balancer-troubleshooting.html"
    tags = ("image", "dockerfile", "ingress")

    def _check(self, app: App) -> Iterator[Finding]:
        for each in served(app):
            why = listens_on_loopback(each.program, each.dockerfile)
            if why is not None:
                yield each.found(self, why)
