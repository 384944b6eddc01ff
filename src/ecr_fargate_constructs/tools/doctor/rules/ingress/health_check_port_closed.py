"""The load balancer cannot reach the port of the health check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.target_groups import admission, service_ports, target_groups
from ecr_fargate_constructs.tools.doctor.rule import CDK_ISSUE, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class HealthCheckPortClosed(Rule):
    """The load balancer cannot reach the port of the health check."""

    id = "health-check-port-closed"
    severity = Severity.ERROR
    title = "The load balancer cannot reach the port of the health check"
    why = "No target becomes healthy."
    fix = "Add service.connections.allow_from(load_balancer, ec2.Port.tcp(port))."
    source = CDK_ISSUE + "18093"
    tags = ("ingress", "health-check", "network")

    def _check(self, app: App) -> Iterator[Finding]:
        for service, group in target_groups(app):
            admitted, ports = admission(service), service_ports(service)
            own = app.number(group.get("HealthCheckPort"), group.template)
            if (
                admitted is not None
                and ports is not None
                and own is not None
                and own not in ports
                and not admitted(own)
            ):
                yield self.found(group, f"port {own} is not open to {service.load_balancers[0].path}")
