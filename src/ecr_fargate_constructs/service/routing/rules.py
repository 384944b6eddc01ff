"""The rule of a route: its conditions, an authentication, its rewrites, and where its requests go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.ingress.authentication import signed_in
from ecr_fargate_constructs.service.routing.conditions import conditions_of
from ecr_fargate_constructs.service.routing.rewrites import set_transforms

if TYPE_CHECKING:
    from constructs import Construct

    from ecr_fargate_constructs.service.ingress.authentication import Authentication
    from ecr_fargate_constructs.service.routing.route import Route


def check_listener(route: Route, base_url: str) -> None:
    """Refuse a route whose authentication requires HTTPS, on a listener without it."""
    check_encrypted("Route.authentication", route.authentication, base_url)


def check_encrypted(name: str, authentication: Authentication | None, base_url: str) -> None:
    """Refuse an authentication on a listener without HTTPS."""
    if authentication is None or not base_url.lower().startswith("http:"):  # of a token nothing is known
        return
    raise ConfigurationError(
        f"{name}={type(authentication).__name__}(…) requires a listener with HTTPS, but this one is plain HTTP; use "
        "PublicHttps(…) or InternalHttps(…), or omit it"
    )


def check_response(route: Route) -> None:
    """Refuse rewrites of requests that no task gets."""
    for name in ("url_rewrite", "host_header_rewrite"):
        if getattr(route, name) is not None:
            raise ConfigurationError(
                f"Route.{name} changes requests for a task, but the load balancer answers {route} itself; omit it, or "
                "use a Redirect with path= or host="
            )


def add_rule(
    scope: Construct,
    construct_id: str,
    listener: elbv2.IApplicationListener,
    route: Route,
    *,
    priority: float,
    authentication: Authentication | None,
    action: elbv2.ListenerAction,
) -> elbv2.ApplicationListenerRule:
    """Add the rule of a route to ``scope``; the authentication comes before the action."""
    rule = elbv2.ApplicationListenerRule(
        scope,
        construct_id,
        listener=listener,
        priority=priority,
        conditions=conditions_of(route),
        action=signed_in(scope, listener, authentication, action),
    )
    set_transforms(rule, route)
    return rule
