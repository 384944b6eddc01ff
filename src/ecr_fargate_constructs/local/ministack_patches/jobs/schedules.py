"""EventBridge Scheduler: MiniStack asks every ten seconds what is due, in UTC, and drops what cannot be started."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs._rules.cron import Cron
from ecr_fargate_constructs.local.ministack_patches.internals import MovedError, find
from ecr_fargate_constructs.local.scaling.schedule import ScheduledAction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecr_fargate_constructs.local.clock import Clock

_Properties: TypeAlias = dict[str, Any]

SCHEDULE = "AWS::Scheduler::Schedule"
_KEPT = ("ScheduleExpressionTimezone", "StartDate", "EndDate")  # which MiniStack does not take from a template
_CLIENT_ERROR = 400
_DUE = "<aws.scheduler.scheduled-time>"


class Schedules:
    """The schedules of all accounts and regions."""

    def __init__(self, clock: Clock) -> None:
        """Look up MiniStack's internals.

        Args:
            clock: The clock of the embedded AWS.

        Raises:
            MovedError: MiniStack's internals have changed.
        """
        self._scheduler, self._events, self._states = (
            import_module(f"ministack.services.{name}") for name in ("scheduler", "eventbridge", "stepfunctions")
        )
        self._schedules = find(self._scheduler, "_schedules")
        self._invoke, self._start = find(self._events, "_invoke_target"), find(self._states, "_start_execution")
        self._scope = find(import_module("ministack.core.responses"), "request_scope")
        self._clock, self._seen = clock, clock.now()

    def apply(self, handlers: dict[str, Any]) -> None:
        """Replace MiniStack's own search for what is due, and keep time zones and limits of templates.

        Args:
            handlers: MiniStack's table of resource types.

        Raises:
            MovedError: MiniStack's internals have changed.
        """
        find(self._scheduler, "_tick_schedules")
        self._scheduler._tick_schedules = lambda: None  # type: ignore[attr-defined]  # noqa: SLF001
        handler = handlers.get(SCHEDULE)
        if handler is None:
            raise MovedError(f"type {SCHEDULE}")

        def create(logical_id: str, properties: _Properties, stack: str) -> tuple[str, _Properties]:
            name, attributes = handler["create"](logical_id, properties, stack)
            self._keep(name, properties)
            return name, attributes

        def update(name: str, old: _Properties, new: _Properties, *rest: Any) -> tuple[str, _Properties]:  # noqa: ANN401
            name, attributes = handler["update"](name, old, new, *rest)
            self._keep(name, new)
            return name, attributes

        handlers[SCHEDULE] = {**handler, "create": create, "update": update}

    def _keep(self, name: str, properties: Mapping[str, Any]) -> None:
        record = self._schedules.get(f"{properties.get('GroupName', 'default')}/{name}")
        if record is not None:
            record |= {key: properties.get(key) for key in _KEPT} | {"State": properties.get("State", "ENABLED")}

    def minute_ended(self, end: float) -> None:
        """Start what was due since the last call.

        Args:
            end: End of the minute, in seconds since 1970.
        """
        after, self._seen = self._seen, end
        for (account, region, _), record in list(self._schedules._data.items()):  # noqa: SLF001 - it has no other way
            if record.get("State") == "ENABLED" and self._action(record).due(after, end, _next_fire):
                with self._scope(account, region):
                    self._fire(record, end)

    def _action(self, record: Mapping[str, Any]) -> ScheduledAction:
        return ScheduledAction(
            str(record["Name"]),
            str(record["ScheduleExpression"]),
            str(record.get("ScheduleExpressionTimezone") or "UTC"),
            start=_moment(record.get("StartDate")),
            end=_moment(record.get("EndDate")),
            created=self._clock.inside(float(record["CreationDate"])),
        )

    def _fire(self, record: _Properties, due: float) -> None:
        target = record["Target"]
        moment = datetime.fromtimestamp(due, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = str(target.get("Input") or "{}").replace(_DUE, moment)
        if ":states:" not in target["Arn"]:
            self._invoke({**target, "Input": text}, _event(record, due), record)
            return
        status, _, body = self._start({"stateMachineArn": target["Arn"], "input": text})
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        if status >= _CLIENT_ERROR and queue:
            why = {"input": text, "error": json.loads(body)}
            self._invoke({"Arn": queue, "Input": json.dumps(why)}, _event(record, due), record)


def _next_fire(expression: str, moment: datetime) -> datetime | None:
    return Cron.of(expression).next_after(moment)


def _event(record: Mapping[str, Any], due: float) -> _Properties:
    return {
        "Source": "aws.scheduler",
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "Time": due,
        "Resources": [record["Arn"]],
    }


def _moment(value: object) -> float | None:
    """Return a time of the API, in seconds since 1970, or of a template."""
    if value is None or isinstance(value, (int, float)):
        return value
    return datetime.fromisoformat(str(value).replace("Z", "+00:00")).timestamp()
