"""Schedules by the clock, and tasks that state machines wait for."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from ecr_fargate_constructs.local.clock import Clock
from ecr_fargate_constructs.local.ministack_patches.iam.jobs import ask_before_tasks_of_state_machines
from ecr_fargate_constructs.local.ministack_patches.jobs import tasks as job_tasks
from ecr_fargate_constructs.local.ministack_patches.jobs.schedules import SCHEDULE, Schedules
from ecr_fargate_constructs.local.ministack_patches.jobs.tasks import keep_time, wait_for_tasks
from ecr_fargate_constructs.local.ministack_patches.monitoring.executions import Executions
from tests.local.ministack_patches.modules import restored

pytest.importorskip("ministack")

NOON = datetime(2027, 7, 1, 12, 0, tzinfo=timezone.utc).timestamp()
MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:job"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:lost"


class World:
    """MiniStack's scheduler, and what it starts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        provisioners = restored(monkeypatch, "cloudformation.provisioners")
        self.scheduler, self.states = restored(monkeypatch, "scheduler"), restored(monkeypatch, "stepfunctions")
        self.events = restored(monkeypatch, "eventbridge")
        self.started: list[dict[str, Any]] = []
        self.lost: list[dict[str, Any]] = []
        self.status = 200
        monkeypatch.setattr(self.states, "_start_execution", self._start)
        monkeypatch.setattr(self.events, "_invoke_target", lambda target, *_: self.lost.append(target))
        monkeypatch.setattr(self.scheduler, "_now", lambda: NOON)
        self.now = NOON
        self.schedules = Schedules(Clock(time_of_machine=lambda: self.now))
        self.handlers: dict[str, Any] = dict(provisioners._RESOURCE_HANDLERS)
        self.schedules.apply(self.handlers)

    def _start(self, request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        self.started.append(request)
        return self.status, {}, b'{"__type": "StateMachineDoesNotExist"}'

    def create(self, expression: str, **more: Any) -> str:  # noqa: ANN401 - properties of the resource
        target = {
            "Arn": MACHINE,
            "RoleArn": "role",
            "Input": '{"due": "<aws.scheduler.scheduled-time>"}',
            "DeadLetterConfig": {"Arn": QUEUE},
        }
        properties = {
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": target,
            **more,
        }
        name: str = self.handlers[SCHEDULE]["create"]("Nightly", properties, "Jobs")[0]
        return name

    def minutes(self, count: int) -> int:
        """Let minutes pass, and return how often something was started."""
        before = len(self.started)
        for _ in range(count):
            self.now += 60
            self.schedules.minute_ended(self.now)
        return len(self.started) - before


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_a_cron_expression_is_due_in_its_time_zone(world: World) -> None:
    world.create("cron(30 14 * * ? *)", ScheduleExpressionTimezone="Europe/Berlin")  # 12:30 in UTC
    assert (world.minutes(29), world.minutes(1), world.minutes(60)) == (0, 1, 0)
    assert json.loads(world.started[0]["input"]) == {"due": "2027-07-01T12:30:00Z"}
    assert world.started[0]["stateMachineArn"] == MACHINE


def test_a_rate_is_due_again_and_again(world: World) -> None:
    world.create("rate(10 minutes)")
    world.minutes(1)
    assert world.minutes(60) == 6


def test_a_disabled_schedule_starts_nothing_and_an_update_enables_it(world: World) -> None:
    name = world.create("rate(1 minute)", State="DISABLED")
    assert world.minutes(3) == 0
    old = world.scheduler._schedules[f"default/{name}"]
    properties = {key: old[key] for key in ("ScheduleExpression", "FlexibleTimeWindow", "Target")}
    world.handlers[SCHEDULE]["update"](name, {}, properties, "Jobs")
    assert world.minutes(3) == 3


def test_what_cannot_be_started_goes_to_the_dead_letter_queue(world: World) -> None:
    world.status = 400
    world.create("rate(1 minute)")
    world.minutes(1)
    [letter] = world.lost
    assert letter["Arn"] == QUEUE
    assert json.loads(letter["Input"])["error"]["__type"] == "StateMachineDoesNotExist"


def test_ministack_starts_nothing_by_itself(world: World) -> None:
    world.create("rate(1 minute)")
    world.scheduler._tick_schedules()
    assert world.started == []


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - a function
    """Run a task that ends as the test says."""
    ecs, states = restored(monkeypatch, "ecs"), restored(monkeypatch, "stepfunctions")
    monkeypatch.setattr(states, "_SERVICE_DISPATCH", dict(states._SERVICE_DISPATCH))
    monkeypatch.setattr(job_tasks, "_POLL", 0)
    wait_for_tasks()

    def run(*containers: dict[str, Any], stop_code: str = "", failures: object = ()) -> Any:  # noqa: ANN401
        task = {"taskArn": "task", "clusterArn": "cluster", "lastStatus": "PENDING", "containers": []}
        ended = {**task, "lastStatus": "STOPPED", "stopCode": stop_code, "containers": list(containers)}
        answer = {"tasks": [] if failures else [task], "failures": failures}
        monkeypatch.setattr(ecs, "_run_task", lambda _: (200, {}, json.dumps(answer)))
        monkeypatch.setattr(ecs, "_describe_tasks", lambda _: (200, {}, json.dumps({"tasks": [ended]})))
        resource = "arn:aws:states:::ecs:runTask"
        return states._SERVICE_DISPATCH[resource](f"{resource}.sync", {"Cluster": "main"})

    return run


def test_a_task_whose_containers_exit_with_0_succeeds(run: Any) -> None:  # noqa: ANN401
    assert run({"exitCode": 0}, {"exitCode": 0})["lastStatus"] == "STOPPED"


@pytest.mark.parametrize(
    ("ended", "error"),
    [
        ({"containers": [{"exitCode": 0}, {"exitCode": 143}]}, "States.TaskFailed"),
        ({"containers": [{}], "stop_code": "TaskFailedToStart"}, "States.TaskFailed"),
        ({"containers": [], "failures": [{"reason": "RESOURCE:MEMORY"}]}, "AmazonECS.Unknown"),
    ],
)
def test_any_other_end_is_a_failure(run: Any, ended: dict[str, Any], error: str) -> None:  # noqa: ANN401
    with pytest.raises(Exception, match=r".*") as raised:
        run(*ended.pop("containers"), **ended)
    assert getattr(raised.value, "error", None) == error


def test_waits_and_timeouts_pass_as_the_clock_does(monkeypatch: pytest.MonkeyPatch) -> None:
    states = restored(monkeypatch, "stepfunctions")
    given: list[float] = []
    monkeypatch.setattr(states, "_SFN_WAIT_SCALE", 1.0)
    monkeypatch.setattr(states, "_invoke_resource_with_timeout", lambda *options: given.append(options[2]))
    keep_time(Clock(60))
    states._invoke_resource_with_timeout("resource", {}, 600)
    assert given == [10]
    assert states._SFN_WAIT_SCALE == 1 / 60


def test_each_execution_is_counted_once_when_it_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    states = restored(monkeypatch, "stepfunctions")
    counter = Executions()
    for name, status in (("a", "FAILED"), ("b", "FAILED"), ("c", "SUCCEEDED"), ("d", "RUNNING")):
        states._executions[name] = {"stateMachineArn": MACHINE, "status": status}
    counted = {metric.name: sample.total for metric, sample in counter.measure(NOON)}
    assert counted == {"ExecutionsFailed": 2, "ExecutionsSucceeded": 1}
    assert list(counter.measure(NOON + 60)) == []
    states._executions["d"]["status"] = "TIMED_OUT"
    assert [metric.name for metric, _ in counter.measure(NOON + 120)] == ["ExecutionsTimedOut"]


class _Evaluator:
    """Refuses what the test says, and notes what it was asked."""

    def __init__(self, *refused: str) -> None:
        self.refused, self.asked = refused, dict[str, tuple[str, dict[str, str]]]()

    def agent(self, role: str, session: str) -> str:
        assert (role, session) == ("role", "states")
        return "key"

    def refusal(self, key: str, action: str, resource: str, *, region: str, context: dict[str, str]) -> str | None:
        assert (key, bool(region)) == ("key", True)
        self.asked[action] = resource, context
        return f"{action} is not allowed" if action in self.refused else None


@pytest.mark.parametrize("refused", [(), ("iam:PassRole",)])
def test_the_role_of_the_machine_is_asked_before_a_task_starts(
    monkeypatch: pytest.MonkeyPatch, refused: tuple[str, ...]
) -> None:
    states, ecs = restored(monkeypatch, "stepfunctions"), restored(monkeypatch, "ecs")
    ecs._task_defs["job:1"] = {"taskDefinitionArn": "job", "taskRoleArn": "task", "executionRoleArn": "execution"}
    invoked: list[str] = []
    monkeypatch.setattr(states, "_invoke_resource", lambda resource, _: invoked.append(resource))
    resource = "arn:aws:states:::ecs:runTask.sync"
    parameters = {"Cluster": "main", "TaskDefinition": "job:1"}
    monkeypatch.setattr(states, "_run_execution", lambda _: states._invoke_resource(resource, parameters))
    evaluator = _Evaluator(*refused)
    ask_before_tasks_of_state_machines(evaluator)  # type: ignore[arg-type]  # as much of it as is asked
    states._state_machines[MACHINE] = {"roleArn": "role"}
    states._executions["run"] = {"stateMachineArn": MACHINE}
    if refused:
        with pytest.raises(states._ExecutionError) as raised:
            states._run_execution("run")
        assert raised.value.cause == "iam:PassRole is not allowed"
    else:
        states._run_execution("run")
        assert evaluator.asked == {
            "ecs:RunTask": ("job", {"ecs:cluster": "main"}),
            "iam:PassRole": ("execution", {"iam:passedtoservice": "ecs-tasks.amazonaws.com"}),
        }
    assert invoked == [resource] * (not refused)
