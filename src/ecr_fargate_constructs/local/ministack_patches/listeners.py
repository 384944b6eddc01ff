"""Choose the listener for a request by the host name.

MiniStack takes the listener whose port is in the ``Host`` header, and otherwise the first one, which may be the
redirecting listener of an HTTPS load balancer. Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from ecr_fargate_constructs.local.addresses import DOMAIN, main_listener, requested_host
from ecr_fargate_constructs.local.ministack_patches.internals import find

_Properties: TypeAlias = dict[str, Any]


def choose_listeners(alb: Any, provisioners: Any) -> None:  # noqa: ANN401 - an untyped package
    """Let ``NAME.alb.localhost`` select the main listener, and a port or host before the name another one.

    Args:
        alb: MiniStack's load-balancing module.
        provisioners: MiniStack's module of resource types.
    """
    _find_by_address(alb)
    _take_query_conditions(alb, provisioners)


def _find_by_address(alb: Any) -> None:  # noqa: ANN401 - an untyped package
    balancer_of, dispatch, listeners = (
        find(alb, name) for name in ("find_lb_for_host", "dispatch_request", "_listeners")
    )

    def find_lb_for_host(host: str) -> _Properties | None:
        requested = requested_host(host)
        balancer: _Properties | None = balancer_of(f"{requested.balancer}{DOMAIN}" if requested else host)
        return balancer

    async def dispatch_request(
        balancer: _Properties,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: _Properties,
        port: int = 80,
        *rest: Any,  # noqa: ANN401 - passed on as it is
        **more: Any,  # noqa: ANN401 - passed on as it is
    ) -> Any:  # noqa: ANN401 - passed on as it is
        own_listeners = [each for each in listeners.values() if each["LoadBalancerArn"] == balancer["LoadBalancerArn"]]
        requested = requested_host(headers.get("host", ""))
        has_port = ":" in headers.get("host", "") and any(each.get("Port") == port for each in own_listeners)
        if requested is not None and own_listeners and not has_port:
            port = requested.port or int(main_listener(own_listeners).get("Port") or 80)
        if requested is not None and requested.host is not None:
            headers = {**headers, "host": requested.host}
        return await dispatch(balancer, method, path, headers, body, query, port, *rest, **more)

    alb.find_lb_for_host, alb.dispatch_request = find_lb_for_host, dispatch_request


def _take_query_conditions(alb: Any, provisioners: Any) -> None:  # noqa: ANN401 - an untyped package
    """Support query conditions of templates: MiniStack stores their list of objects and cannot compare it."""
    flatten, meets = find(provisioners, "_flatten_listener_rule_conditions"), find(alb, "_match_condition")

    def flatten_conditions(conditions: list[_Properties] | None) -> list[_Properties]:
        flat: list[_Properties] = flatten(conditions)
        for each in flat:
            if each["Field"] == "query-string":
                each["Values"] = [
                    f"{value.get('Key') or ''}={value.get('Value', '')}" if isinstance(value, dict) else value
                    for value in each["Values"]
                ]
        return flat

    def match_condition(
        condition: _Properties, method: str, path: str, headers: dict[str, str], query: _Properties
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
