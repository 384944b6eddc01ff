"""Lifecycle hooks. Sources: ``DeploymentLifecycleHook`` and its members, ECS API reference and developer guide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.deployments.health import Checks
from ecr_fargate_constructs.local.deployments.hooks import Answer
from tests.local.deployments.service import MINUTE, Service

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.deployments.records import Deployment

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:check"


def waiting(**hook: Any) -> tuple[Service, Deployment]:  # noqa: ANN401 - ECS's fields
    """Return a service whose second deployment waits for a hook before traffic moves."""
    service = Service()
    service.running(strategy="BLUE_GREEN")
    fields = {"hookTargetArn": FUNCTION, "lifecycleStages": ["POST_SCALE_UP"], **hook}
    second = service.deploy(strategy="BLUE_GREEN", lifecycleHooks=[fields])
    service.healthy()
    return service, second


def test_a_function_is_invoked_at_its_stage_and_traffic_waits_for_it() -> None:
    service, second = waiting(hookDetails={"key": "value"})
    (call,) = service.calls
    assert (call.function, call.stage.name, call.details) == (FUNCTION, "POST_SCALE_UP", {"key": "value"})
    service.wait(MINUTE)
    assert (len(service.calls), service.controller.weights) == (1, (100, 0))
    service.controller.answer(call.identifier, Answer("SUCCEEDED"), service.now)
    service.step()
    assert service.controller.weights == (0, 100)
    assert second.status == "IN_PROGRESS"


@pytest.mark.parametrize("status", ["FAILED", "succeeded?", ""])
def test_any_other_answer_rolls_back(status: str) -> None:
    service, second = waiting()
    service.controller.answer(service.calls[0].identifier, Answer(status), service.now)
    service.step()
    assert (second.cause, service.controller.weights) == ("hook", (100, 0))
    service.step()
    assert second.status == "ROLLBACK_SUCCESSFUL"


@pytest.mark.parametrize(("delay", "seconds"), [(None, 30), (5.0, 5)])
def test_a_function_in_progress_is_asked_again(delay: float | None, seconds: float) -> None:
    service, _ = waiting()
    service.controller.answer(service.calls[0].identifier, Answer("IN_PROGRESS", delay), service.now)
    service.wait(seconds - 1)
    assert len(service.calls) == 1
    service.wait(1)
    assert len(service.calls) == 2


@pytest.mark.parametrize(("action", "weights"), [("CONTINUE", (0, 100)), ("ROLLBACK", (100, 0))])
def test_a_person_decides_on_a_pause(action: str, weights: tuple[float, float]) -> None:
    service, second = waiting(targetType="PAUSE")
    (run,) = second.runs
    assert (run.status, service.calls) == ("AWAITING_ACTION", [])
    assert service.controller.decide(run.identifier, action)
    service.step()
    assert service.controller.weights == weights
    assert not service.controller.decide(run.identifier, action)


@pytest.mark.parametrize(("action", "weights"), [("CONTINUE", (0, 100)), ("ROLLBACK", (100, 0))])
@pytest.mark.parametrize("target_type", ["PAUSE", "AWS_LAMBDA"])
def test_a_timeout_continues_or_rolls_back(target_type: str, action: str, weights: tuple[float, float]) -> None:
    service, second = waiting(targetType=target_type, timeoutConfiguration={"timeoutInMinutes": 2, "action": action})
    service.wait(2 * MINUTE - 1)
    assert second.runs[0].open
    service.wait(1)
    service.step()
    assert service.controller.weights == weights
    assert (second.cause == "hook") == (action == "ROLLBACK")


def test_what_a_function_adds_to_its_details_comes_back() -> None:
    service, _ = waiting(hookDetails='{"bucket": "reports", "tries": 0}')
    service.controller.answer(service.calls[0].identifier, Answer("IN_PROGRESS", 0, {"tries": 1}), service.now)
    service.step()
    assert [call.details for call in service.calls] == [
        {"bucket": "reports", "tries": 0},
        {"bucket": "reports", "tries": 1},
    ]


def hooked(**configuration: Any) -> tuple[Service, Deployment]:  # noqa: ANN401 - ECS's fields
    """Return a service whose second deployment has a hook at each stage of traffic, and is past the shift."""
    service = Service()
    service.running(strategy="BLUE_GREEN")
    stages = ["TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT", "PRE_PRODUCTION_TRAFFIC_SHIFT"]
    stages += ["PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"]
    hook = {"hookTargetArn": FUNCTION, "lifecycleStages": stages}
    second = service.deploy(
        strategy="BLUE_GREEN", bakeTimeInMinutes=5, lifecycleHooks=[hook], test_traffic=True, **configuration
    )
    service.healthy()
    for number in range(len(stages)):
        service.controller.answer(service.calls[number].identifier, Answer("SUCCEEDED"), service.now)
        service.step()
    assert [call.stage.name for call in service.calls] == stages
    return service, second


def told(service: Service) -> list[tuple[str, dict[str, float], dict[str, float]]]:
    """Return what functions were told: stage, test and production traffic, with the revisions called old and new."""
    names = {service.controller.stable: "old"}
    return [
        (
            call.stage.name,
            {names.get(each, "new"): percent for each, percent in call.test_traffic.items()},
            {names.get(each, "new"): percent for each, percent in call.production_traffic.items()},
        )
        for call in service.calls
    ]


def test_a_function_is_told_the_traffic_at_the_stages_that_move_it() -> None:
    service, second = hooked()
    assert all(call.target == second.target for call in service.calls)
    assert told(service) == [
        ("TEST_TRAFFIC_SHIFT", {"new": 100, "old": 0}, {}),
        ("POST_TEST_TRAFFIC_SHIFT", {}, {}),
        ("PRE_PRODUCTION_TRAFFIC_SHIFT", {}, {"new": 0, "old": 100}),
        ("PRODUCTION_TRAFFIC_SHIFT", {}, {"new": 100, "old": 0}),
        ("POST_PRODUCTION_TRAFFIC_SHIFT", {}, {}),
    ]


@pytest.mark.parametrize("answer", ["SUCCEEDED", "FAILED"])
def test_a_rollback_invokes_the_functions_that_moved_traffic_again_and_waits(answer: str) -> None:
    service, second = hooked()
    assert service.controller.stop("ROLLBACK", service.now)
    service.step()
    assert told(service)[5:] == [
        ("PRODUCTION_TRAFFIC_SHIFT", {}, {"new": 0, "old": 100}),
        ("TEST_TRAFFIC_SHIFT", {"new": 0, "old": 100}, {}),
    ]
    assert all(call.target == second.target for call in service.calls[5:])
    service.wait(MINUTE)
    assert second.status == "ROLLBACK_IN_PROGRESS"
    for call in service.calls[5:]:
        service.controller.answer(call.identifier, Answer(answer), service.now)
    service.step()
    service.step()
    assert (second.status, len(service.calls)) == ("ROLLBACK_SUCCESSFUL", 7)


def test_the_answer_of_a_stage_is_not_that_of_its_rollback() -> None:
    service, second = waiting(lifecycleStages=["PRODUCTION_TRAFFIC_SHIFT"])
    first = service.calls[0].identifier
    service.controller.stop("ROLLBACK", service.now)
    service.step()
    service.controller.answer(first, Answer("SUCCEEDED"), service.now)
    service.step()
    assert (second.status, len(service.calls)) == ("ROLLBACK_IN_PROGRESS", 2)


@pytest.mark.parametrize("target_type", ["PAUSE", "AWS_LAMBDA"])
def test_a_hook_may_take_all_the_time_of_a_stage(target_type: str) -> None:
    service, second = waiting(
        targetType=target_type, timeoutConfiguration={"timeoutInMinutes": 1440, "action": "CONTINUE"}
    )
    service.wait(1440 * MINUTE + 1)
    service.step()
    assert (second.cause, service.controller.weights) == ("", (0, 100))


def test_a_rollback_before_traffic_moved_invokes_nothing_again() -> None:
    service, second = waiting(lifecycleStages=["POST_SCALE_UP", "PRODUCTION_TRAFFIC_SHIFT"])
    service.controller.answer(service.calls[0].identifier, Answer("FAILED"), service.now)
    service.step()
    service.step()
    assert (second.status, len(service.calls)) == ("ROLLBACK_SUCCESSFUL", 1)


def test_a_late_answer_changes_nothing() -> None:
    service, second = waiting(timeoutConfiguration={"timeoutInMinutes": 1})
    identifier = service.calls[0].identifier
    service.wait(MINUTE)
    service.controller.answer(identifier, Answer("SUCCEEDED"), service.now)
    service.step()
    assert second.status == "ROLLBACK_SUCCESSFUL"


def test_a_target_needs_checks_in_a_row() -> None:
    checks = Checks(healthy_threshold=3, unhealthy_threshold=2)
    states = []
    for each in "++-+++-+--+":
        checks = checks.after(passed=each == "+")
        states.append(checks.state)
    assert states == ["initial"] * 5 + ["healthy"] * 4 + ["unhealthy"] * 2


def test_the_grace_period_protects_a_slow_start() -> None:
    checks = Checks(unhealthy_threshold=1).after(passed=False)
    assert not checks.given_up(seconds_running=59, grace=60)
    assert checks.given_up(seconds_running=60, grace=60)
    assert not Checks().given_up(seconds_running=1000, grace=60)
