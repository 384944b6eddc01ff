"""A task that runs one command: start it, follow its log, and stop it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from ecr_fargate_constructs.tools.aws_calls import call_aws
from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.run.interrupts import HeldInterrupts
from ecr_fargate_constructs.tools.run.request import container_for, request_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ecr_fargate_constructs.tools.run.request import Order

    Clients: TypeAlias = Callable[[str], Any]

_POLL = 1.0  # seconds
_LAST_LINES = 5.0  # seconds that lines may take from the end of a container to CloudWatch
_STOP_REASON = "interrupted: ecr-fargate run"
_PLAIN = {
    "AGENT": "the ECS agent of the instance is not connected",
    "ATTRIBUTE": "no instance has what the task definition requires",
    "EMPTY CAPACITY PROVIDER": "the capacity provider has no instance",
    "MISSING": "the cluster has no instance",
    "RESOURCE:CPU": "no instance has enough CPU left",
    "RESOURCE:ENI": "no instance has a network interface left",
    "RESOURCE:MEMORY": "no instance has enough memory left",
}
"""Source: "API failures messages" in the Amazon ECS developer guide."""


class RunningTask:
    """A task that was started to run one command."""

    def __init__(
        self, clients: Clients, task: Mapping[str, Any], container: str, definition: Mapping[str, Any]
    ) -> None:
        """Take over a task.

        Args:
            clients: Makes the client for an AWS service.
            task: The task, as ``RunTask`` describes it.
            container: Name of the container that runs the command.
            definition: The task definition.
        """
        self._ecs = clients("ecs")
        self.arn = str(task["taskArn"])
        self.last = task
        self.container = container
        self._cluster = task["clusterArn"]
        self._is_stopping = False
        self.log = _Log(clients, self.arn, container, definition)

    def follow(self, on_line: Callable[[str], None], on_status: Callable[[str], None]) -> int | None:
        """Print the log until the command has ended, and return its exit status.

        None means that the command never ran, or that ECS does not report how it ended.
        """
        status = ""
        while True:
            self._describe()
            if self.last["lastStatus"] != status:
                status = self.last["lastStatus"]
                on_status(status)
            for line in self.log.new():
                on_line(line)
            own = self._own
            if status == "STOPPED" or own.get("lastStatus") == "STOPPED":
                break
            time.sleep(_POLL)
        for line in self.log.rest():
            on_line(line)
        if status != "STOPPED":  # the container was not essential, or the others take their time
            self._describe()
            if self.last.get("desiredStatus") != "STOPPED":
                self.stop("the command has ended: ecr-fargate run")
        code = self._own.get("exitCode")
        return None if code is None else int(code)

    @property
    def _own(self) -> Mapping[str, Any]:
        return next((each for each in self.last.get("containers", ()) if each["name"] == self.container), {})

    @property
    def reason(self) -> str:
        """Why the container or the task stopped, in AWS's words."""
        return str(self._own.get("reason") or self.last.get("stoppedReason") or "")

    def stop(self, reason: str = _STOP_REASON) -> None:
        """Stop the task, once: its containers get SIGTERM, and SIGKILL after their stop timeout.

        Raises:
            ToolError: ECS refuses to, so that the task may still be running.
        """
        if self._is_stopping:
            return
        try:
            self._ecs.stop_task(cluster=self._cluster, task=self.arn, reason=reason)
        except (BotoCoreError, ClientError) as error:
            command = f"aws ecs stop-task --cluster {self._cluster} --task {self.arn}"
            raise ToolError(f"the task {self.arn} may still be running: {error}", fix=f"stop it: {command}") from error
        self._is_stopping = True

    def wait_until_stopped(self, on_line: Callable[[str], None]) -> None:
        """Print the log until the task has stopped."""
        while self.last["lastStatus"] != "STOPPED":
            self._describe()
            for line in self.log.new():
                on_line(line)
            time.sleep(_POLL)

    def _describe(self) -> None:
        tasks = call_aws(
            lambda: self._ecs.describe_tasks(cluster=self._cluster, tasks=[self.arn])["tasks"], "ecs:DescribeTasks"
        )
        if tasks:  # a task that was just started may not be known everywhere yet
            self.last = tasks[0]


