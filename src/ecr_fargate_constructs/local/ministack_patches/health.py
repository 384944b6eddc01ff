"""Check the health of targets: MiniStack reports every target as healthy, and forwards requests to starting ones.

A target is checked when its health is described, or before a request is forwarded to it: with the path, port and codes
of its group, and once instead of several times in a row. Written for MiniStack 1.5.33, and applied by
``ministack_patches``.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from xml.sax.saxutils import escape

_Parameters: TypeAlias = dict[str, Any]
_Finder: TypeAlias = Callable[[object, str], Any]
_Answer: TypeAlias = Awaitable[Any]
Blocks: TypeAlias = Callable[[_Parameters, str, int], bool]
"""Returns whether the network keeps a group's load balancers from a port of an address."""
Choose: TypeAlias = Callable[[str, list[_Parameters], _Parameters], _Parameters]
"""Returns the target for a request, among those of the group with this ARN and record."""
Drains: TypeAlias = Callable[[str], Sequence[tuple[str, int]]]
"""Returns address and port of the draining targets of the group with this ARN."""

SECONDS_HEALTHY = 2.0
"""Seconds of the machine after which a healthy target is checked again."""

_SECONDS_UNHEALTHY = 0.3
_LONGEST_WAIT = 2  # seconds; requests wait for the health check
_HEADERS = {"User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"}  # "Health checks", ELB user guide
_MAX_READ = 1 << 20  # bytes; an unread response resets the connection, which applications log
_TIMED_OUT = 504
_GATEWAY_TIMEOUT = (
    b"<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n"
    b"<center><h1>504 Gateway Time-out</h1></center>\r\n</body>\r\n</html>\r\n"
)


def _never(_group: _Parameters, _address: str, _port: int) -> bool:
    return False


def _any(_arn: str, targets: list[_Parameters], _group: _Parameters) -> _Parameters:
    return random.choice(targets)  # noqa: S311 - which one does not matter


def _none(_arn: str) -> Sequence[tuple[str, int]]:
    return ()


@dataclass(frozen=True)
class Health:
    """The health of a target, in Elastic Load Balancing's words."""

    state: str
    reason: str = ""
    description: str = ""


_DRAINING = Health("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")


def check_targets(
    alb: Any,  # noqa: ANN401 - an untyped package
    find: _Finder,
    blocks: Blocks = _never,
    choose: Choose = _any,
    drains: Drains = _none,
) -> None:
    """Let ``DescribeTargetHealth`` and the load balancer check the targets.

    Args:
        alb: MiniStack's load-balancing module.
        find: Returns a name of a module, or raises ``MovedError``.
        blocks: Returns whether the network keeps the load balancer from a target.
        choose: Chooses a healthy target for a request.
        drains: Returns the draining targets of a group.
    """
    _describe_health(alb, find, blocks, drains)
    _send_to_healthy_targets(alb, find, blocks, choose)


def _describe_health(alb: Any, find: _Finder, blocks: Blocks, drains: Drains) -> None:  # noqa: ANN401 - untyped
    groups, targets, actions, xml = (find(alb, name) for name in ("_tgs", "_targets", "_ACTION_MAP", "_xml"))
    describe = find(alb, "_describe_target_health")

    def describe_target_health(parameters: _Parameters) -> object:
        value = parameters.get("TargetGroupArn", "")
        arn = value[0] if isinstance(value, list) else value
        group = groups.get(arn)
        if group is None or group.get("TargetType") != "ip":
            return describe(parameters)
        described = []
        draining = [({"Id": address, "Port": port}, _DRAINING) for address, port in drains(arn)]
        registered = [(target, check(target, group, blocks)) for target in targets.get(arn, [])]
        for target, health in registered + draining:
            why = "".join(
                f"<{name}>{escape(text)}</{name}>"
                for name, text in (("Reason", health.reason), ("Description", health.description))
                if text
            )
            described.append(
                f"<member><Target><Id>{target['Id']}</Id><Port>{_port(target, group)}</Port></Target>"
                f"<TargetHealth><State>{health.state}</State>{why}</TargetHealth></member>"
            )
        body = f"<TargetHealthDescriptions>{''.join(described)}</TargetHealthDescriptions>"
        return xml(200, "DescribeTargetHealth", body)

    actions["DescribeTargetHealth"] = describe_target_health


