"""The load balancer cannot reach the tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.target_groups import admission, service_ports, target_groups
from ecr_fargate_constructs.tools.doctor.rule import ELB, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class TrafficPortClosed(Rule):
    """The load balancer cannot reach the tasks."""

    id = "traffic-port-closed"
    severity = Severity.ERROR
    title = "The load balancer cannot reach the tasks"
    why = (
        "The tasks' security group does not let it connect to a port that the tasks listen on, so no "
        "target becomes healthy."
    )
    fix = "Add service.connections.allow_from(load_balancer, ec2.Port.tcp(port))."
    source = ELB + "load-balancer-troubleshooting.html"
    tags = ("ingress", "network")

    def _check(self, app: App) -> Iterator[Finding]:
        for service, _ in target_groups(app):
            admitted, ports = admission(service), service_ports(service)
            closed = sorted(port for port in ports or () if admitted is not None and not admitted(port))
            if closed:
                yield self.found(service.resource, f"port {closed[0]} is not open to {service.load_balancers[0].path}")
