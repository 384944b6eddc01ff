"""MiniStack's own service records under the controller, without a container engine: its tasks run at once."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local.clock import Clock
from ecr_fargate_constructs.local.ministack_patches.deployments import control_deployments
from tests.local.ministack_patches.deployments.services import BLUE, GREEN, RULE, SPEED, TEST_RULE, Aws

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def healthy() -> set[bool]:
    """Targets are healthy as long as this set is not empty."""
    return {True}


@pytest.fixture(params=[SPEED])
def aws(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, healthy: set[bool]) -> Iterator[Aws]:
    ecs, alb = importlib.import_module("ministack.services.ecs"), importlib.import_module("ministack.services.alb")
    stacks = importlib.import_module("ministack.services.cloudformation.stacks")
    cloudformation = importlib.import_module("ministack.services.cloudformation")
    provisioners = importlib.import_module("ministack.services.cloudformation.provisioners")
    for module in (ecs, alb, stacks, cloudformation):
        for name, value in list(vars(module).items()):
            if callable(value) and not isinstance(value, type):
                monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(ecs, "_ACTION_MAP", dict(ecs._ACTION_MAP))
    monkeypatch.setattr(cloudformation, "_ACTION_HANDLERS", dict(cloudformation._ACTION_HANDLERS))
    monkeypatch.setattr(ecs, "_get_docker", lambda: None)
    monkeypatch.setattr(ecs, "_task_ip", lambda task: task["taskArn"].rpartition("/")[2])
    group = {"TargetType": "ip", "HealthyThresholdCount": 2, "HealthCheckIntervalSeconds": 0}
    forward = {"Type": "forward", "Order": 1, "TargetGroupArn": BLUE}
    handlers = {"AWS::ECS::Service": provisioners._RESOURCE_HANDLERS["AWS::ECS::Service"]}
    ecs.reset()
    for arn in (BLUE, GREEN):
        alb._tgs[arn] = dict(group)
    for arn in (RULE, TEST_RULE):
        alb._rules[arn] = {"Actions": [dict(forward)]}
    clock = Clock(1 if request.param is None else request.param)
    controlled = control_deployments(
        ecs,
        alb,
        handlers,
        lambda _target, _group: SimpleNamespace(state="healthy" if healthy else "unhealthy"),
        clock,
        rehearses=request.param is not None,
    )
    yield Aws(ecs, alb, handlers, controlled, clock)
    ecs.reset()
    alb.reset()
    importlib.import_module("ministack.services.cloudwatch")._alarms.clear()
