"""Apply a service's health check grace period from its creation: MiniStack does so only for updates.

Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

from typing import Any

from ecr_fargate_constructs.local.ministack_patches.internals import MovedError, Properties, find

_TYPE = "AWS::ECS::Service"


def keep_grace_periods(handlers: dict[str, Any], ecs: object) -> None:
    """Set the grace period when a service is created: otherwise tasks that start slowly are stopped too early.

    Args:
        handlers: MiniStack's resource types.
        ecs: MiniStack's ECS module.
    """
    services, handler = find(ecs, "_services"), handlers.get(_TYPE)
    if handler is None:
        raise MovedError(f"type {_TYPE}")

    def create(logical_id: str, properties: Properties, *rest: Any) -> tuple[str, Properties]:  # noqa: ANN401
        arn, attributes = handler["create"](logical_id, properties, *rest)
        seconds = properties.get("HealthCheckGracePeriodSeconds")
        if seconds is not None:
            services[arn.partition(":service/")[2]]["healthCheckGracePeriodSeconds"] = int(seconds)
        return arn, attributes

    handlers[_TYPE] = {**handler, "create": create}
