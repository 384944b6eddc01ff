"""Redirects that would loop, or leave HTTPS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.ingress.responses import Redirect

if TYPE_CHECKING:
    from ecr_fargate_constructs.service.ingress.responses import Response
    from ecr_fargate_constructs.service.routing.route import Route


def check_redirect(response: Response | None, route: Route | None, *, https: bool, port: float) -> None:
    """Refuse a redirect that the listener would answer with the same redirect, or that leaves HTTPS.

    Args:
        response: The response; a ``FixedResponse`` is always accepted.
        route: The requests that get the response; None for those that no route matches.
        https: The listener's protocol is HTTPS.
        port: Port of the listener.
        path: Path of the construct.
    """
    if not isinstance(response, Redirect):
        return
    http = response.protocol is elbv2.ApplicationProtocol.HTTP
    if https and http:
        raise ConfigurationError(
            "Redirect.protocol=HTTP leads from HTTPS to HTTP, which Elastic Load Balancing refuses, and port 80 "
            "redirects back; omit protocol and port"
        )
    own = elbv2.ApplicationProtocol.HTTPS if https else elbv2.ApplicationProtocol.HTTP
    stays = response.protocol in {None, own} and response.port in {None, port} and response.query in {None, "#{query}"}
    if stays and not is_token(response.port) and _same_host(response, route) and _same_path(response, route):
        requests = "requests that no route matches" if route is None else str(route)
        raise ConfigurationError(
            f"Redirect(…) for {requests} leads to the same address, so the client would be redirected forever; give "
            "another host=, path=, port= or protocol="
        )


def _same_host(response: Redirect, route: Route | None) -> bool:
    return response.host in {None, "#{host}"} or (route is not None and route.hosts == (response.host,))


def _same_path(response: Redirect, route: Route | None) -> bool:
    return response.path in {None, "/#{path}"} or (route is not None and route.paths == (response.path,))
