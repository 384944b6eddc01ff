"""Support tasks with several containers, and their secrets.

Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

import time
from typing import Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import MovedError, find
from ecr_fargate_constructs.local.tasks.options import engine_options

_Properties: TypeAlias = dict[str, Any]

_NOT_STARTED = "ResourceInitializationError: unable to pull image or start container"
_ATTEMPTS = 10
_SECONDS_BETWEEN = 0.1
_TASK_ARN = 5  # position among the arguments after the definitions of container and task


def start_essential_containers_first(provisioners: Any) -> None:  # noqa: ANN401 - an untyped package
    """Start essential containers first: the first container owns the task's network, and must not end before others.

    MiniStack ignores ``dependsOn``, so the order has no other effect.
    """
    normalize = find(provisioners, "_normalize_container_defs")

    def normalize_container_defs(definitions: list[_Properties]) -> list[_Properties]:
        normalized: list[_Properties] = normalize(definitions)
        return sorted(normalized, key=lambda each: str(each.get("essential", True)).lower() == "false")

    provisioners._normalize_container_defs = normalize_container_defs  # noqa: SLF001 - what this module is for


def read_secrets_of_containers(provisioners: Any) -> None:  # noqa: ANN401 - an untyped package
    """Rename the fields of a template's secrets to those of the API; MiniStack leaves them as they are."""
    normalize, lower = find(provisioners, "_normalize_container_defs"), find(provisioners, "_cfn_to_camel")

    def normalize_container_defs(definitions: list[_Properties]) -> list[_Properties]:
        normalized: list[_Properties] = normalize(definitions)
        for each in normalized:
            each["secrets"] = [
                {lower(name): value for name, value in secret.items()} for secret in each.get("secrets") or []
            ]
        return normalized

    provisioners._normalize_container_defs = normalize_container_defs  # noqa: SLF001


def refer_to_secrets_by_arn(handlers: dict[str, Any], secretsmanager: object) -> None:
    """Let ``Ref`` of a secret return its ARN, as on AWS; MiniStack returns the name, which means a parameter to ECS."""
    stored, handler = find(secretsmanager, "_secrets"), handlers.get("AWS::SecretsManager::Secret")
    if handler is None:
        raise MovedError("type AWS::SecretsManager::Secret")

    def name_of(arn: str) -> str:
        return next((name for name, secret in stored.items() if secret["ARN"] == arn), arn)

    def create(*arguments: Any) -> tuple[str, _Properties]:  # noqa: ANN401
        _, attributes = handler["create"](*arguments)
        return attributes["Arn"], attributes

    def update(arn: str, *arguments: Any, **options: Any) -> tuple[str, _Properties]:  # noqa: ANN401
        _, attributes = handler["update"](name_of(arn), *arguments, **options)
        return attributes["Arn"], attributes

    def delete(arn: str, properties: _Properties) -> None:
        handler["delete"](name_of(arn), properties)

    handlers["AWS::SecretsManager::Secret"] = {**handler, "create": create, "update": update, "delete": delete}


def share_the_network_of_a_task(ecs: Any) -> None:  # noqa: ANN401 - an untyped package
    """Let the containers of a task share one network, so that they reach each other on ``localhost``.

    MiniStack gives each container its own network; here the first one has the task's network, and the others join it.
    MiniStack also ignores most of a container's definition; ``engine_options`` says what is passed on. An engine does
    not remove a container whose network others share, so containers are removed in reverse order. When an essential
    container exits, MiniStack would leave the others running.
    """
    build, cleanup = find(ecs, "_build_run_kwargs"), find(ecs, "_cleanup_task_resources")
    tasks, client_of, remove = find(ecs, "_tasks"), find(ecs, "_get_docker"), find(ecs, "_remove_docker_container")

    def build_run_kwargs(container: _Properties, task_definition: _Properties, *rest: Any) -> _Properties:  # noqa: ANN401
        options: _Properties = build(container, task_definition, *rest)
        options |= engine_options(container, task_definition)
        first = (tasks.get(rest[_TASK_ARN]) or {}).get("_docker_ids")
        if task_definition.get("networkMode") == "awsvpc" and first:
            for option in ("network", "ports", "extra_hosts"):
                options.pop(option, None)
            options["network_mode"] = f"container:{first[0]}"
        return options

    def cleanup_task_resources(task: _Properties, client: Any, extra_container: Any = None) -> None:  # noqa: ANN401
        started = task["_docker_ids"] = list(reversed(task.get("_docker_ids") or []))
        cleanup(task, client, extra_container)
        if client is None and len(started) > 1:
            for identifier in started:
                remove(client_of(), identifier)

    ecs._build_run_kwargs, ecs._cleanup_task_resources = build_run_kwargs, cleanup_task_resources  # noqa: SLF001


def report_early_exits(ecs: Any) -> None:  # noqa: ANN401 - an untyped package
    """Report the exit of the first container, if another one cannot join its network because of that.

    MiniStack reports the engine's error for the other container: that a namespace is missing.
    """
    fail, stop = find(ecs, "_fail_task_start"), find(ecs, "_mark_task_stopped")
    clean_up = find(ecs, "_cleanup_task_resources")

    def fail_task_start(task: _Properties, client: Any, reason: str) -> None:  # noqa: ANN401
        code = _exit_code(task, client) if reason.startswith(_NOT_STARTED) else None
        if code is None:
            fail(task, client, reason)
            return
        for container in task.get("containers", ())[:1]:
            container["exitCode"] = code
        try:
            stop(task["taskArn"], task, "Essential container exited", "EssentialContainerExited")
        finally:
            clean_up(task, client)

    ecs._fail_task_start = fail_task_start  # noqa: SLF001 - what this module is for


def _exit_code(task: _Properties, client: Any) -> int | None:  # noqa: ANN401 - docker's
    """Return the exit code of a task's first container; None if it is running, or was never started."""
    started = task.get("_docker_ids") or []
    if not started:
        return None
    for _ in range(_ATTEMPTS):  # the engine may notice the exit a moment later
        try:
            state: _Properties = client.containers.get(started[0]).attrs["State"]
        except Exception:  # noqa: BLE001 - the engine's answer is helpful, not required
            return None
        if state.get("Status") == "exited":
            return int(state.get("ExitCode", 0))
        time.sleep(_SECONDS_BETWEEN)
    return None


def remove_joined_containers_first(reaper: Any) -> None:  # noqa: ANN401 - an untyped package
    """Remove containers before the one whose network they share: an engine refuses the other order."""
    drop = find(reaper, "drop_containers")

    def drop_containers(containers: list[Any], **options: Any) -> int:  # noqa: ANN401
        joined = [each for each in containers if each.attrs["HostConfig"]["NetworkMode"].startswith("container:")]
        rest = [each for each in containers if each not in joined]
        return int(drop(joined, **options)) + int(drop(rest, **options))

    reaper.drop_containers = drop_containers
