"""Connect MiniStack's functions with the controllers of the services."""

from __future__ import annotations

from contextlib import nullcontext
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.deployments.answers import answer_about_deployments
from ecr_fargate_constructs.local.ministack_patches.deployments.service import ControlledService, Ministack
from ecr_fargate_constructs.local.ministack_patches.deployments.waits import wait_in_stacks
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from ecr_fargate_constructs.local.clock import Clock

_NEEDED = (
    "_PRE_STOP_STATUSES",
    "_cleanup_task_resources",
    "_deployment_needs_first_task",
    "_get_docker",
    "_iso",
    "_make_deployment",
    "_mark_task_stopped",
    "_primary_deployment",
    "_refresh_service_state",
    "_resolve_cluster_name",
    "_resolve_service_ref",
    "_resolve_td_key",
    "_run_task",
    "_services",
    "_task_defs",
    "_task_ip",
    "_tasks",
)
_REPLACED = (
    "_reconcile_service_tasks",
    "_record_service_task_failure",
    "_schedule_service_deployment_completion",
    "_complete_service_deployment",
)


class Controlled:
    """The services that are controlled."""

    def __init__(self, ministack: Ministack, scope: Callable[[], tuple[str, str]], enter: Callable[..., Any]) -> None:
        """Control no service yet.

        Args:
            ministack: MiniStack.
            scope: Returns account and region of the request.
            enter: Returns a context with an account and a region.
        """
        self._ministack, self._scope, self._enter = ministack, scope, enter
        self._services: dict[tuple[str, str, str], ControlledService] = {}

    def get(self, cluster: str, key: str) -> ControlledService | None:
        """Return the controlled service of a key such as ``cluster/service``, if it is active."""
        record = self._ministack.ecs._services.get(key)  # noqa: SLF001
        if not record or record.get("status") != "ACTIVE":
            return None
        scope = self._scope()
        service = self._services.get((*scope, key))
        if service is None or service.record is not record:
            service = self._services[(*scope, key)] = ControlledService(self._ministack, cluster, record)
            self._ministack.spawn(self._run, service, *scope, thread_name=f"deployments-{key}")
        return service

    def lock(self, cluster: str, key: str) -> AbstractContextManager[object]:
        """Return the lock of a service; who changes its record holds it, or its controller overwrites the change."""
        service = self.get(cluster, key)
        return nullcontext() if service is None else service.lock

    def all(self) -> list[ControlledService]:
        """Return all services of the request's account and region."""
        scope = self._scope()
        return [service for key, service in list(self._services.items()) if key[:2] == scope and service.alive]

    def _run(self, service: ControlledService, account: str, region: str) -> None:
        with self._enter(account, region):
            service.run()


def control_deployments(
    ecs: Any,  # noqa: ANN401 - an untyped package, as below
    alb: Any,  # noqa: ANN401
    handlers: dict[str, Any],
    check: Callable[[Properties, Properties], Any],
    clock: Clock,
    *,
    rehearses: bool,
    outdated: Callable[[Properties], bool] = lambda _task: False,
) -> Controlled:
    """Let this library's controller run the deployments of all services, and return them.

    Args:
        ecs: MiniStack's ECS module.
        alb: MiniStack's load-balancing module.
        handlers: MiniStack's resource types.
        check: Checks the health of a target once.
        clock: The clock of the embedded AWS.
        rehearses: Whether bake times pass, and CloudFormation waits for deployments; otherwise they are skipped, and it
            does not wait.
        outdated: Returns whether a task runs without the files that were synced after its start.
    """
    for name in _NEEDED:
        find(ecs, name)
    responses, concurrency = import_module("ministack.core.responses"), import_module("ministack.core.concurrency")
    functions = import_module("ministack.services.lambda_svc")
    for name in ("_get_func_record_for_ref", "_execution_record_for_config", "_execute_function_with_config_scope"):
        find(functions, name)
    cloudwatch = import_module("ministack.services.cloudwatch")
    for name in ("_alarms", "_composite_alarms"):
        find(cloudwatch, name)
    spawn = find(concurrency, "spawn_background")
    ministack = Ministack(ecs, alb, functions, cloudwatch, clock, rehearses, check, spawn, outdated)
    account, region = find(responses, "get_account_id"), find(responses, "get_region")
    controlled = Controlled(ministack, lambda: (account(), region()), find(responses, "request_scope"))
    _replace(ecs, controlled)
    _keep_changes(ecs, controlled)
    answer_about_deployments(ecs, controlled, clock)
    if rehearses:
        wait_in_stacks(handlers, controlled, clock)
    return controlled


