"""The patches that read task definitions and secrets as ECS does."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from ecr_fargate_constructs.local.ministack_patches import tasks as patches
from ecr_fargate_constructs.local.ministack_patches.internals import MovedError


def test_emptying_everything_removes_joined_containers_first() -> None:
    dropped: list[list[str]] = []

    def drop(containers: list[Any], **options: object) -> int:
        assert options == {"stop_timeout": 2, "force": True}
        dropped.append([each.id for each in containers])
        return len(containers)

    reaper = SimpleNamespace(drop_containers=drop)
    patches.remove_joined_containers_first(reaper)
    containers = [
        SimpleNamespace(id=name, attrs={"HostConfig": {"NetworkMode": mode}})
        for name, mode in (("web", "bridge"), ("beside", "container:web"), ("other", "bridge"))
    ]
    assert reaper.drop_containers(containers, stop_timeout=2, force=True) == 3
    assert dropped == [["beside"], ["web", "other"]]


def test_containers_and_volumes_of_a_template_have_the_names_of_the_api() -> None:
    provisioners = import_module("ministack.services.cloudformation.provisioners")
    module = SimpleNamespace(_normalize_container_defs=provisioners._normalize_container_defs)
    definition = {
        "Name": "web",
        "Secrets": [{"Name": "KEY", "ValueFrom": "arn"}],
        "DependsOn": [{"ContainerName": "a", "Condition": "START"}],
    }
    [before] = module._normalize_container_defs([definition])
    assert before["dependsOn"] == definition["DependsOn"], "MiniStack names them itself now: drop the patch"
    definitions: dict[str, Any] = {}

    def create(*_: object) -> tuple[str, dict[str, Any]]:
        containers = module._normalize_container_defs([definition])
        definitions["family:1"] = {"containerDefinitions": containers, "volumes": [{"Name": "v"}]}
        return "arn:aws:ecs:us-east-1:1:task-definition/family:1", {}

    handlers: dict[str, Any] = {"AWS::ECS::TaskDefinition": {"create": create, "update": create, "delete": None}}
    patches.read_definitions(module, handlers, SimpleNamespace(_task_defs=definitions))
    for verb in ("create", "update"):
        definitions.clear()
        handlers["AWS::ECS::TaskDefinition"][verb]("Task", {}, "Stack")
        [container] = definitions["family:1"]["containerDefinitions"]
        assert container["secrets"] == [{"name": "KEY", "valueFrom": "arn"}]
        assert container["dependsOn"] == [{"containerName": "a", "condition": "START"}]
        assert definitions["family:1"]["volumes"] == [{"name": "v"}]


def test_a_secret_is_referred_to_by_its_arn() -> None:
    kept: dict[str, Any] = {}
    deleted: list[str] = []

    def create(logical_id: str, _properties: object, _stack: str) -> tuple[str, dict[str, str]]:
        kept[logical_id] = {"ARN": f"arn:{logical_id}"}
        return logical_id, {"Arn": f"arn:{logical_id}"}

    def update(name: str, *_: object, logical_id: str) -> tuple[str, dict[str, str]]:
        assert name in kept
        return logical_id, {"Arn": kept[name]["ARN"]}

    handler = {"create": create, "update": update, "delete": lambda name, _: deleted.append(name), "more": True}
    handlers: dict[str, Any] = {"AWS::SecretsManager::Secret": handler}
    patches.refer_to_secrets_by_arn(handlers, SimpleNamespace(_secrets=kept))
    patched = handlers["AWS::SecretsManager::Secret"]
    assert patched["create"]("Key", {}, "Stack") == ("arn:Key", {"Arn": "arn:Key"})
    assert patched["update"]("arn:Key", {}, {}, "Stack", logical_id="Key")[0] == "arn:Key"
    patched["delete"]("arn:Key", {})
    assert deleted == ["Key"]
    assert patched["more"] is True


def test_a_missing_type_is_named() -> None:
    with pytest.raises(MovedError, match=r"AWS::SecretsManager::Secret"):
        patches.refer_to_secrets_by_arn({}, SimpleNamespace(_secrets={}))
    module = SimpleNamespace(_normalize_container_defs=list)
    with pytest.raises(MovedError, match=r"AWS::ECS::TaskDefinition"):
        patches.read_definitions(module, {}, SimpleNamespace(_task_defs={}))
