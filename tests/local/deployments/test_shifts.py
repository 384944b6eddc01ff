"""Deployments that shift traffic. Sources: the ECS API reference of the named members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.deployments.settings import read_settings
from ecr_fargate_constructs.local.deployments.stages import Stage
from tests.local.deployments.service import MINUTE, Service

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.deployments.records import Deployment

BLUE_GREEN: dict[str, Any] = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 10}
CANARY: dict[str, Any] = {
    **BLUE_GREEN,
    "strategy": "CANARY",
    "canaryConfiguration": {"canaryPercent": 5, "canaryBakeTimeInMinutes": 3},
}
ALARMS = {"enable": True, "rollback": True, "alarmNames": ["errors"]}
PRE, DURING = "PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"
BEFORE = ["PRE_SCALE_UP", "SCALE_UP", "POST_SCALE_UP"]
TEST = ["TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT"]
AFTER = ["POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP"]


def finish(service: Service, deployment: Deployment) -> None:
    for _ in range(60):
        service.healthy()
        service.wait(MINUTE)
        if deployment.ended:
            return


@pytest.mark.parametrize(
    ("strategy", "fields", "shares"),
    [
        ("BLUE_GREEN", {}, [(100, 0)]),
        ("CANARY", {}, [(5, 600), (100, 0)]),  # the defaults of CanaryConfiguration
        ("CANARY", {"canaryConfiguration": {"canaryPercent": 100}}, [(100, 0)]),
        ("LINEAR", {}, [*((10 * step, 360) for step in range(1, 10)), (100, 0)]),  # and of LinearConfiguration
        ("LINEAR", {"linearConfiguration": {"stepPercent": 33.3, "stepBakeTimeInMinutes": 1}},
         [(33.3, 60), (66.6, 60), (99.9, 60), (100, 0)]),
        ("LINEAR", {"linearConfiguration": {"stepPercent": 100}}, [(100, 0)]),
    ],
)  # fmt: skip
def test_the_schedule_of_the_traffic(strategy: str, fields: dict[str, Any], shares: list[tuple[float, float]]) -> None:
    settings = read_settings({"strategy": strategy, **fields})
    assert [(step.percent, step.bake) for step in settings.steps] == shares


@pytest.mark.parametrize(
    ("configuration", "test_traffic", "stages"),
    [
        (BLUE_GREEN, False, [*BEFORE, PRE, DURING, *AFTER]),
        (BLUE_GREEN, True, [*BEFORE, *TEST, PRE, DURING, *AFTER]),
        (CANARY, False, [*BEFORE, PRE, DURING, PRE, DURING, *AFTER]),
    ],
)
def test_the_stages_and_their_order(configuration: dict[str, Any], test_traffic: bool, stages: list[str]) -> None:  # noqa: FBT001
    service = Service()
    service.running(**configuration)
    deployment = service.deploy(test_traffic=test_traffic, **configuration)
    finish(service, deployment)
    assert deployment.status == "SUCCESSFUL"
    assert [stage.name for stage in deployment.history] == stages


def test_a_canary_waits_at_its_share_then_takes_all_and_bakes() -> None:
    service = Service()
    first = service.running(**CANARY)
    second = service.deploy(**CANARY)
    assert service.controller.weights == (100, 0)
    service.healthy()
    assert service.controller.weights == (95, 5)
    service.wait(3 * MINUTE - 1)
    assert service.controller.weights == (95, 5)
    service.wait(1)
    assert service.controller.weights == (0, 100)
    service.wait(10 * MINUTE - 1)
    assert (second.status, service.count(first)) == ("IN_PROGRESS", 2)
    service.wait(1)
    service.step()
    assert (second.status, service.count(first)) == ("SUCCESSFUL", 0)


def test_the_next_deployment_goes_back_to_the_first_group() -> None:
    service = Service()
    service.running(**BLUE_GREEN)
    finish(service, service.deploy(**BLUE_GREEN))
    finish(service, service.deploy(**BLUE_GREEN))
    assert service.weights == [(0, 100), (100, 0)]


def test_the_first_deployment_takes_all_traffic_at_once() -> None:
    service = Service()
    service.running(**CANARY)
    assert (service.weights, service.controller.live) == ([], 0)


@pytest.mark.parametrize("minutes", [0, 2, 5, 12])
def test_an_alarm_rolls_back_at_any_share(minutes: int) -> None:
    service = Service()
    first = service.running(**CANARY)
    second = service.deploy(**CANARY, alarms=ALARMS)
    service.healthy()
    service.wait(minutes * MINUTE)
    service.alarms = frozenset({"errors"})
    for _ in range(3):
        service.step()
    assert (second.status, second.triggered) == ("ROLLBACK_SUCCESSFUL", ("errors",))
    assert (service.controller.weights, service.count(first), service.count(second.target)) == ((100, 0), 2, 0)


def test_an_alarm_that_is_in_alarm_at_the_start_is_not_watched() -> None:
    service = Service()
    service.running(**BLUE_GREEN)
    service.alarms = frozenset({"errors"})
    second = service.deploy(**BLUE_GREEN, alarms=ALARMS)
    finish(service, second)
    assert second.status == "SUCCESSFUL"


def test_the_old_version_comes_back_to_full_strength_before_it_gets_traffic() -> None:
    service = Service(2)
    first = service.running(**BLUE_GREEN)
    second = service.deploy(**BLUE_GREEN)
    service.healthy()
    service.fail(first)
    service.controller.stop("ROLLBACK", service.now)
    service.step()
    assert service.controller.weights == (0, 100)
    service.healthy()
    assert service.controller.weights == (100, 0)
    service.step()
    service.step()
    assert second.status == "ROLLBACK_SUCCESSFUL"


def test_an_abort_leaves_everything_as_it_is() -> None:
    service = Service()
    service.running(**CANARY)
    second = service.deploy(**CANARY)
    service.healthy()
    service.controller.stop("ABORT", service.now)
    before = dict(service.tasks)
    service.wait(600)
    assert (second.status, service.controller.weights, service.tasks) == ("STOPPED", (95, 5), before)


def test_a_second_deployment_in_the_middle_of_a_shift_reconciles_first() -> None:
    service = Service()
    first = service.running(**CANARY)
    second = service.deploy(**CANARY)
    service.healthy()
    third = service.deploy(**CANARY)
    assert (second.status, third.history[0]) == ("STOPPED", Stage.RECONCILE_SERVICE)
    assert service.weights[-1] == (100, 0)
    finish(service, third)
    assert (third.status, service.controller.weights) == ("SUCCESSFUL", (0, 100))
    assert (service.count(first), service.count(second.target)) == (0, 0)


def test_test_traffic_goes_to_the_new_version_before_production_traffic() -> None:
    service = Service()
    service.running(**BLUE_GREEN)
    hook = {"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}
    service.deploy(test_traffic=True, **BLUE_GREEN, lifecycleHooks=[hook])
    service.healthy()
    assert (service.controller.test_group, service.controller.weights) == (1, (100, 0))


def test_a_stage_may_take_24_hours() -> None:
    service = Service()
    service.running(**BLUE_GREEN)
    second = service.deploy(**BLUE_GREEN)
    service.wait(24 * 3600 - 1)
    assert second.status == "IN_PROGRESS"
    service.wait(1)
    assert second.cause == "time"
