"""Each strategy at fifty requests a second, and each safety of this library's defaults switched off.

With a safety switched off, a rehearsal goes wrong in the way that docs/deployments.md says. All deployments are of one
service; the changes are those that ``UpdateService`` takes, so that no test waits for the command line of CDK.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.local_app import LocalApp, free_port
from tests.e2e.rehearsal import Rehearsed, Watch, copied, within_bounds

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE_GROUP = """
import aws_cdk as cdk
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

import rehearsal

app = cdk.App()
stack = rehearsal.build(app)
for each in stack.node.find_all():
    if isinstance(each, elbv2.CfnListenerRule):
        each.add_property_override("Actions.0.ForwardConfig.TargetGroups.1", {"Ref": "AWS::NoValue"})
app.synth()
"""
CANARY: dict[str, Any] = {"strategy": "CANARY", "bakeTimeInMinutes": 1}
CANARY["canaryConfiguration"] = {"canaryPercent": 40, "canaryBakeTimeInMinutes": 4}
BLUE_GREEN: dict[str, Any] = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 4}
LINEAR: dict[str, Any] = {"strategy": "LINEAR", "bakeTimeInMinutes": 1}
LINEAR["linearConfiguration"] = {"stepPercent": 25, "stepBakeTimeInMinutes": 4}
ROLLING: dict[str, Any] = {"strategy": "ROLLING", "bakeTimeInMinutes": 0, "lifecycleHooks": []}
ROLLING |= {"minimumHealthyPercent": 100, "maximumPercent": 150}
NO_ALARMS: dict[str, Any] = {"enable": False, "rollback": False, "alarmNames": []}
BREAKER = {"enable": True, "rollback": True, "resetOnHealthyTask": False}
"""Of the library's defaults; its threshold is three tasks for two that are desired."""


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApp]:
    """The example, with a rule that has only the first target group."""
    app = LocalApp(copied(tmp_path_factory.mktemp("e2e") / "rehearsal"), free_port())
    (app.directory / "one_group.py").write_text(ONE_GROUP, encoding="utf-8")
    (app.directory / "cdk.json").write_text('{"app": "python3 one_group.py"}\n', encoding="utf-8")
    try:
        done = app.run("up", "--clock", "60")
        assert done.returncode == 0, done.stdout + done.stderr
        yield app
    finally:
        app.end()


def _watched(app: LocalApp, version: str, **options: Any) -> tuple[Watch, dict[str, Any]]:  # noqa: ANN401 - of ECS's API
    """Deploy a version while clients ask, and return the deployment when it has ended."""
    ecs = Rehearsed(app)
    ecs.quiet()
    with Watch(app) as watch:
        ecs.deploy(version, **options)
        ended = ecs.end()
        time.sleep(0.5)
    return watch, ended


def test_without_the_second_group_a_later_change_of_the_rule_sends_users_to_the_empty_one(rehearsal: LocalApp) -> None:
    _, ended = _watched(rehearsal, "2", **{**BLUE_GREEN, "bakeTimeInMinutes": 0})
    assert ended["status"] == "SUCCESSFUL"
    (rehearsal.directory / "cdk.json").write_text('{"app": "python3 rehearsal.py"}\n', encoding="utf-8")
    with Watch(rehearsal) as watch:
        done = rehearsal.run("up")
    print(f"{watch.count(503)} of {len(watch.client.answers)} requests got 503")
    assert watch.count(503) > 10
    assert "2" in watch.versions
    print(done.stdout)  # whether the command itself fails is a matter of moments


def test_linear_follows_its_steps_and_loses_no_request(rehearsal: LocalApp) -> None:
    watch, ended = _watched(rehearsal, "3", **LINEAR)
    assert ended["status"] == "SUCCESSFUL"
    answers = watch.by_share()
    assert set(answers) == {0, 25, 50, 75, 100}
    for share, each in answers.items():
        assert len(each) > (60 if share in {25, 50, 75} else 10)  # with fewer, no answer at all would be within bounds
        assert within_bounds(each, "3", share / 100)
    assert watch.lost == 0


def test_blue_green_moves_all_traffic_at_once_and_loses_no_request(rehearsal: LocalApp) -> None:
    watch, ended = _watched(rehearsal, "4", **BLUE_GREEN)
    assert ended["status"] == "SUCCESSFUL"
    answers = watch.by_share()
    assert set(answers) == {0, 100}
    assert all(within_bounds(each, "4", share / 100) for share, each in answers.items())
    assert watch.lost == 0


def test_rolling_replaces_task_by_task_never_runs_fewer_and_loses_no_request(rehearsal: LocalApp) -> None:
    # Slow to start, so that each step lasts for seconds in which the shares can be seen.
    watch, ended = _watched(rehearsal, "5", seconds_to_start=2, **ROLLING, deploymentCircuitBreaker=BREAKER)
    assert ended["status"] == "SUCCESSFUL"
    divided: dict[float, list[Any]] = {}
    for moments, answers in watch.windows(lambda each: each.tasks):
        new, old = moments[0].tasks
        assert 2 <= new + old <= 3
        settled = [each for each in answers if each.at > moments[0].until + 0.5]  # the balancer has noticed the tasks
        if new and old:
            divided.setdefault(new / (new + old), []).extend(settled)
    assert sum(len(each) for each in divided.values()) > 20
    assert all(within_bounds(each, "5", share) for share, each in divided.items())
    assert watch.lost == 0


