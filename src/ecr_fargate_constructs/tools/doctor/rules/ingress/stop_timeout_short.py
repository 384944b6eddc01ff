"""The stop timeout is shorter than the deregistration delay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.target_groups import (
    LONGEST_DELAY,
    deregistration_delay,
    entered,
    target_groups,
)
from ecr_fargate_constructs.tools.doctor.rule import ECS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_DEFAULT = 30  # seconds


class StopTimeoutShort(Rule):
    """The stop timeout is shorter than the deregistration delay."""

    id = "stop-timeout-short"
    severity = Severity.WARNING
    title = "The stop timeout is shorter than the deregistration delay"
    why = "A task is killed while the load balancer still lets it finish requests."
    fix = "Set a stop_timeout of the container that is at least as long as the deregistration delay."
    source = ECS + "load-balancer-connection-draining.html"
    tags = ("ingress", "shutdown")

    def _check(self, app: App) -> Iterator[Finding]:
        for service, group in target_groups(app):
            delay = deregistration_delay(app, group)
            if delay is None or delay > LONGEST_DELAY:
                continue
            for container in service.task.containers if service.task is not None else ():
                given = container.definition.get("StopTimeout")
                stop = _DEFAULT if given is None else container.number(given)
                if container.name in entered(service) and stop is not None and stop < delay:
                    detail = f"container {container.name} is killed after {stop} s, {group.path} drains for {delay} s"
                    yield self.found(service.resource, detail)
