"""Answer about metrics: ``GetMetricData``, ``GetMetricStatistics``, ``ListMetrics``, and store ``PutMetricData``.

Users' timestamps are the machine's, and those of the store the clock's.
"""

from __future__ import annotations

import json
import re
import time
from datetime import datetime, timezone
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias
from xml.sax.saxutils import escape

from ecr_fargate_constructs.local.metrics.functions import ExpressionError
from ecr_fargate_constructs.local.metrics.queries import Grid, Query, answers, metric_of, period_of, series
from ecr_fargate_constructs.local.metrics.statistics import UnknownStatisticError
from ecr_fargate_constructs.local.metrics.store import Metric, Sample
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecr_fargate_constructs.local.clock import Clock
    from ecr_fargate_constructs.local.metrics.functions import Value
    from ecr_fargate_constructs.local.metrics.store import Scope, Store

_Answer: TypeAlias = tuple[int, dict[str, str], bytes]

_HOUR = 3600
_MOST_PERIODS = 100_800  # "GetMetricData" returns as many data points at most


def answer_about_metrics(cloudwatch: Any, store: Store, clock: Clock, scope: Callable[[], Scope]) -> None:  # noqa: ANN401
    """Let MiniStack's CloudWatch answer from a store.

    Args:
        cloudwatch: MiniStack's module.
        store: The samples.
        clock: The clock of the embedded AWS.
        scope: Returns account and region of a request.
    """
    asked = _Answers(cloudwatch, store, clock, scope)
    for name in ("_store_datum", "_evict_old_metrics", "record_metric"):
        find(cloudwatch, name)
    cloudwatch._store_datum, cloudwatch._evict_old_metrics = asked.put, lambda: None  # noqa: SLF001
    cloudwatch.record_metric = asked.record
    for operation, action in (
        ("_get_metric_data", asked.get_metric_data),
        ("_get_metric_statistics", asked.get_metric_statistics),
        ("_list_metrics", asked.list_metrics),
    ):
        find(cloudwatch, operation)
        setattr(cloudwatch, operation, asked.operation(operation, action))


class _Answers:
    def __init__(self, cloudwatch: Any, store: Store, clock: Clock, scope: Callable[[], Scope]) -> None:  # noqa: ANN401
        self._store, self._clock, self._scope = store, clock, scope
        self._time_of, self._cbor = find(cloudwatch, "_parse_ts"), find(cloudwatch, "_cbor_ok")
        self._json, self._error = find(cloudwatch, "_json_ok"), find(cloudwatch, "_error")

    def put(
        self,
        namespace: str,
        name: str,
        dimensions: dict[str, str],
        moment: float,
        unit: str,
        value: float | None,
        values: list[float] | None,
        counts: list[float] | None,
        statistics: dict[str, float] | None,
    ) -> None:
        """Store a datum of ``PutMetricData``."""
        at = self._clock.inside(float(moment))
        if values:
            pairs = zip(map(float, values), map(float, counts or [1.0] * len(values)), strict=False)
            sample = Sample.of(at, pairs, unit)
        elif statistics:
            of = {each: float(statistics.get(each, 0)) for each in ("SampleCount", "Sum", "Minimum", "Maximum")}
            sample = Sample(at, of["SampleCount"], of["Sum"], of["Minimum"], of["Maximum"], (), unit)
        else:
            sample = Sample.of(at, [(float(value or 0), 1)], unit)
        self._store.add(self._scope(), Metric.of(namespace, name, dimensions), sample)

    def record(
        self, namespace: str, name: str, value: float, unit: str = "None", dimensions: dict[str, str] | None = None
    ) -> None:
        """Store a value that another service of MiniStack measured."""
        sample = Sample.of(self._clock.now(), [(float(value), 1)], unit)
        self._store.add(self._scope(), Metric.of(namespace, name, dimensions or {}), sample)

    def operation(self, name: str, answer: Callable[[Properties], Properties]) -> Callable[..., _Answer]:
        """Return an operation in MiniStack's form, for each of the three protocols."""
        title = "".join(word.title() for word in name.split("_"))

        def respond(parameters: Properties, body: Properties, is_cbor: bool, is_json: bool = False) -> _Answer:  # noqa: FBT001, FBT002
            try:
                answered = answer(body if is_cbor or is_json else unflattened(parameters))
            except (ExpressionError, UnknownStatisticError, ValueError) as error:
                text = f"The value {error} is not supported"
                refused: _Answer = self._error("ValidationError", text, 400, use_json=is_json, use_cbor=is_cbor)
                return refused
            if not is_cbor and not is_json:
                return 200, {"Content-Type": "text/xml"}, _xml(title, _timestamps(answered, _text))
            encode, moment = (self._cbor, _tagged) if is_cbor else (self._json, float)
            encoded: _Answer = encode(_timestamps(answered, moment))
            return encoded

        return respond

    def get_metric_data(self, request: Properties) -> Properties:
        """Answer ``GetMetricData``."""
        queries = [Query.of(each) for each in request.get("MetricDataQueries") or ()]
        start, end = self._times(request)
        grid = _grid(start, end, period_of(queries))
        values: dict[str, Value] = {}
        for period in {query.period or grid.period for query in queries if query.metric is not None} - {grid.period}:
            own = [query for query in queries if query.metric is not None and query.period == period]
            values |= answers(self._store, self._scope(), own, _grid(start, end, period))
        values = answers(self._store, self._scope(), queries, grid) | values
        newest_first = request.get("ScanBy") != "TimestampAscending"
        results = []
        for query in queries:
            value = values[query.identifier]
            for points in value if isinstance(value, list) else [value]:
                shown = points if isinstance(points, dict) else dict.fromkeys(grid.times[-1:], points)
                times = sorted(shown, reverse=newest_first)
                results.append(
                    {
                        "Id": query.identifier,
                        "Label": query.label,
                        "Timestamps": [self._clock.outside(each) for each in times],
                        "Values": [float(shown[each]) for each in times],
                        "StatusCode": "Complete",
                    }
                )
        returned = {query.identifier for query in queries if query.returned}
        return {"MetricDataResults": [each for each in results if each["Id"] in returned]}

    def get_metric_statistics(self, request: Properties) -> Properties:
        """Answer ``GetMetricStatistics``."""
        metric = metric_of(request)
        start, end = self._times(request)
        grid = _grid(start, end, int(request.get("Period") or 60))
        plain, extended = request.get("Statistics") or [], request.get("ExtendedStatistics") or []
        by_name = {name: series(self._store, self._scope(), metric, name, grid) for name in (*plain, *extended)}
        units = {sample.unit for sample in self._store.samples(self._scope(), metric, start, end)}
        points = []
        for at in sorted({at for values in by_name.values() for at in values}):
            point: Properties = {"Timestamp": self._clock.outside(at), "Unit": next(iter(units), "None")}
            point |= {name: by_name[name][at] for name in plain if at in by_name[name]}
            percentiles = {name: by_name[name][at] for name in extended if at in by_name[name]}
            points.append({**point, "ExtendedStatistics": percentiles} if percentiles else point)
        return {"Label": metric.name, "Datapoints": points}

    def list_metrics(self, request: Properties) -> Properties:
        """Answer ``ListMetrics``."""
        wanted = [(each["Name"], each.get("Value")) for each in request.get("Dimensions") or ()]
        namespace, name = request.get("Namespace"), request.get("MetricName")
        return {
            "Metrics": [
                {
                    "Namespace": metric.namespace,
                    "MetricName": metric.name,
                    "Dimensions": [{"Name": key, "Value": value} for key, value in metric.dimensions],
                }
                for metric in self._store.metrics(self._scope())
                if metric.namespace == (namespace or metric.namespace)
                and metric.name == (name or metric.name)
                and all(
                    (value or dict(metric.dimensions).get(key)) == dict(metric.dimensions).get(key, "")
                    for key, value in wanted
                )
            ]
        }

    def _times(self, request: Properties) -> tuple[float, float]:
        """Return start and end of a request, in the clock's time."""
        given_start, given_end = (self._time_of(request.get(name)) for name in ("StartTime", "EndTime"))
        end = time.time() if given_end is None else float(given_end)
        start = end - _HOUR if given_start is None else float(given_start)
        return self._clock.inside(start), self._clock.inside(end)


