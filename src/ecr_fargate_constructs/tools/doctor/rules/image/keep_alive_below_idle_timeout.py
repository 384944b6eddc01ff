"""The application closes idle connections before the load balancer does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import attribute
from ecr_fargate_constructs.tools.doctor.readers.keep_alive import keep_alive_of
from ecr_fargate_constructs.tools.doctor.readers.served import served
from ecr_fargate_constructs.tools.doctor.rule import ELB, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.assembly.workload import Service
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_IDLE_DEFAULT = 60  # seconds


class KeepAliveBelowIdleTimeout(Rule):
    """The application closes idle connections before the load balancer does."""

    id = "keep-alive-below-idle-timeout"
    severity = Severity.WARNING
    title = "The application closes idle connections before the load balancer does"
    why = (
        "The load balancer answers some requests with 502, because it sends them over a connection that "
        "the application is closing."
    )
    fix = "Keep connections longer than the load balancer's idle timeout, for example 75 seconds where it has 60."
    source = ELB + "load-balancer-troubleshooting.html"
    tags = ("image", "dockerfile", "ingress")

    def _check(self, app: App) -> Iterator[Finding]:
        for each in served(app):
            idle = max(_idle_timeouts(each.service), default=None)
            kept = None if idle is None else keep_alive_of(each.program, each.dockerfile)
            if idle is not None and kept is not None and kept.seconds <= idle:
                detail = f"{kept.server} keeps idle connections for {kept.seconds} s, the load balancer for {idle} s"
                yield each.found(self, detail)


def _idle_timeouts(service: Service) -> list[int]:
    timeouts = []
    for balancer in service.load_balancers:
        if balancer.get("Type") in {None, "application"}:
            text = attribute(balancer, "idle_timeout.timeout_seconds")
            value = _IDLE_DEFAULT if text is None else service.app.number(text, balancer.template)
            timeouts += [value] if value is not None else []
    return timeouts