def _replace(ecs: Any, controlled: Controlled) -> None:  # noqa: ANN401
    """Replace MiniStack's scheduler."""
    cluster_of = find(ecs, "_cluster_name_from_arn")
    for name in _REPLACED:
        find(ecs, name)

    def reconcile_service_tasks(cluster: str, key: str) -> None:
        service = controlled.get(cluster, key)
        if service is not None:
            service.notice()

    def record_service_task_failure(task: Properties, digest_resolution_failed: bool = False) -> None:  # noqa: FBT001, FBT002
        cluster = cluster_of(task.get("clusterArn", ""))
        kind, _, name = str(task.get("group", "")).partition(":")
        service = controlled.get(cluster, f"{cluster}/{name}") if cluster and kind == "service" else None
        if service is not None and not digest_resolution_failed:  # the task fails a moment later, and is counted then
            service.task_failed(task)

    def schedule_completion(cluster: str, key: str, *_scope: str, **_options: Any) -> None:  # noqa: ANN401
        service = controlled.get(cluster, key)
        if service is not None:
            service.wake.set()

    ecs._reconcile_service_tasks = reconcile_service_tasks  # noqa: SLF001 - what this module is for
    ecs._record_service_task_failure = record_service_task_failure  # noqa: SLF001
    ecs._schedule_service_deployment_completion = schedule_completion  # noqa: SLF001
    ecs._complete_service_deployment = lambda *_, **__: None  # noqa: SLF001
    ecs._sync_service_targets = _registration(ecs, controlled)  # noqa: SLF001


def _keep_changes(ecs: Any, controlled: Controlled) -> None:  # noqa: ANN401
    """Let no step of a controller fall into the middle of a change of its service's record.

    Otherwise the step would write the revision that it knows over the new one, and the update would be lost.
    """
    update, refresh = find(ecs, "_update_service"), find(ecs, "_refresh_service_state")
    actions = find(ecs, "_ACTION_MAP")

    def update_service(request: Properties) -> object:
        cluster, found = ecs._resolve_cluster_name(request.get("cluster", "default")), request.get("service", "")  # noqa: SLF001
        name, _ = ecs._resolve_service_ref(found) or ("", None)  # noqa: SLF001
        with controlled.lock(cluster or "", f"{cluster}/{name}"):
            return update(request)

    def refresh_service_state(cluster: str, group: str) -> None:
        with controlled.lock(cluster, f"{cluster}/{group.partition(':')[2]}"):
            refresh(cluster, group)

    ecs._update_service = actions["UpdateService"] = update_service  # noqa: SLF001
    ecs._refresh_service_state = refresh_service_state  # noqa: SLF001


def _registration(ecs: Any, controlled: Controlled) -> Callable[[str, Properties], None]:  # noqa: ANN401
    """Return what registers targets: each task in the group of its revision."""
    sync = find(ecs, "_sync_service_targets")

    def sync_service_targets(cluster: str, record: Properties) -> None:
        service = controlled.get(cluster, f"{cluster}/{record.get('serviceName')}")
        if service is not None:
            service.register_targets()
            return
        balancers = record.get("loadBalancers") or []
        settings = [each.get("advancedConfiguration") or {} for each in balancers]
        alternates = [{"targetGroupArn": each.get("alternateTargetGroupArn")} for each in settings]
        sync(cluster, {**record, "loadBalancers": [*balancers, *alternates]})  # the service is gone: all groups empty

    return sync_service_targets
