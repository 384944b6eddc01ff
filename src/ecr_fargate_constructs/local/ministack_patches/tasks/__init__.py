"""Tasks as their definitions say; a part of ``ministack_patches``, written for MiniStack 1.5.33.

``local/tasks`` decides what a definition means and what happens next. Here it is done: MiniStack starts the containers
of a task one after the other, whatever their order, ignores most of a definition, and stops a task within a request.
"""

from __future__ import annotations

import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import find
from ecr_fargate_constructs.local.ministack_patches.tasks.definitions import (
    read_definitions,
    refer_to_secrets_by_arn,
    remove_joined_containers_first,
)
from ecr_fargate_constructs.local.ministack_patches.tasks.engine import TaskContainers
from ecr_fargate_constructs.local.ministack_patches.tasks.failures import NotStartedError
from ecr_fargate_constructs.local.ministack_patches.tasks.machine import Machine
from ecr_fargate_constructs.local.ministack_patches.tasks.records import has_stopped, is_stopping
from ecr_fargate_constructs.local.ministack_patches.tasks.supervisor import Supervisor
from ecr_fargate_constructs.local.tasks.definition import TaskPlan

if TYPE_CHECKING:
    from pathlib import Path

    from ecr_fargate_constructs.local.ministack_patches.tasks.synced import Synced

__all__ = ["read_definitions", "refer_to_secrets_by_arn", "remove_joined_containers_first", "supervise_tasks"]

_Properties: TypeAlias = dict[str, Any]

_REPLACED = ("_start_task_worker", "_maybe_mark_stopped", "_mark_task_stopped", "_cleanup_task_resources")
_NEEDED = (
    "_attach_started_container",
    "_awslogs_config",
    "_build_run_kwargs",
    "_bump_task_version",
    "_cluster_name_from_arn",
    "_container_override_for",
    "_fail_task_start",
    "_image_repository",
    "_iso",
    "_mark_task_activating",
    "_mark_task_pending",
    "_mark_task_running",
    "_prepare_service_images",
    "_record_service_task_failure",
    "_record_task_ip",
    "_recount_cluster",
    "_refresh_service_state",
    "_register_metadata",
    "_resolve_container_secrets",
    "_resolve_repository_credentials",
    "_run_docker_container",
    "_start_awslogs_forwarder",
    "_task_is_active",
    "_watch_task_lifecycle",
    "ecs_metadata",
    "get_region",
)


def supervise_tasks(ecs: Any, port: int, folder: Path, *, podman: bool) -> Synced:  # noqa: ANN401 - untyped
    """Let each task be led by a supervisor, from its first container to the end of its last one; return synced files.

    Args:
        ecs: MiniStack's module for ECS.
        port: Port of the embedded AWS.
        folder: Where the files of tasks are.
        podman: Whether the engine is podman.

    Raises:
        MovedError: MiniStack's internals have changed.
    """
    for name in (*_REPLACED, *_NEEDED):
        find(ecs, name)
    find(import_module("ministack.services.s3"), "_get_object_data")
    find(import_module("ministack.services.cloudwatch_logs"), "_log_groups")
    machine = Machine(port, folder, podman=podman)
    Supervision(ecs, machine).replace()
    return machine.synced


class Supervision:
    """The supervisors of all tasks."""

    def __init__(self, ecs: Any, machine: Machine) -> None:  # noqa: ANN401
        """Begin without tasks.

        Args:
            ecs: MiniStack's module for ECS.
            machine: What all tasks share.
        """
        self._ecs, self._machine = ecs, machine
        concurrency, responses = import_module("ministack.core.concurrency"), import_module("ministack.core.responses")
        self._lock = find(concurrency, "resource_lock")
        self._account, self._scope = find(responses, "get_account_id"), find(responses, "request_scope")
        self._mark, self._clean_up = find(ecs, "_mark_task_stopped"), find(ecs, "_cleanup_task_resources")
        self._look = find(ecs, "_maybe_mark_stopped")
        self._supervisors: dict[str, Supervisor] = {}

    def replace(self) -> None:
        """Replace MiniStack's functions."""
        replacements = (self.start, self.look, self.mark_stopped, self.clean_up)
        for name, function in zip(_REPLACED, replacements, strict=True):
            setattr(self._ecs, name, function)

    def start(self, task: _Properties, definition: _Properties, overrides: list[_Properties], client: Any) -> None:  # noqa: ANN401
        """Start a task, and return when it runs, or has stopped."""
        ecs, arn, plan = self._ecs, task["taskArn"], TaskPlan.of(definition)
        if not ecs._mark_task_pending(arn, task) or not ecs._mark_task_activating(arn, task):  # noqa: SLF001
            return
        containers = TaskContainers(
            ecs, self._machine, task, definition, overrides, client, shares_network=plan.has_network_of_its_own
        )
        supervisor = Supervisor(ecs, task, plan, containers, client, lambda: self._ended(task))
        self._supervisors[arn] = supervisor
        task["_has_health_check"] = any(each.essential and each.health_check for each in plan.containers)
        try:
            runs = supervisor.start()
        except NotStartedError as reason:
            ecs._fail_task_start(task, client, str(reason))  # noqa: SLF001
            return
        if runs and not ecs._mark_task_running(arn, task):  # noqa: SLF001
            self.clean_up(task, client)

    def look(self, task: _Properties, client: Any = None) -> None:  # noqa: ANN401
        """Follow a task until its end, when its watcher calls; requests pass no client, and need nothing done."""
        supervisor = self._supervisors.get(task.get("taskArn", ""))
        if supervisor is not None and client is not None:
            supervisor.run()
        elif supervisor is None:
            self._look(task, client)

    def mark_stopped(self, arn: str, task: _Properties, reason: str, code: str, exit_code: int | None = None) -> bool:
        """Note that a task is to stop; if it has containers, its supervisor ends them."""
        if arn in self._supervisors:
            return is_stopping(self._ecs, self._lock, task, reason, code)
        return bool(self._mark(arn, task, reason, code, exit_code))

    def clean_up(self, task: _Properties, client: Any, extra: Any = None) -> None:  # noqa: ANN401
        """Let the containers of a task end, and return at once."""
        supervisor = self._supervisors.get(task.get("taskArn", ""))
        if supervisor is None:
            self._clean_up(task, client, extra)
            return
        supervisor.stop()
        account, region = self._account(), self._ecs.get_region()

        def follow() -> None:
            with self._scope(account, region):
                supervisor.run()

        threading.Thread(target=follow, daemon=True, name="stop-task").start()

    def _ended(self, task: _Properties) -> None:
        has_stopped(self._ecs, self._lock, task)
        self._supervisors.pop(task["taskArn"], None)
