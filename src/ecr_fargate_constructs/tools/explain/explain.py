"""Why a deployment failed: finds the cause in what AWS says of a service, its tasks and its stack. Pure."""

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
"""Answers of AWS, merged: of ``describe-services``, ``describe-tasks``, ``describe-service-deployments``,
``describe-stack-events``, ``describe-target-health``, ``describe-target-groups`` and ``get-log-events``;
``refusals`` are what the embedded AWS has refused."""

_FAILED_STATES = ("ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "STOPPED", "ROLLBACK_IN_PROGRESS", "FAILED")
_RECENT = 3 * 3600  # seconds; ECS keeps a hundred events, and old ones tell of other failures
_ROLLBACK = re.compile(r"\broll(?:ed|ing) back to\b")
_ROLE = "role"  # begins what a refusal is about
_ORDINARY_STOPS = ("UserInitiated", "ServiceSchedulerInitiated")


@dataclass(frozen=True)
class Observation:
    """Something that AWS said.

    Attributes:
        where: Of what, for example ``task 0123, container web``.
        text: What.
    """

    where: str
    text: str


@dataclass(frozen=True)
class Explanation:
    """A cause, and where it was seen.

    Attributes:
        rule: The cause.
        observation: The first thing that says so.
        times: How many say so.
    """

    rule: Rule
    observation: Observation
    times: int

    @property
    def sentence(self) -> str:
        """Why it failed, in a sentence."""
        return f"{self.observation.where}: {self.rule.sentence}."

    @property
    def fix(self) -> str:
        """What to do; after a refusal of IAM with the statement that would allow it."""
        refusal = refusal_in(self.observation.text)
        return self.rule.fix if refusal is None else f"{self.rule.fix}; {refusal.advice}"


def explain(record: Record) -> list[Explanation]:
    """Causes, the most telling one first; none when nothing that is known was said.

    What only follows from another cause, such as the breaker, is left out where that cause was found.
    """
    seen = _without_echoes(list(observations(record)))
    found: dict[tuple[str, str], Explanation] = {}
    for rule in RULES:
        for each in seen:
            # Each word of AWS has one cause: the first rule that knows it.
            if rule.pattern.search(each.text) and _first(each) is rule:
                key = (rule.cause, each.text if each.where.startswith(_ROLE) else "")  # each refusal is one of its own
                before = found.get(key)
                times = 1 if before is None else before.times + 1
                found[key] = Explanation(rule, each if before is None else before.observation, times)
    causes = [each for each in found.values() if not each.rule.consequence]
    return causes or list(found.values())[:1]


def failed(record: Record) -> bool:
    """Whether something failed at all, known or not."""
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
    """What the load balancer asks of the targets, and what those that are not healthy say."""
    asked = []
    for group in record.get("TargetGroups", ()):
        matcher = group.get("Matcher") or {}
        codes = matcher.get("HttpCode") or matcher.get("GrpcCode") or "200"
        port = str(group.get("HealthCheckPort") or "traffic-port")
        where = "the container's port" if port == "traffic-port" else f"port {port}"
        path = group.get("HealthCheckPath") or "/"
        asked.append(f"{group.get('TargetGroupName', '?')}: GET {path} on {where} has to answer {codes}")
    for each in record.get("TargetHealthDescriptions", ()):
        if _state(each) == "unhealthy":
            target, health = each.get("Target", {}), each["TargetHealth"]
            said = health.get("Description") or health.get("Reason") or "unhealthy"
            asked.append(f"{target.get('Id', '?')}:{target.get('Port', '?')}: {said}")
    return list(dict.fromkeys(asked))


def last_lines(record: Record) -> list[str]:
    """The last lines of the task that failed last."""
    return [str(each.get("message", "")) for each in record.get("logEvents", ())]


def observations(record: Record) -> Iterator[Observation]:
    """All that is said of a failure, the tasks' own words first."""
    for task in _newest(failures(record.get("tasks", ()), record.get("services", ()))):
        yield from _of_task(task)
    for key, said in (
        ("services", _of_service),
        ("TargetHealthDescriptions", _of_target),
        ("serviceDeployments", _of_deployment),
        ("StackEvents", _of_stack_event),
        ("logEvents", _of_log_event),
        ("refusals", _of_refusal),
    ):
        for each in record.get(key, ()):
            yield from said(each)


def failures(tasks: Sequence[Record], services: Sequence[Record]) -> list[Record]:
    """Return the tasks that stopped for a reason of their own.

    Tasks of a version before the one that a service runs are left out: a later deployment has replaced that version.
    What a rollback has replaced has a later revision than what runs, and stays.
    """
    return [task for task in tasks if _stopped_of_itself(task) and not _is_past(task, services)]


def _is_past(each: Record, services: Sequence[Record]) -> bool:
    """Whether a task or deployment has an earlier revision than the service of its family."""
    family, revision = _revision(each)
    return any(family == theirs and revision < current for theirs, current in map(_revision, services))


def _revision(each: Record) -> tuple[str, int]:
    """The family and revision of a service, a deployment or a task."""
    arn = str(each.get("taskDefinitionArn") or each.get("taskDefinition") or "")
    family, _, revision = arn.rpartition(":")
    return family, int(revision) if revision.isdecimal() else 0


def _newest(stopped: Sequence[Record]) -> Iterator[Record]:
    """Tasks of the version that failed last: those of earlier ones stopped for reasons of their own."""
    latest = max(stopped, key=lambda task: _instant(task.get("stoppedAt")) or 0.0, default=None)
    for task in stopped:
        if latest is not None and task.get("taskDefinitionArn") == latest.get("taskDefinitionArn"):
            yield task


def _of_service(service: Record) -> Iterator[Observation]:
    name = f"service {service.get('serviceName', '?')}"
    for event in _recent(_of_the_last_deployment(service)):
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


def _without_echoes(seen: Sequence[Observation]) -> list[Observation]:
    """Leave out refusals that something else tells of, too: a task's reason, for example, quotes IAM."""
    others = [each.text for each in seen if not each.where.startswith(_ROLE)]
    return [each for each in seen if not (each.where.startswith(_ROLE) and any(each.text in text for text in others))]


def _of_the_last_deployment(service: Record) -> list[Record]:
    """Events since the deployment that runs was made: all of them after a rollback to it, which tell why."""
    events = list(service.get("events", ()))
    deployments: Sequence[Record] = service.get("deployments", ())
    primary = next((each for each in deployments if each.get("status") == "PRIMARY"), None)
    began = _instant(primary.get("createdAt")) if primary is not None else None
    if primary is None or began is None:
        return events
    name = str(primary.get("id", ""))
    said = [str(event.get("message", "")) for event in events]
    if any(name in message and _ROLLBACK.search(message) for message in said):
        return events
    return [event for event in events if (_instant(event.get("createdAt")) or began) >= began]


def _recent(events: Sequence[Record]) -> Iterator[Record]:
    times = [_instant(event.get("createdAt")) for event in events]
    newest = max((each for each in times if each is not None), default=None)
    for event, time in zip(events, times, strict=True):
        if time is None or newest is None or newest - time <= _RECENT:
            yield event


def _instant(value: object) -> float | None:
    """A time of AWS: as boto3 gives it, as the command line prints it, or in seconds."""
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
    said = ", ".join(f"exit code: {code}" for code in codes)
    yield Observation(name, f"{task.get('stoppedReason', '')} ({task.get('stopCode', '')}) {said}".strip())


def _stopped_of_itself(task: Record) -> bool:
    """Whether a task stopped, or is being stopped, for a reason of its own: not since it was told to."""
    if task.get("lastStatus") != "STOPPED" and task.get("desiredStatus") != "STOPPED":
        return False
    reason = str(task.get("stoppedReason", ""))
    return task.get("stopCode") not in _ORDINARY_STOPS or "health check" in reason


def _first(observation: Observation) -> Rule | None:
    return next((rule for rule in RULES if rule.pattern.search(observation.text)), None)


def _state(description: Record) -> str:
    return str(description.get("TargetHealth", {}).get("State", ""))


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]
