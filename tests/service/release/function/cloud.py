"""An AWS that runs one task after another as it is told, and a clock that nobody waits for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.service.release.function.aws import RefusedError
from ecr_fargate_constructs.service.release.function.release import Release
from ecr_fargate_constructs.service.release.function.request import Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FOREVER = 1e9
_REASONS = {True: "Essential container in task exited", False: "ResourceInitializationError: AccessDeniedException"}
STACK = "arn:aws:cloudformation:eu-west-1:111122223333:stack/Shop/0aa1b2c3-0000-1111-2222-333344445555"


class FakeClock:
    """A clock that is set forward by whoever waits."""

    def __init__(self) -> None:
        """Start at a round time."""
        self.time = 1_000_000.0

    def now(self) -> float:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Wait for no time at all."""
        self.time += seconds


@dataclass
class FakeTask:
    """A task that runs for some time.

    Attributes:
        arn: Its ARN.
        request: The request that started it.
        began: When it was started.
        seconds: How long it runs, unless it is stopped.
        code: Exit code of its command; None if it never started.
        stopped: Reason for which it was stopped.
        ended: When it was stopped.
        starts: Whether ECS could start it.
    """

    arn: str
    request: Mapping[str, Any]
    began: float
    seconds: float
    code: int | None
    stopped: str = ""
    ended: float = FOREVER * 10
    starts: bool = True


@dataclass
class FakeCloud:
    """The rights of the function."""

    clock: FakeClock
    containers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seconds: float = 20
    code: int | None = 0
    log: list[str] | None = field(default_factory=list)
    refusals: int = 0
    no_capacity: int = 0
    not_started: int = 0
    lag: float = 0
    stop_takes: float = 5
    tasks: list[FakeTask] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    most: int = 0

    def definition(self, arn: str) -> Mapping[str, Any]:
        """Return a task definition, whose image is named after its revision unless the test says more."""
        more = self.containers.get(arn, {})
        return {"containerDefinitions": [{"name": "proxy"}, {"name": "web", "image": f"shop:{arn}", **more}]}

    def run(self, request: Mapping[str, Any]) -> tuple[str | None, str]:
        """Start a task; a repeated request starts no second one."""
        if self.refusals:
            self.refusals -= 1
            raise RefusedError("is not authorized to perform: ecs:RunTask")
        if self.no_capacity:
            self.no_capacity -= 1
            return None, "Capacity is unavailable at this time"
        for task in self.tasks:
            if task.request["clientToken"] == request["clientToken"]:
                return task.arn, ""
        if self.not_started:
            self.not_started -= 1
            task = FakeTask(f"task/{len(self.tasks)}", request, self.clock.now(), self.seconds, None, starts=False)
        else:
            task = FakeTask(f"task/{len(self.tasks)}", request, self.clock.now(), self.seconds, self.code)
        self.tasks.append(task)
        self.most = max(self.most, sum(self._runs(each) for each in self.tasks))
        return task.arn, ""

    def running(self, started_by: str) -> Sequence[Mapping[str, Any]]:
        """Return the tasks that are meant to run."""
        return [
            self._described(each)
            for each in self.tasks
            if each.request["startedBy"] == started_by and self._runs(each) and not each.stopped
        ]

    def task(self, arn: str) -> Mapping[str, Any] | None:
        """Return a task, which ECS may not know at once."""
        task = self._find(arn)
        return None if self.clock.now() < task.began + self.lag else self._described(task)

    def stop(self, arn: str, reason: str) -> None:
        """Stop a task, which takes a moment."""
        task = self._find(arn)
        task.stopped, task.ended = reason, self.clock.now() + self.stop_takes

    def lines(self, definition: Mapping[str, Any], container_name: str, task_arn: str) -> list[str] | None:
        """Return the last lines."""
        assert definition["containerDefinitions"]
        assert container_name == "web"
        assert self._find(task_arn)
        return None if self.log is None else list(self.log)

    def history(self, name: str) -> str | None:
        """Return a parameter."""
        return self.parameters.get(name)

    def remember(self, name: str, value: str) -> None:
        """Write a parameter."""
        self.parameters[name] = value

    def forget(self, name: str) -> None:
        """Delete a parameter."""
        self.parameters.pop(name, None)

    def _find(self, arn: str) -> FakeTask:
        return next(each for each in self.tasks if each.arn == arn)

    def _runs(self, task: FakeTask) -> bool:
        return self.clock.now() < min(task.began + task.seconds, task.ended)

    def _described(self, task: FakeTask) -> Mapping[str, Any]:
        ends = not self._runs(task)
        command: dict[str, Any] = {"name": "web", "lastStatus": "STOPPED" if ends else "RUNNING"}
        if ends and task.stopped:
            command["exitCode"] = 143
        elif ends and task.code is not None:
            command["exitCode"] = task.code
        return {
            "taskArn": task.arn,
            "group": task.request["group"],
            "createdAt": datetime.fromtimestamp(task.began, tz=timezone.utc),
            "lastStatus": "STOPPED" if ends else "RUNNING",
            "stoppedReason": task.stopped or (_REASONS[task.starts] if ends else ""),
            **({"stopCode": "EssentialContainerExited" if task.starts else "TaskFailedToStart"} if ends else {}),
            "containers": [{"name": "proxy", "lastStatus": "RUNNING"}, command],
        }


class Deployments:
    """CloudFormation, as far as it sends events of one custom resource."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - those of FakeCloud
        """Begin with nothing; the options are those of ``FakeCloud``."""
        self.clock = FakeClock()
        self.cloud = FakeCloud(self.clock, **options)
        self._sent = 0

    def event(self, kind: str, version: str, **properties: Any) -> dict[str, Any]:  # noqa: ANN401 - any property
        """Return a new event about a version."""
        self._sent += 1
        return {
            "RequestType": kind,
            "RequestId": f"00000000-0000-0000-0000-{self._sent:012}",
            "StackId": STACK,
            "LogicalResourceId": "WebReleaseRun",
            "ResponseURL": "http://127.0.0.1/answer",
            "ResourceProperties": {
                "Cluster": "arn:aws:ecs:eu-west-1:111122223333:cluster/shop",
                "TaskDefinition": version,
                "Container": "web",
                "Command": ["manage.py", "migrate"],
                "TimeoutSeconds": "600",
                "AgainForRollback": "false",
                "History": "/ecr-fargate/release/stack/Web",
                "Launch": {"launchType": "FARGATE"},
                **properties,
            },
        }

    def answer(
        self, event: Mapping[str, Any], *, until: float = FOREVER, notes: dict[str, Any] | None = None
    ) -> dict[str, str]:
        """Do what an event asks for, and return the attributes."""
        notes = {} if notes is None else notes
        return Release(Request.of(event), self.cloud, self.clock, until=until, notes=notes).finish()

    def deploy(self, version: str, *, kind: str = "Update", **properties: Any) -> dict[str, str]:  # noqa: ANN401
        """Deploy a version."""
        return self.answer(self.event(kind, version, **properties))

    @property
    def commands(self) -> list[str]:
        """The task definitions whose command ran, in order."""
        return [str(each.request["taskDefinition"]) for each in self.cloud.tasks]
