"""The patches that make a task of several containers, and their secrets, work on the embedded AWS."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from ecr_fargate_constructs.local.ministack_patches import tasks as patches
from ecr_fargate_constructs.local.ministack_patches.internals import MovedError

TASK = "arn:aws:ecs:us-east-1:000000000001:task/Cluster/1"
REST: tuple[object, ...] = ({}, {}, None, False, "1", TASK, None, "cluster")
"""The arguments of ``_build_run_kwargs`` after the two definitions."""


class _Engine:
    """Containers of an engine that, as podman does, refuses to remove one that others have joined."""

    def __init__(self) -> None:
        self.networks: dict[str, str] = {}

    def start(self, identifier: str, options: dict[str, Any]) -> None:
        self.networks[identifier] = options.get("network_mode", "own")

    def remove(self, identifier: str) -> None:
        assert f"container:{identifier}" not in self.networks.values(), "has dependent containers"
        del self.networks[identifier]


@pytest.fixture
def ecs() -> tuple[SimpleNamespace, _Engine]:
    """What the patch needs of MiniStack's ECS, behaving as it does there."""
    engine = _Engine()

    def build(definition: dict[str, Any], _task: dict[str, Any], *_rest: object) -> dict[str, Any]:
        return {"name": definition["name"], "network": None, "ports": {"80/tcp": 80}, "extra_hosts": {"a": "b"}}

    def remove(client: object, identifier: str) -> None:
        if client is not None and identifier in engine.networks:
            engine.remove(identifier)

    def cleanup(task: dict[str, Any], client: object, _extra: object = None) -> None:
        for identifier in task["_docker_ids"]:
            remove(client, identifier)
        task["_docker_ids"] = []

    module = SimpleNamespace(
        _build_run_kwargs=build,
        _cleanup_task_resources=cleanup,
        _remove_docker_container=remove,
        _tasks={},
        _get_docker=lambda: "client",
    )
    patches.share_the_network_of_a_task(module)
    return module, engine


def _run(ecs: SimpleNamespace, engine: _Engine, *, network: str) -> dict[str, Any]:
    task: dict[str, Any] = {"_docker_ids": []}
    ecs._tasks[TASK] = task
    for name in ("web", "beside", "router"):
        engine.start(name, ecs._build_run_kwargs({"name": name}, {"networkMode": network}, *REST))
        task["_docker_ids"].append(name)
    return task


def test_the_second_container_joins_the_first(ecs: tuple[SimpleNamespace, _Engine]) -> None:
    module, engine = ecs
    _run(module, engine, network="awsvpc")
    assert engine.networks == {"web": "own", "beside": "container:web", "router": "container:web"}


def test_what_belongs_to_a_network_is_left_to_the_first(ecs: tuple[SimpleNamespace, _Engine]) -> None:
    module, _ = ecs
    module._tasks[TASK] = {"_docker_ids": ["web"]}
    definition = {"name": "beside", "entryPoint": ["/init"], "workingDirectory": "/srv"}
    options = module._build_run_kwargs(definition, {"networkMode": "awsvpc"}, *REST)
    capabilities = {name: options.pop(name) for name in ("cap_add", "cap_drop")}
    assert capabilities["cap_drop"] == ["ALL"]
    assert options == {
        "name": "beside",
        "entrypoint": ["/init"],
        "working_dir": "/srv",
        "network_mode": "container:web",
    }


def test_a_bridge_is_left_alone(ecs: tuple[SimpleNamespace, _Engine]) -> None:
    module, engine = ecs
    _run(module, engine, network="bridge")
    assert set(engine.networks.values()) == {"own"}


NOT_STARTED = "ResourceInitializationError: unable to pull image or start container: namespace path: no such file"


@pytest.mark.parametrize(
    ("state", "reason", "told"),
    [
        ({"Status": "exited", "ExitCode": 3}, NOT_STARTED, ("Essential container exited", "EssentialContainerExited")),
        ({"Status": "running", "ExitCode": 0}, NOT_STARTED, (NOT_STARTED, "TaskFailedToStart")),
        (
            {"Status": "exited", "ExitCode": 3},
            "CannotPullContainerError: no",
            ("CannotPullContainerError: no", "TaskFailedToStart"),
        ),
        (None, NOT_STARTED, (NOT_STARTED, "TaskFailedToStart")),
    ],
)
def test_a_first_container_that_exits_before_the_second_starts_is_told(
    state: dict[str, Any] | None, reason: str, told: tuple[str, str]
) -> None:
    stopped: list[tuple[str, str]] = []
    cleaned: list[str] = []
    module: Any = SimpleNamespace(
        _fail_task_start=lambda task, _client, why: module._mark_task_stopped("", task, why, "TaskFailedToStart"),
        _mark_task_stopped=lambda _arn, _task, why, code: stopped.append((why, code)),
        _cleanup_task_resources=lambda task, _client: cleaned.append(task["taskArn"]),
    )
    patches.report_early_exits(module)
    states = [{"Status": "stopped", "ExitCode": 0}]  # what podman says for a moment

    def get(_: str) -> SimpleNamespace:
        return SimpleNamespace(attrs={"State": states.pop() if states else state})

    client = SimpleNamespace(containers=SimpleNamespace(get=get))
    containers: list[dict[str, Any]] = [{"name": "web"}, {"name": "beside"}]
    task = {"taskArn": TASK, "containers": containers, "_docker_ids": [] if state is None else ["web"]}
    module._fail_task_start(task, client, reason)
    assert stopped == [told]
    early = told[1] == "EssentialContainerExited"
    assert containers[0].get("exitCode") == (3 if early else None)
    assert cleaned == ([TASK] if early else [])


@pytest.mark.parametrize("client", ["client", None])
def test_a_task_ends_with_all_its_containers(ecs: tuple[SimpleNamespace, _Engine], client: object) -> None:
    """Without a client is how MiniStack calls it when an essential container has exited."""
    module, engine = ecs
    task = _run(module, engine, network="awsvpc")
    module._cleanup_task_resources(task, client)
    assert not engine.networks
    assert not task["_docker_ids"]


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


def test_secrets_of_a_template_have_the_names_of_the_api() -> None:
    provisioners = import_module("ministack.services.cloudformation.provisioners")
    module = SimpleNamespace(
        _normalize_container_defs=provisioners._normalize_container_defs, _cfn_to_camel=provisioners._cfn_to_camel
    )
    definition = {"Name": "web", "Secrets": [{"Name": "KEY", "ValueFrom": "arn"}]}
    [before] = module._normalize_container_defs([definition])
    assert before["secrets"] == definition["Secrets"], "MiniStack names them itself now: drop the patch"
    patches.read_secrets_of_containers(module)
    [with_secrets, without] = module._normalize_container_defs([definition, {"Name": "beside"}])
    assert with_secrets["secrets"] == [{"name": "KEY", "valueFrom": "arn"}]
    assert without["secrets"] == []


def test_a_container_that_only_prepares_does_not_have_the_network_of_the_task() -> None:
    provisioners = import_module("ministack.services.cloudformation.provisioners")
    module = SimpleNamespace(_normalize_container_defs=provisioners._normalize_container_defs)
    patches.start_essential_containers_first(module)
    definitions = [{"Name": "init", "Essential": False}, {"Name": "web"}, {"Name": "beside", "Essential": "true"}]
    assert [each["name"] for each in module._normalize_container_defs(definitions)] == ["web", "beside", "init"]


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