def test_without_the_minimum_half_of_the_tasks_stop(rehearsal: LocalApp) -> None:
    """``min_healthy_percent=50``, AWS's way to make room."""
    watch, ended = _watched(rehearsal, "6", **{**ROLLING, "minimumHealthyPercent": 50, "maximumPercent": 100})
    assert ended["status"] == "SUCCESSFUL"
    assert min(each.new + each.old for each in watch.moments) == 1
    assert watch.lost == 0


def test_without_the_breaker_a_version_that_never_starts_is_deployed_for_ever(rehearsal: LocalApp) -> None:
    ecs = Rehearsed(rehearsal)
    with Watch(rehearsal) as watch:
        ecs.deploy("7", fault="exit", **ROLLING, deploymentCircuitBreaker={"enable": False, "rollback": False})
        newest = ecs.wait(lambda each: each["deploymentCircuitBreaker"]["failureCount"] > 4)
        assert newest["status"] == "IN_PROGRESS"
        ecs.ecs.stop_service_deployment(serviceDeploymentArn=newest["serviceDeploymentArn"], stopType="ROLLBACK")
        assert ecs.end()["status"] == "ROLLBACK_SUCCESSFUL"
    assert (watch.lost, watch.versions) == (0, {"6"})


def test_without_alarms_users_keep_a_version_with_errors(rehearsal: LocalApp) -> None:
    watch, ended = _watched(rehearsal, "8", fault="errors", **CANARY, alarms=NO_ALARMS)
    assert ended["status"] == "SUCCESSFUL"
    answers = watch.by_share()
    assert within_bounds(answers[40], "8", 0.4)
    own = [each for each in watch.client.answers if each.version == "8"]
    errors, bound = watch.count(500), 4 * (len(own) * 0.1 * 0.9) ** 0.5
    print(f"{errors} errors in {len(own)} answers of the version")
    assert abs(errors - len(own) / 10) <= bound
    assert errors > 0


def test_without_a_bake_the_old_version_is_gone_before_the_alarm_goes_off(rehearsal: LocalApp) -> None:
    ecs = Rehearsed(rehearsal)
    assert ecs.deployment()["status"] == "SUCCESSFUL"
    alarms = {"enable": True, "rollback": True, "alarmNames": _alarms(ecs)}
    ecs.deploy("9", **{**BLUE_GREEN, "bakeTimeInMinutes": 0}, alarms=NO_ALARMS)
    assert ecs.end()["status"] == "SUCCESSFUL"
    ecs.quiet()
    with Watch(rehearsal) as watch:
        ecs.deploy("10", fault="errors", **{**BLUE_GREEN, "bakeTimeInMinutes": 0}, alarms=alarms)
        assert ecs.end()["status"] == "SUCCESSFUL"
        _wait_for_an_alarm(ecs)
        time.sleep(1)
        assert ecs.deployment()["status"] == "SUCCESSFUL"
        assert rehearsal.get()[1].strip() == "10"
    assert watch.count(500) > 0


def test_with_a_bake_the_same_version_is_rolled_back(rehearsal: LocalApp) -> None:
    """The safeties are back: what the tests before have seen is their absence."""
    ecs = Rehearsed(rehearsal)
    ecs.deploy("11", **{**BLUE_GREEN, "bakeTimeInMinutes": 0})
    assert ecs.end()["status"] == "SUCCESSFUL"
    watch, ended = _watched(rehearsal, "12", fault="errors", **{**BLUE_GREEN, "bakeTimeInMinutes": 60})
    assert (ended["status"], ended["alarms"]["status"]) == ("ROLLBACK_SUCCESSFUL", "TRIGGERED")
    assert watch.count(500) > 0
    assert rehearsal.get() == (200, "11\n")


def test_a_person_is_waited_for_and_may_continue(rehearsal: LocalApp) -> None:
    ecs = Rehearsed(rehearsal)
    pause = {"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}
    timeout = {"timeoutInMinutes": 600, "action": "ROLLBACK"}
    hooks, before = [{**pause, "timeoutConfiguration": timeout}], rehearsal.get()
    ecs.deploy("13", **{**BLUE_GREEN, "bakeTimeInMinutes": 0, "lifecycleHooks": hooks})
    waiting = ecs.wait(_awaiting)
    assert rehearsal.get() == before
    arn, [hook] = waiting["serviceDeploymentArn"], _awaiting(waiting)
    ecs.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook, action="CONTINUE")
    assert ecs.end()["status"] == "SUCCESSFUL"
    assert rehearsal.get() == (200, "13\n")
    ecs.wait(lambda _: "has reached a steady state" in ecs.service()["events"][0]["message"])
    assert any("deployment completed" in each["message"] for each in ecs.service()["events"])


def _awaiting(deployment: dict[str, Any]) -> list[str]:
    hooks = deployment.get("lifecycleHookDetails", ())
    return [each["hookId"] for each in hooks if each["status"] == "AWAITING_ACTION"]


def _alarms(ecs: Rehearsed) -> list[str]:
    return [each["AlarmName"] for each in ecs.cloudwatch.describe_alarms()["MetricAlarms"]]


def _wait_for_an_alarm(ecs: Rehearsed) -> None:
    deadline = time.monotonic() + 30
    while not ecs.in_alarm():
        assert time.monotonic() < deadline
        time.sleep(0.2)
