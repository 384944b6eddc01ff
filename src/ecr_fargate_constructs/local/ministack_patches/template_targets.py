"""Functions as targets: those that a template names, which MiniStack leaves out, and as many at once as a machine runs.

Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from ecr_fargate_constructs.local.ministack_patches.internals import MovedError, Properties, find

TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"

_AT_ONCE = 4 * (os.cpu_count() or 1)
"""Calls of functions by load balancers at once; others wait. MiniStack starts a process for each, and AWS has more
machines."""


def register_targets_of_templates(alb: Any, handlers: dict[str, Any]) -> None:  # noqa: ANN401 - an untyped package
    """Register ``Targets`` when a group is made, and change them when the template does.

    Args:
        alb: MiniStack's load-balancing module.
        handlers: MiniStack's table of resource types.

    Raises:
        MovedError: MiniStack's internals have changed.
    """
    targets, handler = find(alb, "_targets"), handlers.get(TARGET_GROUP)
    if handler is None:
        raise MovedError(f"type {TARGET_GROUP}")

    def create(logical_id: str, properties: Properties, stack: str) -> tuple[str, Properties]:
        arn, attributes = handler["create"](logical_id, properties, stack)
        targets[arn] = _targets(properties)
        return arn, attributes

    def update(arn: str, old: Properties, new: Properties, *rest: Any) -> tuple[str, Properties]:  # noqa: ANN401
        now, attributes = handler["update"](arn, old, new, *rest)
        before = {each["Id"] for each in _targets(old)}
        # What ECS or somebody else has registered stays.
        kept = [each for each in targets.get(now, []) if each["Id"] not in before]
        targets[now] = [*kept, *_targets(new)]
        return now, attributes

    handlers[TARGET_GROUP] = {**handler, "create": create, "update": update}


def limit_invocations(alb: Any, at_once: int = _AT_ONCE) -> None:  # noqa: ANN401 - an untyped package
    """Let requests to functions wait for each other.

    Args:
        alb: MiniStack's load-balancing module.
        at_once: Number of calls at once.

    Raises:
        MovedError: MiniStack's internals have changed.
    """
    invoke, limit = find(alb, "_invoke_lambda_target"), asyncio.Semaphore(at_once)

    async def invoke_lambda_target(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - passed on as it is
        async with limit:
            return await invoke(*arguments, **options)

    alb._invoke_lambda_target = invoke_lambda_target  # noqa: SLF001 - what this module is for


def _targets(properties: Properties) -> list[Properties]:
    return [
        {"Id": each["Id"], **({"Port": int(each["Port"])} if each.get("Port") else {})}
        for each in properties.get("Targets") or []
    ]
