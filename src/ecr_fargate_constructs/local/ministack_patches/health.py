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
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias
from xml.sax.saxutils import escape

_Parameters: TypeAlias = dict[str, Any]
_Finder: TypeAlias = Callable[[object, str], Any]
_Answer: TypeAlias = Awaitable[Any]
Blocks: TypeAlias = Callable[[_Parameters, str, int], bool]
"""Returns whether the network keeps a group's load balancers from a port of an address."""

_SECONDS_HEALTHY = 2.0
_SECONDS_UNHEALTHY = 0.3
_SECONDS_TO_PASS = 10
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


@dataclass(frozen=True)
class Health:
    """The health of a target, in Elastic Load Balancing's words."""

    state: str
    reason: str = ""
    description: str = ""


def check_targets(alb: Any, find: _Finder, blocks: Blocks = _never) -> None:  # noqa: ANN401 - an untyped package
    """Let ``DescribeTargetHealth`` and the load balancer check the targets.

    Args:
        alb: MiniStack's load-balancing module.
        find: Returns a name of a module, or raises ``MovedError``.
        blocks: Returns whether the network keeps the load balancer from a target.
    """
    _describe_health(alb, find, blocks)
    _send_to_healthy_targets(alb, find, blocks)


def _describe_health(alb: Any, find: _Finder, blocks: Blocks) -> None:  # noqa: ANN401 - an untyped package
    groups, targets, actions, xml = (find(alb, name) for name in ("_tgs", "_targets", "_ACTION_MAP", "_xml"))
    describe = find(alb, "_describe_target_health")

    def describe_target_health(parameters: _Parameters) -> object:
        value = parameters.get("TargetGroupArn", "")
        arn = value[0] if isinstance(value, list) else value
        group = groups.get(arn)
        if group is None or group.get("TargetType") != "ip":
            return describe(parameters)
        described = []
        for target in targets.get(arn, []):
            health = check(target, group, blocks)
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


def _send_to_healthy_targets(alb: Any, find: _Finder, blocks: Blocks) -> None:  # noqa: ANN401 - an untyped package
    groups, targets, proxy = (find(alb, name) for name in ("_tgs", "_targets", "_proxy_http_target"))
    forward = find(alb, "_forward_to_tg")
    cached: dict[tuple[str, int, str], tuple[float, bool]] = {}

    async def healthy(target: _Parameters, group: _Parameters, arn: str) -> bool:
        key = (target["Id"], _port(target, group), arn)
        until, good = cached.get(key, (0.0, False))
        if time.monotonic() > until:
            good = (await asyncio.to_thread(check, target, group, blocks)).state == "healthy"
            cached[key] = (time.monotonic() + (_SECONDS_HEALTHY if good else _SECONDS_UNHEALTHY), good)
        return good

    async def forward_to_group(arn: str, *request: Any) -> _Answer:  # noqa: ANN401 - passed on as it is
        group, registered = groups.get(arn), list(targets.get(arn, []))
        if group is None or group.get("TargetType") != "ip" or not registered:
            return await forward(arn, *request)  # type: ignore[no-any-return]
        results = await asyncio.gather(*(healthy(each, group, arn) for each in registered))
        healthy_targets = [target for target, good in zip(registered, results, strict=True) if good]
        # Without any healthy target, AWS forwards to all of them.
        target = random.choice(healthy_targets or registered)  # noqa: S311 - which one does not matter
        method, path, headers, body, query, *rest = request
        raw_query, raw_path = [*rest, None, None][:2]
        if blocks(group, target["Id"], _port(target, group)):
            return _TIMED_OUT, {"Content-Type": "text/html"}, _GATEWAY_TIMEOUT  # type: ignore[return-value]
        return await proxy(target, group, method, raw_path or path, headers, body, query, raw_query)  # type: ignore[no-any-return]

    alb._forward_to_tg = forward_to_group  # noqa: SLF001 - what this module is for


def wait_for_health(ecs: Any, alb: Any, find: _Finder, blocks: Blocks = _never) -> None:  # noqa: ANN401 - an untyped package
    """Count a new task, and stop old ones, only when the load balancer finds it healthy.

    MiniStack reports a deployment as complete when its tasks have run for a second, and on a busy machine a task that
    is about to exit may run that long. A task that is not healthy after the grace period is replaced, as in ECS.
    """
    groups, services, record = find(alb, "_tgs"), find(ecs, "_services"), find(ecs, "_record_service_task_healthy")
    names = ("_task_ip", "_mark_task_stopped", "_record_service_task_failure", "_cleanup_task_resources", "_get_docker")
    address_of, stop, count_failure, clean_up, docker = (find(ecs, name) for name in names)

    def record_when_healthy(service_key: str, task: _Parameters) -> None:
        service = services.get(service_key) or {}
        patience = int(service.get("healthCheckGracePeriodSeconds") or 0) + _SECONDS_TO_PASS
        deadline = time.monotonic() + patience
        for balancer in service.get("loadBalancers") or []:
            arn = balancer.get("targetGroupArn", "")
            group = groups.get(arn)
            if group is None or group.get("TargetType") != "ip":
                continue
            target = {"Id": address_of(task), "Port": balancer.get("containerPort")}
            while check(target, group, blocks).state != "healthy":
                if task.get("lastStatus") != "RUNNING":
                    return
                if time.monotonic() > deadline:
                    reason = f"Task failed ELB health checks in (target-group {arn})"
                    if stop(task["taskArn"], task, reason, "ServiceSchedulerInitiated"):
                        count_failure(task)
                        clean_up(task, docker())
                    return
                time.sleep(_SECONDS_UNHEALTHY)
        record(service_key, task)

    ecs._record_service_task_healthy = record_when_healthy  # noqa: SLF001 - what this module is for


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
