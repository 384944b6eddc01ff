"""MiniStack's record of a task while it stops."""

from __future__ import annotations

from typing import Any, TypeAlias

_Properties: TypeAlias = dict[str, Any]

_FAILED = ("EssentialContainerExited", "TaskFailedToStart")


def is_stopping(ecs: Any, lock: Any, task: _Properties, reason: str, code: str) -> bool:  # noqa: ANN401 - untyped
    """Note that a task is to stop; its containers still run. Return whether it was not to stop before.

    Args:
        ecs: MiniStack's module for ECS.
        lock: Locks a resource.
        task: The task.
        reason: Why it stops.
        code: ECS's word for that.
    """
    arn = task["taskArn"]
    with lock("ecs-task", arn):
        if not ecs._task_is_active(arn, task):  # noqa: SLF001
            return False
        ecs._bump_task_version(task)  # noqa: SLF001
        task |= {
            "desiredStatus": "STOPPED",
            "lastStatus": "STOPPING",
            "stoppingAt": task.get("stoppingAt") or ecs._iso(),  # noqa: SLF001
            "stoppedReason": reason,
            "stopCode": code,
        }
    ecs.ecs_metadata.set_task_status(arn, known_status="STOPPING", desired_status="STOPPED")
    _recount(ecs, task)
    if code in _FAILED:
        ecs._record_service_task_failure(task)  # noqa: SLF001
    return True


def has_stopped(ecs: Any, lock: Any, task: _Properties) -> None:  # noqa: ANN401
    """Note that nothing of a task is left."""
    arn = task["taskArn"]
    with lock("ecs-task", arn):
        tokens = list(task.get("_metadata_tokens") or ())
        now = ecs._iso()  # noqa: SLF001
        ecs._bump_task_version(task)  # noqa: SLF001
        task |= {
            "desiredStatus": "STOPPED",
            "lastStatus": "STOPPED",
            "stoppedAt": now,
            "stoppingAt": task.get("stoppingAt") or now,
            "executionStoppedAt": task.get("executionStoppedAt") or now,
            "_docker_ids": [],
            "_metadata_tokens": [],
        }
        for container in task.get("containers", ()):
            container["lastStatus"] = "STOPPED"
    for token in tokens:
        ecs.ecs_metadata.unregister_token(token)
    ecs.ecs_metadata.set_task_status(arn, known_status="STOPPED", desired_status="STOPPED")
    _recount(ecs, task)


def _recount(ecs: Any, task: _Properties) -> None:  # noqa: ANN401
    cluster = ecs._cluster_name_from_arn(task.get("clusterArn", ""))  # noqa: SLF001
    if cluster:
        ecs._recount_cluster(cluster)  # noqa: SLF001
        ecs._refresh_service_state(cluster, task.get("group", ""))  # noqa: SLF001