def _send_to_healthy_targets(alb: Any, find: _Finder, blocks: Blocks, choose: Choose) -> None:  # noqa: ANN401 - untyped
    groups, targets, proxy = (find(alb, name) for name in ("_tgs", "_targets", "_proxy_http_target"))
    forward = find(alb, "_forward_to_tg")
    cached: dict[tuple[str, int, str], tuple[float, bool]] = {}

    async def healthy(target: _Parameters, group: _Parameters, arn: str) -> bool:
        key = (target["Id"], _port(target, group), arn)
        until, good = cached.get(key, (0.0, False))
        if time.monotonic() > until:
            good = (await asyncio.to_thread(check, target, group, blocks)).state == "healthy"
            cached[key] = (time.monotonic() + (SECONDS_HEALTHY if good else _SECONDS_UNHEALTHY), good)
        return good

    async def forward_to_group(arn: str, *request: Any) -> _Answer:  # noqa: ANN401 - passed on as it is
        group, registered = groups.get(arn), list(targets.get(arn, []))
        if group is None or group.get("TargetType") != "ip" or not registered:
            return await forward(arn, *request)  # type: ignore[no-any-return]
        results = await asyncio.gather(*(healthy(each, group, arn) for each in registered))
        healthy_targets = [target for target, good in zip(registered, results, strict=True) if good]
        # Without any healthy target, AWS forwards to all of them.
        target = choose(arn, healthy_targets or registered, group)
        method, path, headers, body, query, *rest = request
        raw_query, raw_path = [*rest, None, None][:2]
        if blocks(group, target["Id"], _port(target, group)):
            return _TIMED_OUT, {"Content-Type": "text/html"}, _GATEWAY_TIMEOUT  # type: ignore[return-value]
        return await proxy(target, group, method, raw_path or path, headers, body, query, raw_query)  # type: ignore[no-any-return]

    alb._forward_to_tg = forward_to_group  # noqa: SLF001 - what this module is for


def check(target: _Parameters, group: _Parameters, blocks: Blocks = _never) -> Health:
    """Check the health of a target once."""
    checked = group.get("HealthCheckPort") or "traffic-port"
    port = _port(target, group) if checked == "traffic-port" else int(checked)
    if blocks(group, target["Id"], port):
        return Health("unhealthy", "Target.Timeout", "Request timed out")
    codes = str((group.get("Matcher") or {}).get("HttpCode") or "200")
    timeout = min(_LONGEST_WAIT, int(group.get("HealthCheckTimeoutSeconds") or 5))
    connection = http.client.HTTPConnection(target["Id"], port, timeout=timeout)
    try:
        connection.request("GET", group.get("HealthCheckPath") or "/", headers=_HEADERS)
        response = connection.getresponse()
        status = response.status
        with contextlib.suppress(OSError, http.client.HTTPException):
            response.read(_MAX_READ)
    except TimeoutError:
        return Health("unhealthy", "Target.Timeout", "Request timed out")
    except (OSError, http.client.HTTPException):
        return Health("unhealthy", "Target.FailedHealthChecks", "Health checks failed")
    finally:
        connection.close()
    if matches(status, codes):
        return Health("healthy")
    return Health("unhealthy", "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]")


def matches(status: int, codes: str) -> bool:
    """Return whether a status is among codes such as ``200,204`` or ``200-299``."""
    for part in codes.split(","):
        low, _, high = part.partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False


def _port(target: _Parameters, group: _Parameters) -> int:
    return int(target.get("Port") or group.get("Port") or 80)
