"""MiniStack's ECS with the operations of tests, and what they deploy."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecr_fargate_constructs.local.clock import Clock

BLUE, GREEN, RULE, TEST_RULE = "blue", "green", "rule", "test-rule"
SPEED = 3600.0  # an hour a second
BALANCER = {
    "targetGroupArn": BLUE,
    "containerName": "web",
    "containerPort": 80,
    "advancedConfiguration": {
        "alternateTargetGroupArn": GREEN,
        "productionListenerRule": RULE,
        "testListenerRule": TEST_RULE,
    },
}
CANARY = {
    "strategy": "CANARY",
    "bakeTimeInMinutes": 30,
    "canaryConfiguration": {"canaryPercent": 12.5, "canaryBakeTimeInMinutes": 30},
}
PAUSE = {"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}


class Aws:
    """MiniStack's ECS with the operations of a test."""

    def __init__(self, ecs: Any, alb: Any, handlers: dict[str, Any], controlled: Any, clock: Clock) -> None:  # noqa: ANN401
        self.ecs, self.alb, self.handlers = ecs, alb, handlers
        self.controlled, self.clock = controlled, clock

    def do(self, operation: str, **data: Any) -> dict[str, Any]:  # noqa: ANN401
        """Do an operation, and return its answer."""
        status, _, body = self.ecs._ACTION_MAP[operation](data)
        answer: dict[str, Any] = json.loads(body)
        assert status == 200, answer
        return answer

    def refused(self, operation: str, **data: Any) -> str:  # noqa: ANN401
        status, _, body = self.ecs._ACTION_MAP[operation](data)
        assert status == 400
        return str(json.loads(body)["__type"])

    def register(self) -> str:
        containers = [{"name": "web", "image": "web", "essential": True}]
        registered = self.do(
            "RegisterTaskDefinition", family="web", networkMode="awsvpc", containerDefinitions=containers
        )
        return str(registered["taskDefinition"]["taskDefinitionArn"])

    def create(self, **configuration: Any) -> None:  # noqa: ANN401
        self.do(
            "CreateService",
            cluster="shop",
            serviceName="web",
            taskDefinition=self.register(),
            desiredCount=2,
            loadBalancers=[BALANCER],
            deploymentConfiguration=configuration,
        )
        self.until(lambda: self.newest()["status"] == "SUCCESSFUL")

    def update(self, **more: Any) -> None:  # noqa: ANN401
        self.do("UpdateService", cluster="shop", service="web", taskDefinition=self.register(), **more)

    def newest(self) -> dict[str, Any]:
        briefs = self.do("ListServiceDeployments", cluster="shop", service="web")["serviceDeployments"]
        arn = briefs[0]["serviceDeploymentArn"]
        [found] = self.do("DescribeServiceDeployments", serviceDeploymentArns=[arn])["serviceDeployments"]
        return dict(found)

    def service(self) -> dict[str, Any]:
        [found] = self.do("DescribeServices", cluster="shop", services=["web"])["services"]
        return dict(found)

    def weights(self) -> list[int]:
        [action] = self.alb._rules[RULE]["Actions"]
        return [group["Weight"] for group in action.get("ForwardConfig", {}).get("TargetGroups", ())]

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, (self.newest(), self.service())
            time.sleep(0.02)
