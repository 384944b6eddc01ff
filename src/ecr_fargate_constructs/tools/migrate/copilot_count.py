"""The number of tasks of a Copilot manifest: ``count``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.bounds import Bound, bounded
from ecr_fargate_constructs.tools.migrate.fields import Fields, text_of
from ecr_fargate_constructs.tools.migrate.model import Count
from ecr_fargate_constructs.tools.migrate.values import seconds

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.document import Node

_RANGE = re.compile(r"(\d{1,6})-(\d{1,6})")
_MOST = 1_000_000
_TIMES = ("acceptable_latency", "msg_processing_time")
_NO_TASK = ("a service of this library has at least one task", "set scaling=Scaling(…, paused=True)")
_METRIC = (
    "this library's autoscaling does not have this metric",
    "add a policy with .service.auto_scale_task_count(…) instead of scaling=",
)


def count(fields: Fields, *, balanced: bool, queue: bool = False) -> Count | None:
    """Return the number of tasks; None if the manifest sets none, or an impossible one."""
    node = fields.node("count")
    if node is None:
        return None
    if not isinstance(node.value, dict):
        number = fields.number("count", maximum=_MOST)
        if number == 0:
            fields.drop("count", *_NO_TASK)
            return None
        return None if number is None else Count(minimum=number, maximum=number)
    section = Fields(node, fields.ledger)
    spot = section.number("spot", minimum=1, maximum=_MOST)
    if spot is not None and "range" not in section:
        return Count(minimum=spot, maximum=spot, spot_after=0)
    backlog = _backlog(section) if queue else None
    limits = _limits(section, zero=backlog is not None)
    return None if limits is None else _scaled(section, replace(limits, backlog=backlog), balanced=balanced)


def _limits(section: Fields, *, zero: bool) -> Count | None:
    """Return the range of the number of tasks, which begins at 0 only where something starts a task again."""
    node = section.node("range")
    if node is None:
        return None
    if isinstance(node.value, dict):
        inner = Fields(node, section.ledger)
        least, most = inner.number("min", maximum=_MOST), inner.number("max", maximum=_MOST)
        spot_from = inner.number("spot_from", minimum=1, maximum=_MOST)
    else:
        match = _RANGE.fullmatch((text_of(node) or "").replace(" ", ""))
        least, most = (int(match[1]), int(match[2])) if match is not None else (None, None)
        spot_from = None
        section.carry("range")
    if least is None or most is None or least > most or most == 0:
        section.drop(
            "range", "it is not a range of numbers of tasks", "set scaling=Scaling(min_capacity=…, max_capacity=…)"
        )
        return None
    if least == 0 and not zero:
        section.check("range", "at least 1 task runs, not 0", "use ScheduledCapacity(…) for times without a task")
        least = 1
    after = None if spot_from is None else spot_from - 1
    if after is not None and after >= most:
        section.check("range", "spot_from is above the maximum, so no task runs on Spot", "nothing to do")
        after = None
    return Count(minimum=least, maximum=most, spot_after=after)


def _scaled(section: Fields, limits: Count, *, balanced: bool) -> Count:
    section.leave_out({"response_time": _METRIC, **({} if limits.backlog is not None else {"queue_delay": _METRIC})})
    signals = {name: _signal(section, name, 100) for name in ("cpu_percentage", "memory_percentage")}
    requests = None
    if balanced:
        requests = _signal(section, "requests", _MOST)
    else:
        section.leave_out(
            {"requests": ("the service has no load balancer, which would count requests", "nothing to do")}
        )
    into, out = _cooldown(section)
    maximum = limits.maximum
    if limits.minimum != maximum and requests is None and limits.backlog is None and not any(signals.values()):
        section.check(
            "range",
            "it has no metric to scale by, so the minimum runs",
            "set cpu_percent=…",
        )
        maximum = limits.minimum
    after = limits.spot_after
    return Count(
        minimum=limits.minimum,
        maximum=maximum,
        cpu_percent=signals["cpu_percentage"],
        memory_percent=signals["memory_percentage"],
        requests=requests,
        backlog=None if limits.minimum == maximum else limits.backlog,
        cooldown_in=into,
        cooldown_out=out,
        spot_after=None if after is not None and after >= maximum else after,
    )


def _backlog(section: Fields) -> int | None:
    """Return how many messages may wait for each task: the latency divided by the time that one takes."""
    delay = section.section("queue_delay")
    if delay is None:
        return None
    times = [None if (node := delay.node(name)) is None else seconds(node) for name in _TIMES]
    if not all(times):
        delay.leave_out(dict.fromkeys(_TIMES, ("it takes two durations above 0", "set scaling=QueueScaling(…)")))
        return None
    delay.carry(*_TIMES)
    delay.leave_out(
        {"cooldown": ("all metrics of a service share their cooldowns", "use QueueScaling(scale_in_cooldown=…)")}
    )
    latency, processing = (each or 1 for each in times)
    return max(1, int(latency / processing))


def _signal(section: Fields, name: str, most: int) -> int | None:
    """Return the target value of a metric, which may be plain or a ``value`` with its own cooldowns."""
    node: Node | None = section.node(name)
    if node is None or not isinstance(node.value, dict):
        return section.number(name, minimum=1, maximum=most)
    inner = Fields(node, section.ledger)
    inner.leave_out(
        {"cooldown": ("all metrics of a service share their cooldowns", "use Scaling(scale_in_cooldown=…)")}
    )
    return inner.number("value", minimum=1, maximum=most)


def _cooldown(section: Fields) -> tuple[int | None, int | None]:
    cooldown = section.section("cooldown")
    if cooldown is None:
        return None, None
    bound = Bound(0, 86_400)  # "in" concerns fewer tasks, as in Application Auto Scaling
    return bounded(cooldown, "in", bound), bounded(cooldown, "out", bound)
