"""Find the causes of a failed deployment in AWS's descriptions of its service, tasks and stack. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.tools.explain.refusals import refusal_in
from ecr_fargate_constructs.tools.explain.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ecr_fargate_constructs.tools.explain.rules import Rule

Record: TypeAlias = "Mapping[str, Any]"
"""Responses of AWS, merged: of ``describe-services``, ``describe-tasks``, ``describe-service-deployments``,
``describe-stack-events``, ``describe-target-health``, ``describe-target-groups`` and ``get-log-events``; ``refusals``
and ``barriers`` are those of the embedded AWS: what IAM refused, and which connections the network stopped."""

_FAILED_STATES = ("ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "STOPPED", "ROLLBACK_IN_PROGRESS", "FAILED")
_RECENT = 3 * 3600  # seconds; ECS keeps a hundred events, and older ones belong to other failures
_ROLLBACK = re.compile(r"\broll(?:ed|ing) back to\b")
_ROLE = "role"  # begins what a refusal is about
_NETWORK = "network"  # what a barrier is about
_ORDINARY_STOPS = ("UserInitiated", "ServiceSchedulerInitiated")


@dataclass(frozen=True)
class Observation:
    """A message of AWS.

    Attributes:
        where: What it is about, for example ``task 0123, container web``.
        text: The message.
    """

    where: str
    text: str


@dataclass(frozen=True)
class Explanation:
    """A cause, with the messages that show it.

    Attributes:
        rule: The rule of the cause.
        observation: The first message that shows it.
        times: Number of messages that show it.
    """

    rule: Rule
    observation: Observation
    times: int

    @property
    def sentence(self) -> str:
        """The reason, as a sentence."""
        return f"{self.observation.where}: {self.rule.sentence}."

    @property
    def fix(self) -> str:
        """The remedy, with the statement that IAM needs or the rule, route or endpoint that the network needs."""
        if self.observation.where == _NETWORK:
            return f"{self.rule.fix}: {self.observation.text.partition('. Fix: ')[2]}"
        refusal = refusal_in(self.observation.text)
        return self.rule.fix if refusal is None else f"{self.rule.fix}; {refusal.advice}"


def explain(record: Record) -> list[Explanation]:
    """Return the causes, the most significant one first; none if no rule matches a message.

    Consequences of another cause, such as the circuit breaker, are left out if that cause is present.
    """
    messages = _without_echoes(list(observations(record)))
    by_cause: dict[tuple[str, str], Explanation] = {}
    for rule in RULES:
        for each in messages:
            # Each message has one cause: that of the first rule that matches it.
            if rule.pattern.search(each.text) and _first_rule(each) is rule:
                key = (
                    rule.cause,
                    each.text if each.where.startswith((_ROLE, _NETWORK)) else "",
                )  # each one counts by itself
                before = by_cause.get(key)
                times = 1 if before is None else before.times + 1
                by_cause[key] = Explanation(rule, each if before is None else before.observation, times)
    causes = [each for each in by_cause.values() if not each.rule.consequence]
    return causes or list(by_cause.values())[:1]


def failed(record: Record) -> bool:
    """Return whether anything failed, whether or not its cause is known."""
    services = record.get("services", ())
    deployments = [each for service in services for each in service.get("deployments", ())]
    return (
        any(each.get("rolloutState") == "FAILED" and not _is_past(each, services) for each in deployments)
        or any(each.get("status") in _FAILED_STATES for each in record.get("serviceDeployments", ()))
        or any(str(each.get("ResourceStatus", "")).endswith("FAILED") for each in record.get("StackEvents", ()))
        or bool(failures(record.get("tasks", ()), services))
        or any(_state(each) == "unhealthy" for each in record.get("TargetHealthDescriptions", ()))
    )


def health_checks(record: Record) -> list[str]:
    """Describe the load balancer's health checks, and the result of each target that is not healthy."""
    lines = []
    for group in record.get("TargetGroups", ()):
        matcher = group.get("Matcher") or {}
        codes = matcher.get("HttpCode") or matcher.get("GrpcCode") or "200"
        port = str(group.get("HealthCheckPort") or "traffic-port")
        where = "the container's port" if port == "traffic-port" else f"port {port}"
        path = group.get("HealthCheckPath") or "/"
        lines.append(f"{group.get('TargetGroupName', '?')}: GET {path} on {where} must return {codes}")
    for each in record.get("TargetHealthDescriptions", ()):
        if _state(each) == "unhealthy":
            target, health = each.get("Target", {}), each["TargetHealth"]
            result = health.get("Description") or health.get("Reason") or "unhealthy"
            lines.append(f"{target.get('Id', '?')}:{target.get('Port', '?')}: {result}")
    return list(dict.fromkeys(lines))


