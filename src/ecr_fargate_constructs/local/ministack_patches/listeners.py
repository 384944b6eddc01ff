"""Choose the listener for a request by the host name.

MiniStack takes the listener whose port is in the ``Host`` header, and otherwise the first one, which may be the
redirecting listener of an HTTPS load balancer. Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

from contextvars import ContextVar
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.addresses import (
    DOMAIN,
    first_listener,
    local_redirect,
    main_listener,
    of_scheme,
    requested_host,
)
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

if TYPE_CHECKING:
    from collections.abc import Mapping


SCHEME: ContextVar[str] = ContextVar("the scheme of the request", default="")
"""``http`` or ``https``; empty if HTTPS is not served, so that all listeners answer over HTTP."""
_BAD_REQUEST = 400


def choose_listeners(alb: Any, provisioners: Any, ports: Mapping[str, int] | None = None) -> None:  # noqa: ANN401 - an untyped package
    """Let ``NAME.alb.localhost`` select the main listener, and a port or host before the name another one.

    Args:
        alb: MiniStack's load-balancing module.
        provisioners: MiniStack's module of resource types.
        ports: The ports on this machine, of ``http`` and ``https``; empty if HTTPS is not served.
    """
    _find_by_address(alb, ports or {})
    _take_query_conditions(alb, provisioners)


def _find_by_address(alb: Any, ports: Mapping[str, int]) -> None:  # noqa: ANN401 - an untyped package
    balancer_of, dispatch, listeners = (
        find(alb, name) for name in ("find_lb_for_host", "dispatch_request", "_listeners")
    )

    def find_lb_for_host(host: str) -> Properties | None:
        requested = requested_host(host)
        balancer: Properties | None = balancer_of(f"{requested.balancer}{DOMAIN}" if requested else host)
        return balancer

    async def dispatch_request(
        balancer: Properties,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: Properties,
        port: int = 80,
        *rest: Any,  # noqa: ANN401 - passed on as it is
        **more: Any,  # noqa: ANN401 - passed on as it is
    ) -> Any:  # noqa: ANN401 - passed on as it is
        own_listeners = [each for each in listeners.values() if each["LoadBalancerArn"] == balancer["LoadBalancerArn"]]
        requested = requested_host(headers.get("host", ""))
        has_port = ":" in headers.get("host", "") and any(each.get("Port") == port for each in own_listeners)
        scheme = SCHEME.get()
        if requested is not None and own_listeners and not has_port:
            possible = of_scheme(own_listeners, scheme) if scheme else own_listeners
            named = [each for each in possible if each.get("Port") == requested.port] if requested.port else possible
            if scheme and not named:
                return _other_scheme(scheme)
            main = (first_listener if scheme else main_listener)(possible)
            port = requested.port or int(main.get("Port") or 80)
        if requested is not None and requested.host is not None:
            headers, host = {**headers, "host": requested.host}, headers.get("host", "")
        else:
            host = headers.get("host", "")
        answer = await dispatch(balancer, method, path, headers, body, query, port, *rest, **more)
        if scheme and isinstance(answer[1], dict) and "Location" in answer[1]:
            location = local_redirect(str(answer[1]["Location"]), host, own_listeners, ports)
            return answer[0], {**answer[1], "Location": location}, *answer[2:]
        return answer

    alb.find_lb_for_host, alb.dispatch_request = find_lb_for_host, dispatch_request


def _other_scheme(scheme: str) -> tuple[int, dict[str, str], bytes]:
    """Return what a load balancer answers to plain HTTP on a port for HTTPS; the reverse is no HTTP on AWS."""
    text = "The plain HTTP request was sent to HTTPS port" if scheme == "http" else "This listener is for HTTP"
    body = f"<html>\r\n<head><title>400 {text}</title></head>\r\n<body>{text}</body>\r\n</html>\r\n"
    return _BAD_REQUEST, {"Content-Type": "text/html"}, body.encode()


def _take_query_conditions(alb: Any, provisioners: Any) -> None:  # noqa: ANN401 - an untyped package
    """Support query conditions of templates: MiniStack stores their list of objects and cannot compare it."""
    flatten, meets = find(provisioners, "_flatten_listener_rule_conditions"), find(alb, "_match_condition")

    def flatten_conditions(conditions: list[Properties] | None) -> list[Properties]:
        flat: list[Properties] = flatten(conditions)
        for each in flat:
            if each["Field"] == "query-string":
                each["Values"] = [
                    f"{value.get('Key') or ''}={value.get('Value', '')}" if isinstance(value, dict) else value
                    for value in each["Values"]
                ]
        return flat

    def match_condition(
        condition: Properties, method: str, path: str, headers: dict[str, str], query: Properties
    ) -> bool:
        if condition.get("Field") != "query-string":
            return bool(meets(condition, method, path, headers, query))
        pairs = [
            f"{key}={value}".lower()
            for key, values in query.items()
            for value in (values if isinstance(values, list) else [values])
        ]
        # One matching value is enough, regardless of case; a value without a key matches any key.
        patterns = [
            f"*{each}".lower() if each.startswith("=") else each.lower() for each in condition.get("Values", [])
        ]
        return any(fnmatchcase(pair, each.replace("[", "[[]")) for pair in pairs for each in patterns)

    provisioners._flatten_listener_rule_conditions = flatten_conditions  # noqa: SLF001 - what this module is for
    alb._match_condition = match_condition  # noqa: SLF001
