"""The course of a release: once per version, one at a time, and what fails."""

from __future__ import annotations

from typing import Any

import pytest

from ecr_fargate_constructs.service.release.function.release import FailedError, OutOfTimeError
from tests.service.release.function.cloud import Deployments


def test_a_version_runs_its_command_once() -> None:
    aws = Deployments()
    for version in ("web:1", "web:2", "web:2", "web:3"):
        aws.deploy(version, kind="Create" if version == "web:1" else "Update")
    assert aws.commands == ["web:1", "web:2", "web:3"]


def test_a_revision_with_the_same_image_and_configuration_is_the_same_version() -> None:
    same = {"image": "shop:abc", "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    turned = {**same, "environment": same["environment"][::-1], "memory": 1024, "logConfiguration": {}}
    aws = Deployments(containers={"web:1": same, "web:2": turned})
    aws.deploy("web:1")
    assert aws.deploy("web:2")["Task"] == ""
    assert aws.commands == ["web:1"]


@pytest.mark.parametrize(
    "change",
    [
        {"image": "shop:def"},
        {"environment": [{"name": "A", "value": "2"}]},
        {"secrets": [{"name": "S", "valueFrom": "arn:aws:ssm:eu-west-1:111122223333:parameter/other"}]},
        {"entryPoint": ["sh"]},
        {"user": "1001"},
        {"workingDirectory": "/srv"},
        {"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::bucket/two.env"}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_the_command_could_see_makes_a_version(change: dict[str, Any]) -> None:
    first = {"image": "shop:abc", "environment": [{"name": "A", "value": "1"}]}
    aws = Deployments(containers={"web:1": first, "web:2": {**first, **change}})
    aws.deploy("web:1")
    aws.deploy("web:2")
    assert aws.commands == ["web:1", "web:2"]


def test_another_command_runs_for_the_same_task_definition() -> None:
    aws = Deployments()
    aws.deploy("web:1")
    aws.deploy("web:1", Command=["manage.py", "migrate", "--plan"])
    assert [each.request["overrides"]["containerOverrides"][0]["command"] for each in aws.cloud.tasks] == [
        ["manage.py", "migrate"],
        ["manage.py", "migrate", "--plan"],
    ]


def test_other_options_run_nothing() -> None:
    aws = Deployments()
    aws.deploy("web:1")
    aws.deploy("web:1", TimeoutSeconds="900", Launch={"launchType": "FARGATE", "size": {"cpu": "1024"}})
    assert aws.commands == ["web:1"]


def test_a_rollback_runs_nothing_unless_it_is_asked_for() -> None:
    aws = Deployments()
    for version in ("web:1", "web:2", "web:1"):
        aws.deploy(version)
    assert aws.commands == ["web:1", "web:2"]
    again = Deployments()
    for version in ("web:1", "web:2", "web:1", "web:1"):
        again.deploy(version, AgainForRollback="true")
    assert again.commands == ["web:1", "web:2", "web:1"]


@pytest.mark.parametrize("again", ["true", "false"])
def test_the_rollback_after_a_command_that_failed_runs_nothing(again: str) -> None:
    aws = Deployments(log=["no such column"])
    aws.deploy("web:1", AgainForRollback=again)
    aws.cloud.code = 1
    with pytest.raises(FailedError):
        aws.deploy("web:2", AgainForRollback=again)
    assert aws.deploy("web:1", AgainForRollback=again)["Task"] == ""
    assert aws.commands == ["web:1", "web:2"]
    aws.cloud.code = 0
    aws.deploy("web:2", AgainForRollback=again)  # a deployment of what has failed tries it again
    assert aws.commands == ["web:1", "web:2", "web:2"]


def test_a_failure_says_the_code_and_the_last_lines() -> None:
    aws = Deployments(code=1, log=["Applying shop.0002", "django.db.utils.OperationalError: no such table"])
    with pytest.raises(FailedError) as caught:
        aws.deploy("web:1")
    assert str(caught.value) == (
        "the release command `manage.py migrate` ended with exit code 1; its last lines: Applying shop.0002 | "
        "django.db.utils.OperationalError: no such table"
    )


def test_a_task_that_never_starts_says_why() -> None:
    aws = Deployments(code=None)
    with pytest.raises(FailedError, match="did not run: Essential container in task exited"):
        aws.deploy("web:1")


def test_a_task_that_cannot_start_yet_is_started_again_and_one_that_cannot_start_at_all_is_not() -> None:
    aws = Deployments(not_started=2)
    assert aws.deploy("web:1")["Task"] == "task/2"
    assert [each.request["clientToken"][-2:] for each in aws.cloud.tasks] == ["-0", "-1", "-2"]
    never = Deployments(not_started=1000)
    with pytest.raises(FailedError, match=r"did not run: ResourceInitializationError: AccessDeniedException$"):
        never.deploy("web:1")
    assert never.clock.now() - never.cloud.tasks[0].began < 200
    assert never.cloud.parameters == {}


def test_a_command_that_ran_is_not_repeated() -> None:
    aws = Deployments(code=1)
    with pytest.raises(FailedError, match="ended with exit code 1; it logged nothing"):
        aws.deploy("web:1")
    assert len(aws.cloud.tasks) == 1


def test_the_next_invocation_asks_with_tokens_of_its_own() -> None:
    aws, tokens = Deployments(no_capacity=30), list[str]()
    notes: dict[str, Any] = {}
    run = aws.cloud.run

    def noted(request: Any) -> Any:  # noqa: ANN401 - passed on
        tokens.append(request["clientToken"])
        return run(request)

    aws.cloud.run = noted  # type: ignore[method-assign]
    event = aws.event("Update", "web:1")
    with pytest.raises(OutOfTimeError):
        aws.answer(event, until=aws.clock.now() + 30, notes=notes)
    aws.answer(event, notes=notes)
    assert len(tokens) == len(set(tokens)) == 31


def test_lines_that_cannot_be_read_are_not_called_missing() -> None:
    aws = Deployments(code=1, log=None)
    with pytest.raises(FailedError, match=r"ended with exit code 1$"):
        aws.deploy("web:1")


def test_a_command_that_takes_too_long_is_stopped_before_the_answer() -> None:
    aws = Deployments(seconds=5000, log=["waiting for the lock"])
    with pytest.raises(FailedError, match=r"was stopped after 600 seconds; its last lines: waiting for the lock"):
        aws.deploy("web:1")
    [task] = aws.cloud.tasks
    assert task.stopped == "the release command took more than 600 seconds"
    assert task.began + 600 < task.ended <= aws.clock.now()
    assert aws.cloud.parameters == {}


def test_one_command_at_a_time() -> None:
    aws = Deployments(seconds=300)
    left = aws.event("Update", "web:1")
    with pytest.raises(OutOfTimeError):  # its function is gone
        aws.answer(left, until=aws.clock.now() + 10)
    aws.deploy("web:2")
    assert aws.commands == ["web:1", "web:2"]
    first, second = aws.cloud.tasks
    assert second.began >= first.began + 300
    assert aws.cloud.most == 1


def test_a_command_that_was_left_over_and_takes_too_long_is_stopped() -> None:
    aws = Deployments(seconds=5000)
    with pytest.raises(OutOfTimeError):
        aws.answer(aws.event("Update", "web:1"), until=aws.clock.now() + 10)
    aws.clock.sleep(400)
    aws.cloud.seconds = 20
    aws.deploy("web:2")
    assert [bool(each.stopped) for each in aws.cloud.tasks] == [True, False]


def test_a_rollback_stops_the_command_of_the_deployment_that_was_given_up() -> None:
    aws = Deployments()
    aws.deploy("web:1")
    aws.cloud.seconds = 5000
    with pytest.raises(OutOfTimeError):
        aws.answer(aws.event("Update", "web:2"), until=aws.clock.now() + 10)
    aws.deploy("web:1")
    assert aws.commands == ["web:1", "web:2"]
    assert aws.cloud.tasks[1].ended <= aws.clock.now()


def test_the_same_event_twice_starts_one_task() -> None:
    aws = Deployments(seconds=100)
    event = aws.event("Update", "web:1")
    with pytest.raises(OutOfTimeError):
        aws.answer(event, until=aws.clock.now() + 30)
    aws.answer(event)
    assert aws.commands == ["web:1"]
    ended = Deployments(seconds=1)  # and if the task has ended meanwhile: ECS knows the token
    event = ended.event("Update", "web:1")
    ended.cloud.run({"clientToken": f"{event['RequestId']}-0", "startedBy": "", "group": "", "taskDefinition": "web:1"})
    ended.clock.sleep(60)
    ended.answer(event)
    assert ended.commands == ["web:1"]


def test_an_hour_takes_several_invocations() -> None:
    aws = Deployments(seconds=3000)
    event, invocations = aws.event("Update", "web:1", TimeoutSeconds="3300"), 1
    notes: dict[str, Any] = {}
    while True:
        try:
            attributes = aws.answer(event, until=aws.clock.now() + 840, notes=notes)
            break
        except OutOfTimeError:
            invocations += 1
    assert (invocations, aws.commands) == (4, ["web:1"])
    assert attributes["Task"] == "task/0"
    assert aws.deploy("web:1")["Task"] == ""


def test_a_permission_that_does_not_apply_yet_is_waited_for_and_one_that_is_missing_is_named() -> None:
    aws = Deployments(refusals=5)
    aws.deploy("web:1")
    assert aws.commands == ["web:1"]
    missing = Deployments(refusals=1000)
    with pytest.raises(FailedError, match="AWS refuses: is not authorized to perform: ecs:RunTask"):
        missing.deploy("web:1")
    assert missing.commands == []


def test_capacity_is_waited_for_until_the_time_is_over() -> None:
    aws = Deployments(no_capacity=20)
    aws.deploy("web:1")
    assert aws.cloud.tasks[0].request["clientToken"].endswith("-20")
    none = Deployments(no_capacity=10_000)
    with pytest.raises(FailedError, match="could not start: Capacity is unavailable"):
        none.deploy("web:1")


def test_a_task_that_ecs_does_not_know_at_once_is_no_failure() -> None:
    aws = Deployments(lag=20, seconds=40)
    aws.deploy("web:1")
    lost = Deployments(lag=10_000)
    with pytest.raises(FailedError, match="does not know the task"):
        lost.deploy("web:1")


def test_deletion_stops_what_runs_and_forgets_the_versions() -> None:
    aws = Deployments()
    aws.deploy("web:1", kind="Create")
    aws.cloud.seconds = 5000
    with pytest.raises(OutOfTimeError):
        aws.answer(aws.event("Update", "web:2"), until=aws.clock.now() + 10)
    assert aws.deploy("web:2", kind="Delete") == {}
    assert aws.cloud.parameters == {}
    assert aws.cloud.tasks[1].stopped


def test_neither_deletion_nor_rollback_fails_if_ecs_does_not_answer(capsys: pytest.CaptureFixture[str]) -> None:
    aws = Deployments()
    aws.deploy("web:1")

    def gone(_: str) -> list[Any]:
        raise RuntimeError("ClusterNotFoundException")

    aws.cloud.running = gone  # type: ignore[method-assign, assignment]
    assert aws.deploy("web:1")["Task"] == ""
    assert aws.deploy("web:1", kind="Delete") == {}
    assert "ClusterNotFoundException" in capsys.readouterr().out