def last_lines(record: Record) -> list[str]:
    """Return the last log lines of the task that failed last."""
    return [str(each.get("message", "")) for each in record.get("logEvents", ())]


def observations(record: Record) -> Iterator[Observation]:
    """Yield all messages about a failure, those of the tasks first."""
    for task in _newest(failures(record.get("tasks", ()), record.get("services", ()))):
        yield from _of_task(task)
    for key, read in (
        ("services", _of_service),
        ("TargetHealthDescriptions", _of_target),
        ("serviceDeployments", _of_deployment),
        ("StackEvents", _of_stack_event),
        ("logEvents", _of_log_event),
        ("refusals", _of_refusal),
        ("barriers", _of_barrier),
    ):
        for each in record.get(key, ()):
            yield from read(each)


def failures(tasks: Sequence[Record], services: Sequence[Record]) -> list[Record]:
    """Return the tasks that stopped because they failed, not because ECS or a user stopped them.

    Tasks with an earlier revision than the service runs are left out: a later deployment has replaced them. Tasks that
    a rollback has replaced have a later revision than the service runs, and are kept.
    """
    return [task for task in tasks if _failed_by_itself(task) and not _is_past(task, services)]


def _is_past(each: Record, services: Sequence[Record]) -> bool:
    """Return whether a task or deployment has an earlier revision than the service of its family."""
    family, revision = _revision(each)
    return any(family == other and revision < current for other, current in map(_revision, services))


def _revision(each: Record) -> tuple[str, int]:
    """Return the task definition's family and revision of a service, a deployment or a task."""
    arn = str(each.get("taskDefinitionArn") or each.get("taskDefinition") or "")
    family, _, revision = arn.rpartition(":")
    return family, int(revision) if revision.isdecimal() else 0


def _newest(stopped: Sequence[Record]) -> Iterator[Record]:
    """Yield the tasks of the version that failed last: earlier versions may have failed for other reasons."""
    latest = max(stopped, key=lambda task: _instant(task.get("stoppedAt")) or 0.0, default=None)
    for task in stopped:
        if latest is not None and task.get("taskDefinitionArn") == latest.get("taskDefinitionArn"):
            yield task


def _of_service(service: Record) -> Iterator[Observation]:
    name = f"service {service.get('serviceName', '?')}"
    for event in _recent(_events_of_last_deployment(service)):
        yield Observation(name, event.get("message", ""))
    for deployment in service.get("deployments", ()):
        if deployment.get("rolloutState") != "COMPLETED" and not _is_past(deployment, [service]):
            yield Observation(name, deployment.get("rolloutStateReason", ""))


def _of_target(description: Record) -> Iterator[Observation]:
    if _state(description) == "unhealthy":
        health = description["TargetHealth"]
        text = f"{health.get('Reason', '')}: {health.get('Description', '')}"
        yield Observation(f"target {description.get('Target', {}).get('Id', '?')}", text)


