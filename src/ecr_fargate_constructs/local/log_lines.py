"""Read the log lines of an app's containers in the order of time, each with its service, task and container."""

from __future__ import annotations

import heapq
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from ecr_fargate_constructs.local.app_status import ServiceStatus
    from ecr_fargate_constructs.local.services import Cloud

_PAGE = 10_000  # events in one response of CloudWatch Logs
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_GONE = "ResourceNotFoundException"


@dataclass(frozen=True)
class Line:
    """A log line of a container.

    Attributes:
        time: Time of the line, in milliseconds since 1970.
        service: Name of the service.
        task: Id of the task.
        container: Name of the container.
        message: Its text.
    """

    time: int
    service: str
    task: str
    container: str
    message: str

    @property
    def at(self) -> datetime:
        """Time of the line, in the time zone of this machine."""
        return datetime.fromtimestamp(self.time / 1000, tz=timezone.utc).astimezone()


@dataclass(frozen=True)
class _Stream:
    group: str
    name: str
    service: str
    task: str
    container: str


def since(text: str, now: datetime) -> datetime:
    """Return the time of ``--since``: ``90s``, ``10m``, ``2h`` or ``1d`` ago, or a time in ISO 8601."""
    if ago := re.fullmatch(r"(\d{1,6})([smhd])", text):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        time = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return time.astimezone()  # without a time zone it is in that of this machine
    except (ValueError, OverflowError) as error:
        raise ToolError(f"--since {text} is not a time", fix="give 90s, 10m, 2h, 1d or 2026-01-31T12:00:00") from error


class LogReader:
    """Reads the log streams of services, and continues where it stopped."""

    def __init__(
        self, cloud: Cloud, services: Sequence[ServiceStatus], only: Collection[ServiceStatus] | None = None
    ) -> None:
        """Find the log groups of the services; nothing is read yet.

        Args:
            cloud: The embedded AWS.
            services: All services of the app: some may share a log group.
            only: The services whose lines to read; all by default.
        """
        self._logs = cloud.client("logs")
        self._only = None if only is None else {each.name for each in only}
        self._tokens: dict[tuple[str, str], str] = {}
        self._sources: dict[str, dict[tuple[str, str], list[str]]] = {}
        self._tasks: dict[str, str] = {}
        self.look_for(cloud, services)

    def look_for(self, cloud: Cloud, services: Sequence[ServiceStatus]) -> None:
        """Update the log groups of the services: a new version may have other containers."""
        ecs = cloud.client("ecs")
        for service in services:
            self._tasks.update((task.identifier, service.name) for task in service.tasks)
            definition = ecs.describe_task_definition(taskDefinition=service.definition)["taskDefinition"]
            for container in definition["containerDefinitions"]:
                options = (container.get("logConfiguration") or {}).get("options") or {}
                if "awslogs-group" in options:
                    key = (str(options.get("awslogs-stream-prefix", "")), str(container["name"]))
                    names = self._sources.setdefault(options["awslogs-group"], {}).setdefault(key, [])
                    if service.name not in names:
                        names.append(service.name)

    def last(self, count: int | None, start: datetime | None = None) -> list[Line]:
        """Return the latest lines, oldest first.

        Args:
            count: Number of lines; None for all.
            start: Time of the earliest line; None for no limit.
        """
        earliest = None if start is None else max(0, int(start.timestamp() * 1000))
        lines = list(heapq.merge(*(self._tail(each, count, earliest) for each in self._streams()), key=_time))
        return lines if count is None else lines[-count:]

    def new(self) -> list[Line]:
        """Return the lines since the last call."""
        return list(heapq.merge(*(self._head(each) for each in self._streams()), key=_time))

    def _streams(self) -> Iterator[_Stream]:
        for group, sources in self._sources.items():
            try:
                pages = list(self._logs.get_paginator("describe_log_streams").paginate(logGroupName=group))
            except ClientError as error:
                if error.response["Error"]["Code"] != _GONE:
                    raise
                continue
            for name in (each["logStreamName"] for page in pages for each in page["logStreams"]):
                prefix, container, task = _parts(name, sources)
                # In an earlier version the container may have had another name.
                candidates = sources.get((prefix, container)) or [
                    each for (other, _), names in sources.items() if other == prefix for each in names
                ]
                service = self._tasks.get(task) or next(iter(candidates), None)
                if service is not None and (self._only is None or service in self._only):
                    yield _Stream(group, name, service, task, container)

    def _tail(self, stream: _Stream, count: int | None, earliest: int | None) -> list[Line]:
        events: list[dict[str, Any]] = []
        options: dict[str, Any] = {} if earliest is None else {"startTime": earliest}
        while True:
            page = self._read(stream, limit=min(_PAGE, count or _PAGE), startFromHead=False, **options)
            self._tokens.setdefault((stream.group, stream.name), page["nextForwardToken"])
            events = [*page["events"], *events]
            if not page["events"] or (count is not None and len(events) >= count):
                return _lines(stream, events)
            options["nextToken"] = page["nextBackwardToken"]

    def _head(self, stream: _Stream) -> list[Line]:
        events: list[dict[str, Any]] = []
        key = (stream.group, stream.name)
        while True:
            options = {"nextToken": self._tokens[key]} if key in self._tokens else {}
            page = self._read(stream, startFromHead=True, **options)
            self._tokens[key] = page["nextForwardToken"]
            if not page["events"]:
                return _lines(stream, events)
            events += page["events"]

    def _read(self, stream: _Stream, **options: Any) -> Mapping[str, Any]:  # noqa: ANN401 - passed on
        answer: Mapping[str, Any] = self._logs.get_log_events(
            logGroupName=stream.group, logStreamName=stream.name, **options
        )
        return answer


def _parts(stream: str, sources: Mapping[tuple[str, str], Sequence[str]]) -> tuple[str, str, str]:
    """Return prefix, container and task of a stream; without a prefix its name is the container's id in the engine."""
    parts = stream.rsplit("/", 2)
    if len(parts) == 3:  # noqa: PLR2004 - as ECS names them
        return parts[0], parts[1], parts[2]
    containers = [container for prefix, container in sources if not prefix]
    return "", containers[0] if len(containers) == 1 else "", stream


def _lines(stream: _Stream, events: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Return the events of a stream as lines in the order of time; within a millisecond in the order of arrival."""
    lines = [
        Line(each["timestamp"], stream.service, stream.task, stream.container, each["message"].rstrip("\r\n"))
        for each in events
    ]
    return sorted(lines, key=_time)


def _time(line: Line) -> int:
    return line.time
