"""A public listener serves plain HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.rule import ELB_CONTROLS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class PlainHttp(Rule):
    """A public listener serves plain HTTP."""

    id = "plain-http"
    severity = Severity.WARNING
    title = "A public listener serves plain HTTP"
    why = "Everything that clients send, passwords and cookies included, travels in clear text."
    fix = "Give the listener a certificate, and let port 80 redirect to it."
    source = ELB_CONTROLS
    tags = ("ingress", "security")

    def _check(self, app: App) -> Iterator[Finding]:
        for listener in app.of("AWS::ElasticLoadBalancingV2::Listener"):
            balancer = app.target(listener.get("LoadBalancerArn"), listener.template)
            if balancer is None or balancer.get("Scheme") != "internet-facing" or listener.get("Protocol") != "HTTP":
                continue
            actions = list(listener.get("DefaultActions") or [])
            for rule in app.referring(listener, "AWS::ElasticLoadBalancingV2::ListenerRule", "ListenerArn"):
                actions += rule.get("Actions") or []
            if any(isinstance(action, dict) and action.get("Type") == "forward" for action in actions):
                yield self.found(listener, f"port {listener.get('Port')} of {balancer.path} serves HTTP")
