"""Which listener a request is for, for MiniStack; a part of ``ministack_patches``.

By itself MiniStack takes the listener whose port is in the ``Host`` header, and without one the listener that happens
to be the first: of an HTTPS load balancer that may be the one that redirects. Written for MiniStack 1.5.33.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from ecr_fargate_constructs.local.addresses import DOMAIN, main_listener, requested_host
from ecr_fargate_constructs.local.ministack_patches.internals import find

_Properties: TypeAlias = dict[str, Any]


def choose_listeners(alb: Any, provisioners: Any) -> None:  # noqa: ANN401 - the inside of an untyped package
    """Let ``NAME.alb.localhost`` be the main listener, and a port or a host before the name choose another one.

    Args:
        alb: MiniStack's load-balancing module.
        provisioners: Its module of resource types.
    """
    _find_by_address(alb)
    _take_query_conditions(alb, provisioners)


def _find_by_address(alb: Any) -> None:  # noqa: ANN401 - the inside of an untyped package
    balancer_of, dispatch, listeners = (
        find(alb, name) for name in ("find_lb_for_host", "dispatch_request", "_listeners")
    )

    def find_lb_for_host(host: str) -> _Properties | None:
        wanted = requested_host(host)
        found: _Properties | None = balancer_of(f"{wanted.balancer}{DOMAIN}" if wanted else host)
        return found

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
        mine = [each for each in listeners.values() if each["LoadBalancerArn"] == balancer["LoadBalancerArn"]]
        wanted = requested_host(headers.get("host", ""))
        named = ":" in headers.get("host", "") and any(each.get("Port") == port for each in mine)
        if wanted is not None and mine and not named:
            port = wanted.port or int(main_listener(mine).get("Port") or 80)
        if wanted is not None and wanted.host is not None:
            headers = {**headers, "host": wanted.host}
        return await dispatch(balancer, method, path, headers, body, query, port, *rest, **more)

    alb.find_lb_for_host, alb.dispatch_request = find_lb_for_host, dispatch_request


def _take_query_conditions(alb: Any, provisioners: Any) -> None:  # noqa: ANN401 - the inside of an untyped package
    """A template's condition on the query is a list of objects, which MiniStack keeps and then cannot compare."""
    flatten, meets = find(provisioners, "_flatten_listener_rule_conditions"), find(alb, "_match_condition")

    def flatten_conditions(conditions: list[_Properties] | None) -> list[_Properties]:
        found: list[_Properties] = flatten(conditions)
        for each in found:
            if each["Field"] == "query-string":
                each["Values"] = [
                    f"{value.get('Key') or ''}={value.get('Value', '')}" if isinstance(value, dict) else value
                    for value in each["Values"]
                ]
        return found

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
        # Any of the values will do, in upper or lower case; one without a key is met by any key.
        wanted = [f"*{each}".lower() if each.startswith("=") else each.lower() for each in condition.get("Values", [])]
        return any(fnmatchcase(pair, each.replace("[", "[[]")) for pair in pairs for each in wanted)

    provisioners._flatten_listener_rule_conditions = flatten_conditions  # noqa: SLF001 - what this module is for
    alb._match_condition = match_condition  # noqa: SLF001