def _grid(start: float, end: float, period: int) -> Grid:
    grid = Grid.covering(start, max(start, end), period)
    if grid.count > _MOST_PERIODS:
        return Grid.covering(end - _MOST_PERIODS * period, end, period)
    return grid


def unflattened(parameters: Properties) -> Properties:
    """Return the structure of a request in form fields, such as ``Dimensions.member.1.Name``."""
    root: Properties = {}
    for key, value in parameters.items():
        node, *path = re.sub(r"\.member\.(\d+)", r".\1", key).split(".")
        place = root
        for part in path:
            place, node = place.setdefault(node, {}), part
        place[node] = value[0] if isinstance(value, list) else value
    return {name: _listed(value) for name, value in root.items()}


def _listed(value: Any) -> Any:  # noqa: ANN401 - of any shape
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(each) for key, each in value.items()}


def _timestamps(value: Any, encode: Callable[[float], Any], name: str = "") -> Any:  # noqa: ANN401 - of any shape
    """Encode the times in an answer, which are seconds since 1970."""
    if isinstance(value, dict):
        return {key: _timestamps(each, encode, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_timestamps(each, encode, name) for each in value]
    return encode(value) if name in ("Timestamp", "Timestamps") else value


def _tagged(moment: float) -> Any:  # noqa: ANN401 - of another package
    return import_module("cbor2").CBORTag(1, float(moment))  # MiniStack needs it, and only for this protocol


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _xml(title: str, answer: Properties) -> bytes:
    body = "".join(_element(name, value) for name, value in answer.items())
    space = 'xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"'
    return f"<{title}Response {space}><{title}Result>{body}</{title}Result></{title}Response>".encode()


def _element(name: str, value: Any) -> str:  # noqa: ANN401 - of any shape
    if name == "ExtendedStatistics":
        pairs = (f"<entry><key>{escape(key)}</key><value>{each}</value></entry>" for key, each in value.items())
        return f"<{name}>{''.join(pairs)}</{name}>"
    if isinstance(value, list):
        return f"<{name}>{''.join(_element('member', each) for each in value)}</{name}>"
    if isinstance(value, dict):
        return f"<{name}>{''.join(_element(key, each) for key, each in value.items())}</{name}>"
    return f"<{name}>{escape(json.dumps(value) if isinstance(value, float) else str(value))}</{name}>"
