"""The conditions of a rule, made of a route."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_elasticloadbalancingv2 as elbv2

if TYPE_CHECKING:
    from ecr_fargate_constructs.service.routing.route import Route


def conditions_of(route: Route) -> list[elbv2.ListenerCondition]:
    """Return the conditions of a route's rule."""
    conditions = []
    if route.paths:
        conditions.append(elbv2.ListenerCondition.path_patterns(list(route.paths)))
    if route.hosts:
        conditions.append(elbv2.ListenerCondition.host_headers(list(route.hosts)))
    if route.methods:
        conditions.append(elbv2.ListenerCondition.http_request_methods(list(route.methods)))
    if route.sources:
        conditions.append(elbv2.ListenerCondition.source_ips(list(route.sources)))
    conditions.extend(
        elbv2.ListenerCondition.query_strings([elbv2.QueryStringCondition(key=key, value=value)])
        for key, value in route.query.items()
    )
    conditions.extend(elbv2.ListenerCondition.http_header(name, list(values)) for name, values in route.headers.items())
    return conditions
