"""Answers of CloudWatch about metrics."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from tests.local.ministack_patches.monitoring.conftest import World

_STAT = {"MetricStat": {"Metric": {"Namespace": "N", "MetricName": "Load"}, "Period": 60, "Stat": "Sum"}}


def _data(world: World, *queries: dict[str, Any], **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    times = {"StartTime": world.machine - 3600, "EndTime": world.machine + 60, **more}
    results: list[dict[str, Any]] = world.ask("_get_metric_data", MetricDataQueries=list(queries), **times)[
        "MetricDataResults"
    ]
    return results


def test_what_is_put_is_answered_with_expressions(world: World) -> None:
    start = world.machine // 60 * 60
    world.minutes(3, lambda: world.put(Load=2))
    results = _data(
        world,
        {"Id": "m", **_STAT, "ReturnData": False},
        {"Id": "e", "Expression": "m * 10", "Label": "ten times"},
        ScanBy="TimestampAscending",
    )
    assert results == [
        {
            "Id": "e",
            "Label": "ten times",
            "Timestamps": [start, start + 60, start + 120],
            "Values": [20.0, 20.0, 20.0],
            "StatusCode": "Complete",
        }
    ]
    assert _data(world, {"Id": "m", **_STAT})[0]["Timestamps"] == [start + 120, start + 60, start]  # newest first


@pytest.mark.parametrize("speed", [60])
def test_times_are_those_of_the_machine_also_with_a_faster_clock(world: World) -> None:
    start = world.machine
    world.minutes(30, lambda: world.put(Load=2))
    assert world.machine - start == pytest.approx(30, abs=1)
    [result] = _data(world, {"Id": "m", **_STAT}, ScanBy="TimestampAscending")
    assert len(result["Values"]) == 30
    gaps = {
        round(after - before, 3) for before, after in zip(result["Timestamps"], result["Timestamps"][1:], strict=False)
    }
    assert gaps == {1.0}
    # A value that is put with its own timestamp is of that time.
    datum = {"MetricName": "Own", "Value": 1, "Timestamp": start + 10}
    world.ask("_put_metric_data", Namespace="N", MetricData=[datum])
    [own] = world.ask(
        "_get_metric_statistics",
        Namespace="N",
        MetricName="Own",
        StartTime=start,
        EndTime=world.machine,
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    assert own["Timestamp"] == pytest.approx(start + 10, abs=1)


def test_statistics_with_percentiles_and_sets(world: World) -> None:
    world.ask(
        "_put_metric_data",
        Namespace="N",
        MetricData=[
            {"MetricName": "Time", "Values": [0.1, 5.0], "Counts": [98, 2], "Unit": "Seconds"},
            {"MetricName": "Set", "StatisticValues": {"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 4}},
        ],
    )
    times = {"StartTime": world.machine - 60, "EndTime": world.machine + 60, "Period": 60}
    asked = {"Namespace": "N", "MetricName": "Time", "Statistics": ["Maximum"], "ExtendedStatistics": ["p90"]}
    [point] = world.ask("_get_metric_statistics", **asked, **times)["Datapoints"]
    assert (point["Unit"], point["Maximum"], point["ExtendedStatistics"]) == ("Seconds", 5, {"p90": 0.1})
    [point] = world.ask("_get_metric_statistics", Namespace="N", MetricName="Set", Statistics=["Average"], **times)[
        "Datapoints"
    ]
    assert point["Average"] == 2.5


def test_metrics_are_listed_by_name_and_dimensions(world: World) -> None:
    for value in ("a", "b"):
        dimensions = [{"Name": "Of", "Value": value}]
        world.ask(
            "_put_metric_data", Namespace="N", MetricData=[{"MetricName": "M", "Dimensions": dimensions, "Value": 1}]
        )
    world.put(Other=1)

    def listed(**request: Any) -> list[tuple[str, list[str]]]:  # noqa: ANN401
        found = world.ask("_list_metrics", **request)["Metrics"]
        return [(each["MetricName"], [own["Value"] for own in each["Dimensions"]]) for each in found]

    assert listed() == [("M", ["a"]), ("M", ["b"]), ("Other", [])]
    assert listed(MetricName="Other", Namespace="N") == [("Other", [])]
    assert listed(Dimensions=[{"Name": "Of"}]) == [("M", ["a"]), ("M", ["b"])]
    assert listed(Dimensions=[{"Name": "Of", "Value": "b"}]) == [("M", ["b"])]
    assert listed(Namespace="Nobody") == []


def test_the_older_protocol_is_answered_too(world: World) -> None:
    world.put(Load=3)
    fields = {
        "Action": "GetMetricData",
        "StartTime": str(world.machine - 60),
        "EndTime": str(world.machine + 60),
        "MetricDataQueries.member.1.Id": "e",
        "MetricDataQueries.member.1.Expression": "m / 2",
        "MetricDataQueries.member.2.Id": "m",
        "MetricDataQueries.member.2.ReturnData": "false",
        "MetricDataQueries.member.2.MetricStat.Metric.Namespace": "N",
        "MetricDataQueries.member.2.MetricStat.Metric.MetricName": "Load",
        "MetricDataQueries.member.2.MetricStat.Period": "60",
        "MetricDataQueries.member.2.MetricStat.Stat": "Sum",
    }
    module = world.modules["cloudwatch"]
    query = {name: [value] for name, value in fields.items()}
    status, _, body = asyncio.run(module.handle_request("POST", "/", {}, b"", query))
    space = "{http://monitoring.amazonaws.com/doc/2010-08-01/}"
    assert status == 200
    root = ET.fromstring(body)  # noqa: S314 - our own answer
    assert root.tag == f"{space}GetMetricDataResponse"
    assert [each.text for each in root.iter(f"{space}Id")] == ["e"]
    [values] = root.iter(f"{space}Values")
    assert [each.text for each in values] == ["1.5"]


@pytest.mark.parametrize(("query", "what"), [({"Expression": "SEARCH('a')"}, "SEARCH"), ({"Expression": "x"}, "x")])
def test_what_is_not_supported_is_refused(world: World, query: dict[str, Any], what: str) -> None:
    request = {"MetricDataQueries": [{"Id": "e", **query}], "StartTime": 0, "EndTime": 60}
    status, _, body = world.modules["cloudwatch"]._get_metric_data({}, request, False, True)
    assert status == 400
    assert what in str(body)


def test_a_reset_forgets_everything(world: World) -> None:
    world.put(Load=1)
    world.modules["cloudwatch"].reset()
    assert world.ask("_list_metrics") == {"Metrics": []}
