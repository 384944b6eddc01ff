"""Evaluate MiniStack's alarms each minute, as CloudWatch does.

MiniStack evaluates an alarm when a metric is put, over all metrics of a name, without data points or missing data; and
it has no alarms on expressions, nor composite alarms in templates.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.alarms.alarm import Alarm, NotEmulatedError
from ecr_fargate_constructs.local.alarms.evaluation import judge
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find
from ecr_fargate_constructs.local.ministack_patches.monitoring.answers import unflattened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ecr_fargate_constructs.local.metrics.store import Scope, Store


COMPOSITE_ALARM = "AWS::CloudWatch::CompositeAlarm"
_OF_ONE_METRIC = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions", "Unit")
_CLIENT_ERROR = 400


class Alarms:
    """The alarms of all accounts and regions."""

    def __init__(self, cloudwatch: Any, store: Store) -> None:  # noqa: ANN401 - an untyped package
        """Take MiniStack's module and the samples."""
        self._cloudwatch, self._store = cloudwatch, store
        self._alarms, self._composite = find(cloudwatch, "_alarms"), find(cloudwatch, "_composite_alarms")
        names = ("_record_history", "_dispatch_alarm_actions", "_evaluate_parent_alarms")
        self._record, self._act, self._tell_parents = (find(cloudwatch, name) for name in names)
        self._refused: set[tuple[Scope, str, str]] = set()

    def apply(self, handlers: dict[str, Any], provisioners: Any) -> None:  # noqa: ANN401 - an untyped package
        """Evaluate alarms here alone, and accept alarms on expressions and composite alarms.

        Args:
            handlers: MiniStack's table of resource types.
            provisioners: MiniStack's module of resource types.
        """
        for name in ("_evaluate_alarm", "_evaluate_all_alarms"):
            find(self._cloudwatch, name)
            setattr(self._cloudwatch, name, lambda *_: None)
        self._accept_expressions(provisioners)
        handlers.setdefault(COMPOSITE_ALARM, self._composite_alarms(find(provisioners, "_physical_name")))

    def scopes(self) -> set[Scope]:
        """Return the accounts and regions that have alarms."""
        return {key[:2] for key in list(self._alarms._data)}  # noqa: SLF001 - it has no other way

    def state(self, name: str) -> str | None:
        """Return the state of an alarm in the current account and region; None if there is no such alarm."""
        alarm = self._alarms.get(name) or self._composite.get(name)
        return None if alarm is None else str(alarm["StateValue"])

    def evaluate(self, scope: Scope, now: float) -> None:
        """Evaluate the alarms of the current account and region at the end of a minute."""
        for record in list(self._alarms.values()):
            try:
                alarm = Alarm.of(record)
                points = alarm.points(self._store, scope, now)
            except NotEmulatedError as error:
                self._refuse(scope, record["AlarmName"], str(error))
                continue
            old = str(record["StateValue"])
            verdict = judge(points, alarm.rule, old)
            if verdict.state != old:
                data = {"version": "1.0", "period": alarm.period, "threshold": alarm.rule.threshold}
                data["recentDatapoints"] = [each for each in points if each is not None]
                self._change(record, old, verdict.state, verdict.reason, data)

    def _change(self, record: Properties, old: str, new: str, reason: str, data: Properties) -> None:
        now = int(time.time())
        record.update(
            StateValue=new,
            StateReason=reason,
            StateReasonData=json.dumps(data),
            StateUpdatedTimestamp=now,
            StateTransitionedTimestamp=now,
        )
        self._record(record["AlarmName"], old, new, reason)
        self._act(record, old, new, reason)
        self._tell_parents(record)

    def _refuse(self, scope: Scope, name: str, reason: str) -> None:
        if (scope, name, reason) not in self._refused:
            self._refused.add((scope, name, reason))
            print(f"not emulated: alarm {name} keeps its state: {reason}", flush=True)

    def _accept_expressions(self, provisioners: Any) -> None:  # noqa: ANN401 - an untyped package
        record = find(provisioners, "_cw_metric_alarm_record")
        put = find(self._cloudwatch, "_put_metric_alarm")

        def record_alarm(name: str, properties: Properties) -> Properties:
            if not properties.get("Metrics"):
                alarm: Properties = record(name, properties)
                return alarm
            rest = {key: value for key, value in properties.items() if key != "Metrics"}
            alarm = record(name, {**rest, "MetricName": name, "Namespace": "Expression"})
            return _on_expression(alarm, properties["Metrics"])

        def put_metric_alarm(parameters: Properties, body: Properties, is_cbor: bool, is_json: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002
            answer = put(parameters, body, is_cbor, is_json)
            request = body if is_cbor or is_json else unflattened(parameters)
            if answer[0] < _CLIENT_ERROR and request.get("Metrics"):
                _on_expression(self._alarms[request["AlarmName"]], request["Metrics"])
            return answer

        provisioners._cw_metric_alarm_record = record_alarm  # noqa: SLF001 - what this module is for
        self._cloudwatch._put_metric_alarm = put_metric_alarm  # noqa: SLF001

    def _composite_alarms(self, physical_name: Callable[..., str]) -> dict[str, Callable[..., Any]]:
        put, remove = (find(self._cloudwatch, name) for name in ("_put_composite_alarm", "_delete_alarms"))
        is_cbor, is_json = False, True

        def store(name: str, properties: Properties) -> tuple[str, Properties]:
            enabled = str(properties.get("ActionsEnabled", True)).lower() != "false"
            status, _, body = put({}, {**properties, "AlarmName": name, "ActionsEnabled": enabled}, is_cbor, is_json)
            if status >= _CLIENT_ERROR:
                raise ValueError(json.loads(body).get("message") or body.decode())
            return name, {"Arn": self._composite[name]["AlarmArn"]}

        def create(logical_id: str, properties: Properties, stack: str) -> tuple[str, Properties]:
            name = properties.get("AlarmName") or physical_name(stack, logical_id, max_len=255)
            return store(str(name), properties)

        def update(name: str, _old: Properties, new: Properties, _stack: str) -> tuple[str, Properties]:
            return store(name, new)

        def delete(name: str, _properties: Properties) -> None:
            remove({}, {"AlarmNames": [name]}, is_cbor, is_json)

        return {"create": create, "update": update, "delete": delete}


def _on_expression(alarm: Properties, metrics: list[Properties]) -> Properties:
    """Let an alarm's record be one on an expression."""
    for name in _OF_ONE_METRIC:
        alarm.pop(name, None)
    alarm["Metrics"] = list(_typed(metrics))
    return alarm


def _typed(metrics: list[Properties]) -> Iterator[Properties]:
    """Return queries with numbers and booleans, which templates and form fields may give as text."""
    for each in metrics:
        query = {**each, "ReturnData": str(each.get("ReturnData", True)).lower() != "false"}
        if "Period" in query:
            query["Period"] = int(query["Period"])
        if isinstance(query.get("MetricStat"), dict):
            query["MetricStat"] = {**query["MetricStat"], "Period": int(query["MetricStat"]["Period"])}
        yield query