def _of_deployment(deployment: Record) -> Iterator[Observation]:
    if deployment.get("status") in _FAILED_STATES:
        name = _last(deployment.get("serviceArn", deployment.get("serviceDeploymentArn", "?")))
        alarms = deployment.get("alarms", {}).get("triggeredAlarmNames", ())
        text = ", ".join([deployment.get("statusReason", ""), *(f"alarm triggered: {alarm}" for alarm in alarms)])
        yield Observation(f"service {name}", text)


def _of_stack_event(event: Record) -> Iterator[Observation]:
    if str(event.get("ResourceStatus", "")).endswith("FAILED"):
        name = f"stack resource {event.get('LogicalResourceId', '?')}"
        yield Observation(name, event.get("ResourceStatusReason", ""))


def _of_log_event(line: Record) -> Iterator[Observation]:
    yield Observation("log", line.get("message", ""))


def _of_refusal(refusal: Record) -> Iterator[Observation]:
    yield Observation(f"{_ROLE} {refusal.get('role', '?')}", refusal.get("refusal", ""))


def _of_barrier(text: str) -> Iterator[Observation]:
    yield Observation(_NETWORK, text)


def _without_echoes(messages: Sequence[Observation]) -> list[Observation]:
    """Leave out refusals that another message quotes: a task's reason, for example, quotes IAM."""
    others = [each.text for each in messages if not each.where.startswith(_ROLE)]
    return [
        each for each in messages if not (each.where.startswith(_ROLE) and any(each.text in text for text in others))
    ]


def _events_of_last_deployment(service: Record) -> list[Record]:
    """Return the events since the current deployment started; all events after a rollback, since they say why."""
    events = list(service.get("events", ()))
    deployments: Sequence[Record] = service.get("deployments", ())
    primary = next((each for each in deployments if each.get("status") == "PRIMARY"), None)
    started = _instant(primary.get("createdAt")) if primary is not None else None
    if primary is None or started is None:
        return events
    name = str(primary.get("id", ""))
    messages = [str(event.get("message", "")) for event in events]
    if any(name in message and _ROLLBACK.search(message) for message in messages):
        return events
    return [event for event in events if (_instant(event.get("createdAt")) or started) >= started]


def _recent(events: Sequence[Record]) -> Iterator[Record]:
    times = [_instant(event.get("createdAt")) for event in events]
    newest = max((each for each in times if each is not None), default=None)
    for event, time in zip(events, times, strict=True):
        if time is None or newest is None or newest - time <= _RECENT:
            yield event


def _instant(value: object) -> float | None:
    """Return a time of AWS in seconds; it is a ``datetime`` of boto3, text of the command line, or a number."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return datetime.fromisoformat(str(value).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None


def _of_task(task: Record) -> Iterator[Observation]:
    name = f"task {_last(task.get('taskArn', '?'))[:8]}"
    for container in task.get("containers", ()):
        where = f"{name}, container {container.get('name', '?')}"
        if container.get("reason"):
            yield Observation(where, container["reason"])
    codes = [each.get("exitCode") for each in task.get("containers", ()) if each.get("exitCode") is not None]
    exit_codes = ", ".join(f"exit code: {code}" for code in codes)
    yield Observation(name, f"{task.get('stoppedReason', '')} ({task.get('stopCode', '')}) {exit_codes}".strip())


def _failed_by_itself(task: Record) -> bool:
    """Return whether a task stopped, or is stopping, because it failed, not because ECS or a user stopped it."""
    if task.get("lastStatus") != "STOPPED" and task.get("desiredStatus") != "STOPPED":
        return False
    reason = str(task.get("stoppedReason", ""))
    return task.get("stopCode") not in _ORDINARY_STOPS or "health check" in reason


def _first_rule(observation: Observation) -> Rule | None:
    return next((rule for rule in RULES if rule.pattern.search(observation.text)), None)


def _state(description: Record) -> str:
    return str(description.get("TargetHealth", {}).get("State", ""))


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]