@contextmanager
def started(clients: Clients, service_arn: str, order: Order) -> Iterator[RunningTask]:
    """Start a task as the service would, and stop it if what is inside fails or is interrupted.

    Raises:
        ToolError: ECS cannot start it, or the order does not suit the service.
    """
    ecs = clients("ecs")
    cluster = service_arn.split("/")[-2]
    services = call_aws(
        lambda: ecs.describe_services(cluster=cluster, services=[service_arn])["services"], "ecs:DescribeServices"
    )
    if not services:
        raise ToolError(f"ECS does not know the service {service_arn}", fix="deploy it again")
    definition = call_aws(
        lambda: ecs.describe_task_definition(taskDefinition=services[0]["taskDefinition"])["taskDefinition"],
        "ecs:DescribeTaskDefinition",
    )
    request, container = request_for(order, services[0], definition), container_for(order, services[0], definition)
    with HeldInterrupts() as interrupts:  # nobody could stop a task whose ARN has not arrived
        answer = call_aws(lambda: ecs.run_task(**request), "ecs:RunTask, ecs:TagResource and iam:PassRole")
        if not answer["tasks"]:
            raise _not_started(answer.get("failures", ()))
        task = RunningTask(clients, answer["tasks"][0], container, definition)
        try:
            interrupts.release()
            yield task
        except BaseException:
            with HeldInterrupts():  # a second Ctrl-C may not prevent it
                task.stop()
            raise


def _not_started(failures: Any) -> ToolError:  # noqa: ANN401 - boto3's
    reasons = [f"{each.get('reason', '')} {each.get('detail', '')}".strip() for each in failures]
    said = "; ".join(dict.fromkeys(reasons)) or "AWS gives no reason"
    plain = next((text for code, text in _PLAIN.items() for each in reasons if each.startswith(code)), None)
    return ToolError(
        f"ECS did not start the task: {said}" if plain is None else f"ECS did not start the task: {plain} ({said})",
        fix="try again later, or with another --cpu and --memory",
    )


class _Log:
    """The log stream of a container, read from where the last call stopped."""

    def __init__(self, clients: Clients, task: str, container: str, definition: Mapping[str, Any]) -> None:
        settings = next(each for each in definition["containerDefinitions"] if each["name"] == container)
        log = settings.get("logConfiguration") or {}
        options = log.get("options") or {}
        self.driver = str(log.get("logDriver", "none"))
        self._stream: dict[str, str] | None = None
        if self.driver == "awslogs" and "awslogs-group" in options and "awslogs-stream-prefix" in options:
            name = f"{options['awslogs-stream-prefix']}/{container}/{task.rpartition('/')[2]}"
            self._stream = {"logGroupName": options["awslogs-group"], "logStreamName": name}
            self._logs = clients("logs")
        self._token: str | None = None

    @property
    def readable(self) -> bool:
        """True if the container logs to a stream of CloudWatch Logs whose name is known."""
        return self._stream is not None

    def new(self) -> list[str]:
        """Return the lines since the last call."""
        if self._stream is None:
            return []
        position = {} if self._token is None else {"nextToken": self._token}
        try:
            answer = self._logs.get_log_events(**self._stream, startFromHead=True, **position)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
                return []  # nothing was printed yet
            code = error.response.get("Error", {}).get("Code", "")
            raise ToolError(f"the log cannot be read: {code}", fix="allow logs:GetLogEvents") from error
        self._token = answer.get("nextForwardToken", self._token)
        return [str(each["message"]) for each in answer["events"]]

    def rest(self) -> Iterator[str]:
        """Yield the last lines, which reach CloudWatch a moment after the container has ended."""
        if self._stream is None:
            return
        deadline = time.monotonic() + _LAST_LINES
        quiet = 0
        while quiet < 2 and time.monotonic() < deadline:  # noqa: PLR2004 - one empty page is no end
            lines = self.new()
            yield from lines
            quiet = 0 if lines else quiet + 1
            if not lines:
                time.sleep(_POLL)
