"""The API of Application Auto Scaling, as boto3 asks it."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.ministack_patches.monitoring import scaling_api

if TYPE_CHECKING:
    from tests.local.ministack_patches.monitoring.conftest import World

_WEB: dict[str, Any] = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/main/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}
_STEPS = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
}
_TRACKING = {
    "TargetValue": 60.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
}


class _Api:
    """The service, as MiniStack calls it."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        application, router = SimpleNamespace(SERVICE_HANDLERS={}), SimpleNamespace(SERVICE_PATTERNS={})
        monitoring = world.monitoring
        scaling_api.answer_about_scaling(application, router, monitoring._scaling, monitoring.clock)
        self.patterns = router.SERVICE_PATTERNS["application-autoscaling"]
        self._handle = application.SERVICE_HANDLERS["application-autoscaling"]
        self.record: dict[str, Any] = {"desiredCount": 2, "deployments": []}
        world.modules["ecs"]._services["main/web"] = self.record

        def update_service(request: dict[str, Any]) -> tuple[int, dict[str, str], str]:
            self.record["desiredCount"] = request["desiredCount"]
            return 200, {}, "{}"

        monkeypatch.setattr(world.modules["ecs"], "_update_service", update_service)

    def ask(self, operation: str, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        headers = {"x-amz-target": f"AnyScaleFrontendService.{operation}"}
        status, _, body = asyncio.run(self._handle("POST", "/", headers, json.dumps({**_WEB, **request}).encode(), {}))
        answer: dict[str, Any] = json.loads(body)
        assert (status == 200) is ("__type" not in answer)
        return answer


@pytest.fixture
def api(world: World, monkeypatch: pytest.MonkeyPatch) -> _Api:
    """The API of one test."""
    return _Api(world, monkeypatch)


def test_a_target_is_registered_changed_and_deregistered(api: _Api) -> None:
    assert api.ask("RegisterScalableTarget", MinCapacity=3)["__type"] == "ValidationException"
    api.ask("RegisterScalableTarget", MinCapacity=3, MaxCapacity=6)
    assert api.record["desiredCount"] == 3
    api.ask("RegisterScalableTarget", MaxCapacity=5)
    [target] = api.ask("DescribeScalableTargets")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"], target["ResourceId"]) == (3, 5, "service/main/web")
    assert api.ask("DescribeScalableTargets", ResourceIds=["service/main/other"])["ScalableTargets"] == []
    api.ask("DeregisterScalableTarget")
    assert api.ask("DescribeScalableTargets")["ScalableTargets"] == []
    assert api.ask("DeregisterScalableTarget")["__type"] == "ObjectNotFoundException"


def test_a_policy_is_put_with_its_alarms_and_deleted_with_them(api: _Api, world: World) -> None:
    cpu = {"PolicyName": "cpu", "PolicyType": "TargetTrackingScaling"}
    refused = api.ask("PutScalingPolicy", **cpu, TargetTrackingScalingPolicyConfiguration=_TRACKING)
    assert refused["__type"] == "ObjectNotFoundException"
    api.ask("RegisterScalableTarget", MinCapacity=1, MaxCapacity=6)
    put = api.ask("PutScalingPolicy", **cpu, TargetTrackingScalingPolicyConfiguration=_TRACKING)
    assert len(put["Alarms"]) == 2
    assert {each["AlarmName"] for each in put["Alarms"]} == set(world.modules["cloudwatch"]._alarms.keys())
    again = api.ask(
        "PutScalingPolicy", **cpu, TargetTrackingScalingPolicyConfiguration={**_TRACKING, "TargetValue": 70.0}
    )
    assert again["PolicyARN"] == put["PolicyARN"]
    api.ask("PutScalingPolicy", PolicyName="steps", PolicyType="StepScaling", StepScalingPolicyConfiguration=_STEPS)
    first, second = api.ask("DescribeScalingPolicies")["ScalingPolicies"]
    assert (first["PolicyType"], first["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]) == (
        "TargetTrackingScaling",
        70.0,
    )
    assert (second["PolicyName"], second["PolicyType"], second["Alarms"]) == ("steps", "StepScaling", [])
    assert api.ask("DescribeScalingPolicies", PolicyNames=["steps"])["ScalingPolicies"] == [second]
    api.ask("DeleteScalingPolicy", PolicyName="cpu")
    assert api.ask("DescribeScalingPolicies")["ScalingPolicies"] == [second]
    assert not list(world.modules["cloudwatch"]._alarms.keys())
    assert api.ask("DeleteScalingPolicy", PolicyName="cpu")["__type"] == "ObjectNotFoundException"


def test_what_was_done_is_listed_the_last_one_first_in_pages(api: _Api) -> None:
    for least in (3, 4, 5):
        api.ask("RegisterScalableTarget", MinCapacity=least, MaxCapacity=6)
    page = api.ask("DescribeScalingActivities", MaxResults=2)
    rest = api.ask("DescribeScalingActivities", MaxResults=2, NextToken=page["NextToken"])
    assert [each["Description"] for each in (*page["ScalingActivities"], *rest["ScalingActivities"])] == [
        f"Setting desired count to {least}." for least in (5, 4, 3)
    ]
    assert "NextToken" not in rest
    assert api.ask("DescribeScalingActivities", NextToken="x")["__type"] == "InvalidNextTokenException"


def test_a_schedule_is_described(api: _Api, world: World) -> None:
    action = {
        "ScheduledActionName": "night",
        "Schedule": "cron(0 20 * * ? *)",
        "ScalableTargetAction": {"MinCapacity": 1},
    }
    world.monitoring._scaling.targets["create"](
        "", {**_WEB, "MinCapacity": 2, "MaxCapacity": 6, "ScheduledActions": [action]}, ""
    )
    api.ask("RegisterScalableTarget", MaxCapacity=5)  # which leaves the schedule alone
    [found] = api.ask("DescribeScheduledActions")["ScheduledActions"]
    assert {name: found[name] for name in action} == action
    assert found["Timezone"] == "UTC"


def test_what_is_not_emulated_is_refused(api: _Api) -> None:
    assert api.ask("PutScheduledAction")["message"] == "not emulated: application-autoscaling:PutScheduledAction"
    assert api.ask("DescribeScalableTargets", ServiceNamespace="dynamodb")["__type"] == "ValidationException"
    assert api.patterns["target_prefixes"] == ["AnyScaleFrontendService"]
