"""Alarms on metrics and on expressions, evaluated at a time."""

from __future__ import annotations

from typing import Any

import pytest

from ecr_fargate_constructs.local.alarms.alarm import Alarm, NotEmulatedError
from ecr_fargate_constructs.local.alarms.evaluation import ALARM, INSUFFICIENT_DATA, OK
from ecr_fargate_constructs.local.metrics.store import Metric, Sample, Store

_SCOPE = ("111122223333", "eu-central-1")
_NOW = 60_000_000.0


def _store(**per_minute: list[float | None]) -> Store:
    """Return a store with the sums of metrics for the minutes before now, the oldest first."""
    store = Store()
    for name, values in per_minute.items():
        for age, value in enumerate(reversed(values), start=1):
            if value is not None:
                store.add(_SCOPE, Metric("N", name), Sample.of(_NOW - 60 * age, [(value, 1)]))
    return store


def _metric(name: str, identifier: str) -> dict[str, Any]:
    return {
        "Id": identifier,
        "MetricStat": {"Metric": {"Namespace": "N", "MetricName": name}, "Period": 60, "Stat": "Sum"},
        "ReturnData": False,
    }


def _error_percent(**more: Any) -> Alarm:  # noqa: ANN401
    return Alarm.of(
        {
            "AlarmName": "errors",
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 5,
            "EvaluationPeriods": 2,
            "TreatMissingData": "notBreaching",
            "Metrics": [
                {"Id": "expr", "Expression": "100 * FILL(errors, 0) / requests"},
                _metric("Errors", "errors"),
                _metric("Requests", "requests"),
            ],
            **more,
        }
    )


@pytest.mark.parametrize(
    ("errors", "requests", "state"),
    [
        ([1, 1], [10, 10], ALARM),
        ([None, 1], [10, 10], OK),
        ([None, None], [10, 10], OK),
        ([None, None], [None, None], OK),  # no value without requests, and missing values are fine
        ([9, None], [9, None], OK),  # a minute with errors alone, and one without requests
    ],
)
def test_the_share_of_errors(errors: list[float | None], requests: list[float | None], state: str) -> None:
    store = _store(Errors=errors, Requests=requests)
    assert _error_percent().verdict(store, _SCOPE, _NOW, OK).state == state


def test_one_bad_minute_of_two_is_enough_if_the_alarm_says_so() -> None:
    store = _store(Errors=[None, 1], Requests=[10, 10])
    assert _error_percent(DatapointsToAlarm=1).verdict(store, _SCOPE, _NOW, OK).state == ALARM


def test_an_extended_statistic() -> None:
    store = Store()
    for value, count in ((0.1, 99), (3.0, 1)):
        store.add(_SCOPE, Metric("N", "Time"), Sample.of(_NOW - 30, [(value, count)]))
    properties = {
        "AlarmName": "slow",
        "Namespace": "N",
        "MetricName": "Time",
        "Period": 60,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    states = [
        Alarm.of({**properties, "ExtendedStatistic": name}).verdict(store, _SCOPE, _NOW, OK).state
        for name in ("p90", "p99.9")
    ]
    assert states == [OK, ALARM]


def test_the_window_slides_and_is_not_aligned_to_the_clock() -> None:
    store = _store(Requests=[None, None, 7, None, None, None])
    properties = {
        "AlarmName": "few",
        "Namespace": "N",
        "MetricName": "Requests",
        "Statistic": "Sum",
        "Period": 300,
        "Threshold": 7,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    }
    alarm = Alarm.of(properties)
    assert [
        alarm.points(
            store,
            _SCOPE,
            _NOW + 60 * minutes,
        )[-1]
        for minutes in (0, 1, 2)
    ] == [7, 7, None]


def test_dimensions_belong_to_the_metric() -> None:
    store = Store()
    store.add(_SCOPE, Metric.of("N", "M", {"Of": "another"}), Sample.of(_NOW - 30, [(9, 1)]))
    properties = {
        "AlarmName": "own",
        "Namespace": "N",
        "MetricName": "M",
        "Dimensions": [{"Name": "Of", "Value": "mine"}],
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    assert Alarm.of(properties).verdict(store, _SCOPE, _NOW, OK).state == INSUFFICIENT_DATA


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "GreaterThanUpperThreshold"),
        ({"Metrics": [{"Id": "e", "Expression": "SEARCH('a', 'Sum', 60)"}]}, "the function SEARCH"),
        ({"Metrics": [{"Id": "e", "Expression": "nobody"}]}, "nobody, which is not the id of a query"),
        ({"Metrics": [{"Id": "a", "Expression": "b"}, {"Id": "b", "Expression": "a", "ReturnData": False}]}, "a, b"),
        ({"Metrics": [{"Id": "a", "Expression": "1"}]}, "not one time series"),
    ],
)
def test_what_is_not_emulated_says_so(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(NotEmulatedError, match=what):
        _error_percent(**changes).points(Store(), _SCOPE, _NOW)


def test_metrics_of_dynamodb_ignore_missing_data() -> None:
    properties = {
        "AlarmName": "throttled",
        "Namespace": "AWS/DynamoDB",
        "MetricName": "ThrottledRequests",
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "breaching",
    }
    assert Alarm.of(properties).verdict(Store(), _SCOPE, _NOW, OK).state == OK
