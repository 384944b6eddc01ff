"""The deployment circuit breaker is off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import services
from ecr_fargate_constructs.tools.doctor.rule import ECS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class NoCircuitBreaker(Rule):
    """The deployment circuit breaker is off."""

    id = "no-circuit-breaker"
    severity = Severity.WARNING
    title = "The deployment circuit breaker is off"
    why = "ECS starts a version that cannot run again and again, and the stack hangs for hours."
    fix = "Set circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True)."
    source = ECS + "deployment-circuit-breaker.html"
    tags = ("service", "deployment")

    def _check(self, app: App) -> Iterator[Finding]:
        for service in services(app):
            configuration = service.resource.get("DeploymentConfiguration") or {}
            rolling = service.deployed_by_ecs and configuration.get("Strategy") in {None, "ROLLING"}
            if rolling and (configuration.get("DeploymentCircuitBreaker") or {}).get("Enable") is not True:
                yield self.found(service.resource, "DeploymentCircuitBreaker is not enabled")
