"""What the containers of an app have logged, in the order of time, and by whom."""

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

_PAGE = 10_000  # events that CloudWatch Logs gives at once
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_GONE = "ResourceNotFoundException"


@dataclass(frozen=True)
class Line:
    """A line of a container.

    Attributes:
        time: When it was logged, in milliseconds since 1970.
        service: Name of the service.
        task: Id of the task.
        container: Name of the container.
        message: What it says.
    """

    time: int
    service: str
    task: str
    container: str
    message: str

    @property
    def at(self) -> datetime:
        """When it was logged, in the time zone of this machine."""
        return datetime.fromtimestamp(self.time / 1000, tz=timezone.utc).astimezone()


@dataclass(frozen=True)
class _Stream:
    group: str
    name: str
    service: str
    task: str
    container: str


def since(text: str, now: datetime) -> datetime:
    """The time that ``--since`` means: ``90s``, ``10m``, ``2h`` or ``1d`` ago, or a time in ISO 8601.

    Raises:
        ToolError: It is neither.
    """
    if ago := re.fullmatch(r"(\d{1,6})([smhd])", text):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return found.astimezone()  # without a zone it is this machine's
    except (ValueError, OverflowError) as error:
        raise ToolError(f"--since {text} is no time", fix="give 90s, 10m, 2h, 1d or 2026-01-31T12:00:00") from error


class LogReader:
    """Reads the log streams of services, and goes on where it stopped."""

    def __init__(
        self, cloud: Cloud, services: Sequence[ServiceStatus], only: Collection[ServiceStatus] | None = None
    ) -> None:
        """Find out where the services log to; nothing is read yet.

        Args:
            cloud: The embedded AWS.
            services: All services of the app: some may share a log group.
            only: Those whose lines are wanted; all by itself.
        """
        self._logs = cloud.client("logs")
        self._only = None if only is None else {each.name for each in only}
        self._tokens: dict[tuple[str, str], str] = {}
        self._sources: dict[str, dict[tuple[str, str], list[str]]] = {}
        self._tasks: dict[str, str] = {}
        self.look_for(cloud, services)

    def look_for(self, cloud: Cloud, services: Sequence[ServiceStatus]) -> None:
        """Take in what services log to by now: another version may have other containers."""
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
        """The latest lines, oldest first.

        Args:
            count: How many; None for all.
            start: How far back.
        """
        earliest = None if start is None else max(0, int(start.timestamp() * 1000))
        lines = list(heapq.merge(*(self._tail(each, count, earliest) for each in self._streams()), key=_time))
        return lines if count is None else lines[-count:]

    def new(self) -> list[Line]:
        """The lines that came since the last reading."""
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
                # A container of an earlier version may have another name.
                among = sources.get((prefix, container)) or [
                    each for (other, _), names in sources.items() if other == prefix for each in names
                ]
                service = self._tasks.get(task) or next(iter(among), None)
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
    """Prefix, container and task of a stream; without a prefix its name is the engine's id of the container."""
    parts = stream.rsplit("/", 2)
    if len(parts) == 3:  # noqa: PLR2004 - as ECS names them
        return parts[0], parts[1], parts[2]
    without = [container for prefix, container in sources if not prefix]
    return "", without[0] if len(without) == 1 else "", stream


def _lines(stream: _Stream, events: Sequence[Mapping[str, Any]]) -> list[Line]:
    """The events of a stream, in time's order; those of one millisecond in the order of their arrival."""
    lines = [
        Line(each["timestamp"], stream.service, stream.task, stream.container, each["message"].rstrip("\r\n"))
        for each in events
    ]
    return sorted(lines, key=_time)


def _time(line: Line) -> int:
    return line.time
