"""``RunTask`` with a client token."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.ministack_patches.run_task import start_no_task_twice

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def ecs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """MiniStack's ECS, patched, without an engine."""
    module: Any = import_module("ministack.services.ecs")
    monkeypatch.setattr(module, "_get_docker", lambda: None)
    monkeypatch.setattr(module, "_run_task", module._run_task)
    start_no_task_twice(module)
    module._register_task_definition({"family": "shop", "containerDefinitions": [{"name": "app", "image": "app"}]})
    yield module
    module.reset()


def _run(ecs: Any, **options: Any) -> list[str]:  # noqa: ANN401 - an untyped package
    answer = json.loads(ecs._run_task({"cluster": "main", "taskDefinition": "shop", **options})[2])
    return [each["taskArn"] for each in answer["tasks"]]


def test_the_same_token_starts_one_task(ecs: Any) -> None:  # noqa: ANN401 - as above
    first = _run(ecs, clientToken="one")
    assert len(first) == 1
    assert _run(ecs, clientToken="one") == first
    others = [_run(ecs, clientToken="two"), _run(ecs, clientToken="one", cluster="other"), _run(ecs), _run(ecs)]
    assert len({*first, *(arn for each in others for arn in each)}) == 5
