"""Keep how a service uses Service Connect and Cloud Map, which MiniStack drops. Written for MiniStack 1.5.33."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.internals import MovedError, Properties, find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TYPE = "AWS::ECS::Service"
_FIELDS: tuple[tuple[str, str, Any], ...] = (
    ("ServiceConnectConfiguration", "serviceConnectConfiguration", {}),
    ("ServiceRegistries", "serviceRegistries", []),
)
"""Names in CloudFormation and in the API, and the default value."""
_requested: ContextVar[Properties | None] = ContextVar("requested", default=None)


@contextmanager
def _requesting(fields: Properties) -> Iterator[None]:
    token = _requested.set(fields)
    try:
        yield
    finally:
        _requested.reset(token)


def keep_configurations(handlers: dict[str, Any], provisioners: object, ecs: Any) -> None:  # noqa: ANN401 - untyped
    """Write the configurations to the record of a service before its first task, or those of an update, start.

    Apply it after ``control_deployments``.

    Args:
        handlers: MiniStack's resource types.
        provisioners: MiniStack's module with them.
        ecs: MiniStack's ECS module.
    """
    services, actions, spelled = (
        find(ecs, "_services"),
        find(ecs, "_ACTION_MAP"),
        find(provisioners, "_pascal_to_camel"),
    )
    reconcile, handler = find(ecs, "_reconcile_service_tasks"), handlers.get(_TYPE)
    if handler is None:
        raise MovedError(f"type {_TYPE}")

    def reconcile_service_tasks(cluster: str, key: str) -> None:
        services[key].update(_requested.get() or {})
        reconcile(cluster, key)

    def create(logical_id: str, properties: Properties, *rest: Any) -> object:  # noqa: ANN401
        with _requesting(in_api(properties)):
            return handler["create"](logical_id, properties, *rest)

    def update(name: str, old: Properties, new: Properties, *rest: Any) -> object:  # noqa: ANN401
        with _requesting(in_api(new)):
            return handler["update"](name, old, new, *rest)

    def in_api(properties: Properties) -> Properties:
        return {api: spelled(properties.get(name) or default) for name, api, default in _FIELDS}

    def answer(action: Callable[[Properties], object]) -> Callable[[Properties], object]:
        def answered(request: Properties) -> object:
            with _requesting({name: request[name] for _, name, _ in _FIELDS if name in request}):
                return action(request)

        return answered

    ecs._reconcile_service_tasks = reconcile_service_tasks  # noqa: SLF001 - what this module is for
    handlers[_TYPE] = {**handler, "create": create, "update": update}
    actions.update({name: answer(actions[name]) for name in ("CreateService", "UpdateService")})
