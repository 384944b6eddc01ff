"""MiniStack with metrics, alarms and scaling."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.clock import Clock
from ecr_fargate_constructs.local.ministack_patches.forward_actions import keep_weights
from ecr_fargate_constructs.local.ministack_patches.monitoring import Monitoring
from tests.local.ministack_patches.modules import restored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SERVICES = ("cloudwatch", "alb", "ecs", "sqs", "sns", "eventbridge", "stepfunctions")


class World:
    """MiniStack's modules, a clock that tests set, and minutes that they end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, speed: float) -> None:
        """Patch the modules."""
        self.modules = {name: restored(monkeypatch, name) for name in _SERVICES}
        provisioners = restored(monkeypatch, "cloudformation.provisioners")
        self.machine = 1_800_000_000.0
        self.clock = Clock(speed, time_of_machine=lambda: self.machine)
        monkeypatch.setattr("time.time", lambda: self.machine)
        self.handlers: dict[str, Any] = dict(provisioners._RESOURCE_HANDLERS)
        keep_weights(self.modules["alb"], provisioners)
        self.monitoring = Monitoring(self.clock, lambda *_: False)
        self.monitoring.apply(self.handlers, provisioners)

    def minutes(self, number: int, each: Callable[[], None] = lambda: None) -> None:
        """Let minutes of the clock pass; something may happen in each of them."""
        for _ in range(number):
            each()
            end = (self.clock.now() // 60 + 1) * 60
            self.machine = self.clock.outside(end)
            self.monitoring.minute_ended(end)

    def ask(self, operation: str, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        """Ask CloudWatch, as boto3 does."""
        status, _, body = getattr(self.modules["cloudwatch"], operation)({}, request, False, True)
        answer: dict[str, Any] = json.loads(body) if body else {}
        assert status == 200, answer
        return answer

    def put(self, **values: float) -> None:
        """Put values of metrics of the namespace ``N``."""
        data = [{"MetricName": name, "Value": value} for name, value in values.items()]
        self.ask("_put_metric_data", Namespace="N", MetricData=data)

    def state(self, name: str) -> str | None:
        """Return the state of an alarm."""
        return self.monitoring.alarm_state(name)


@pytest.fixture
def speed() -> float:
    """The speed of the clock."""
    return 1


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, speed: float) -> Iterator[World]:
    """MiniStack for one test."""
    made = World(monkeypatch, speed)
    yield made
    for module in made.modules.values():
        module.reset()
