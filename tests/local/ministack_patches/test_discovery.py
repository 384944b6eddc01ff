"""MiniStack keeps what a service says about its names, from before its first task starts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ecr_fargate_constructs.local.ministack_patches.discovery.configurations import keep_configurations
from ecr_fargate_constructs.local.ministack_patches.internals import MovedError
from tests.local.ministack_patches.modules import restored

CONNECT = {"Enabled": True, "Namespace": "shop", "Services": [{"PortName": "web", "ClientAliases": [{"Port": 80}]}]}
IN_API = {"enabled": True, "namespace": "shop", "services": [{"portName": "web", "clientAliases": [{"port": 80}]}]}


@pytest.fixture
def ecs(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - an untyped module
    """MiniStack's ECS with a cluster and a task definition; ``seen`` is each service when its tasks are started."""
    module = restored(monkeypatch, "ecs")
    module.seen = []
    monkeypatch.setattr(
        module, "_reconcile_service_tasks", lambda _, key: module.seen.append(dict(module._services[key]))
    )
    module._create_cluster({"clusterName": "shop"})
    module._register_task_definition({"family": "web", "containerDefinitions": [{"name": "web", "image": "web"}]})
    return module


def _handlers(monkeypatch: pytest.MonkeyPatch, ecs: Any) -> dict[str, Any]:  # noqa: ANN401
    provisioners = restored(monkeypatch, "cloudformation.provisioners")
    handlers: dict[str, Any] = dict(provisioners._RESOURCE_HANDLERS)
    keep_configurations(handlers, provisioners, ecs)
    return handlers


def test_templates_reach_the_record_before_tasks_start(monkeypatch: pytest.MonkeyPatch, ecs: Any) -> None:  # noqa: ANN401
    handler = _handlers(monkeypatch, ecs)["AWS::ECS::Service"]
    plain = {"Cluster": "shop", "ServiceName": "web", "TaskDefinition": "web"}
    registered = {**plain, "ServiceConnectConfiguration": CONNECT, "ServiceRegistries": [{"RegistryArn": "a"}]}
    name, _ = handler["create"]("Web", registered, "Shop")
    assert (ecs.seen[-1]["serviceConnectConfiguration"], ecs.seen[-1]["serviceRegistries"]) == (
        IN_API,
        [{"registryArn": "a"}],
    )
    handler["update"](name, registered, plain, "Shop")
    assert (ecs.seen[-1]["serviceConnectConfiguration"], ecs.seen[-1]["serviceRegistries"]) == ({}, [])


def test_so_do_calls_and_what_a_call_leaves_out_stays(monkeypatch: pytest.MonkeyPatch, ecs: Any) -> None:  # noqa: ANN401
    _handlers(monkeypatch, ecs)
    request = {"cluster": "shop", "serviceName": "web", "taskDefinition": "web", "serviceConnectConfiguration": IN_API}
    ecs._ACTION_MAP["CreateService"](request)
    ecs._ACTION_MAP["UpdateService"]({"cluster": "shop", "service": "web", "desiredCount": 2})
    assert [each["serviceConnectConfiguration"] for each in ecs.seen] == [IN_API, IN_API]


def test_a_type_that_is_gone_is_named() -> None:
    ecs: Any = SimpleNamespace(_services={}, _ACTION_MAP={}, _reconcile_service_tasks=None)
    with pytest.raises(MovedError, match="AWS::ECS::Service"):
        keep_configurations({}, SimpleNamespace(_pascal_to_camel=None), ecs)
