"""Let tasks find other services by name: Service Connect, and Cloud Map's private DNS. Written for MiniStack 1.5.33.

Names are in the hosts file of a task. Those of Service Connect are written when it starts, and a socket in its network
takes the place of ECS's proxy: it passes connections on to the tasks of the called service that run now, if the
networks let them through. Those of Cloud Map are the addresses of the tasks that run now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.discovery.configurations import keep_configurations
from ecr_fargate_constructs.local.ministack_patches.discovery.names import Discovery

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecr_fargate_constructs.local.ministack_patches.internals import Properties

__all__ = ["Discovery", "discover"]


def discover(
    handlers: dict[str, Any],
    provisioners: object,
    ecs: Any,  # noqa: ANN401 - untyped
    passes: Callable[[Properties, Properties, int], bool],
) -> Discovery:
    """Keep the names of services, and return what gives them to tasks; apply it after ``control_deployments``.

    Args:
        handlers: MiniStack's resource types.
        provisioners: MiniStack's module with them.
        ecs: MiniStack's ECS module.
        passes: Returns whether the networks let a task connect to a port of another one.
    """
    keep_configurations(handlers, provisioners, ecs)
    return Discovery(ecs, passes)
