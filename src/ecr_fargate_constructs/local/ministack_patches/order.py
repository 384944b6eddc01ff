"""Create a stack's services after everything that does not wait for them.

CloudFormation creates resources that do not depend on each other at the same time; MiniStack one after another, by
their names. With a clock it waits for a service until its tasks are healthy, and the rule of a security group that lets
the load balancer reach them may be one of the resources that come later. Written for MiniStack 1.5.33, and applied by
``ministack_patches``.
"""

from __future__ import annotations

from typing import Any

from ecr_fargate_constructs.local.ministack_patches.internals import find

_SERVICE = "AWS::ECS::Service"


def create_services_last(engine: Any, *users: Any) -> None:  # noqa: ANN401 - untyped modules
    """Put services behind all resources that do not depend on them, and so before them when a stack is deleted.

    Args:
        engine: The module that orders resources.
        users: Modules that have imported its function.
    """
    order, dependencies = find(engine, "_topological_sort"), find(engine, "_extract_deps")

    def services_last(resources: dict[str, Any], conditions: dict[str, bool]) -> list[str]:
        pending: list[str] = order(resources, conditions)
        names = set(pending)
        waits = {name: dependencies(resources[name], names) - {name} for name in pending}
        ordered: list[str] = []
        while pending:
            ready = [name for name in pending if waits[name].issubset(ordered)]
            chosen = next((name for name in ready if resources[name].get("Type") != _SERVICE), ready[0])
            pending.remove(chosen)
            ordered.append(chosen)
        return ordered

    for module in (engine, *users):
        find(module, "_topological_sort")
        module._topological_sort = services_last  # noqa: SLF001 - MiniStack has no other place for it
