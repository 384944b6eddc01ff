"""Read task definitions and secrets of templates as ECS does.

Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import MovedError, find
from ecr_fargate_constructs.local.tasks.spelling import api_spelling

_Properties: TypeAlias = dict[str, Any]

_DEFINITION = "AWS::ECS::TaskDefinition"


def read_definitions(provisioners: Any, handlers: dict[str, Any], ecs: object) -> None:  # noqa: ANN401 - untyped
    """Give all properties of a template's containers and volumes the names of the API; MiniStack does so for a few.

    Raises:
        MovedError: MiniStack's internals have changed.
    """
    find(provisioners, "_normalize_container_defs")
    definitions, handler = find(ecs, "_task_defs"), handlers.get(_DEFINITION)
    if handler is None:
        raise MovedError(f"type {_DEFINITION}")

    def normalize_container_defs(containers: list[_Properties]) -> list[_Properties]:
        return [api_spelling(each) for each in containers]

    def spelled(answer: tuple[str, _Properties]) -> tuple[str, _Properties]:
        definition = definitions.get(answer[0].rpartition("/")[2])
        if definition is not None:
            definition["volumes"] = api_spelling(definition.get("volumes") or [])
        return answer

    def create(*arguments: Any) -> tuple[str, _Properties]:  # noqa: ANN401
        return spelled(handler["create"](*arguments))

    def update(*arguments: Any, **options: Any) -> tuple[str, _Properties]:  # noqa: ANN401
        return spelled(handler["update"](*arguments, **options))

    provisioners._normalize_container_defs = normalize_container_defs  # noqa: SLF001 - what this module is for
    handlers[_DEFINITION] = {**handler, "create": create, "update": update}


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


def remove_joined_containers_first(reaper: Any) -> None:  # noqa: ANN401 - an untyped package
    """Remove containers before the one whose network they share: an engine refuses the other order."""
    drop = find(reaper, "drop_containers")

    def drop_containers(containers: list[Any], **options: Any) -> int:  # noqa: ANN401
        joined = [each for each in containers if each.attrs["HostConfig"]["NetworkMode"].startswith("container:")]
        rest = [each for each in containers if each not in joined]
        return int(drop(joined, **options)) + int(drop(rest, **options))

    reaper.drop_containers = drop_containers
