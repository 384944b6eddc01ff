"""Alarms on MiniStack: from templates and requests, with their history, actions and composite alarms."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.ministack_patches.monitoring.alarms import COMPOSITE_ALARM

if TYPE_CHECKING:
    from tests.local.ministack_patches.monitoring.conftest import World

_TOPIC = "arn:aws:sns:us-east-1:000000000000:page"
_LOAD = {
    "Namespace": "N",
    "MetricName": "Load",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 2,
    "Threshold": 5,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}
_SHARE = {
    "Metrics": [
        {"Id": "expr", "Expression": "100 * FILL(errors, 0) / requests", "Label": "5xx"},
        *(
            {
                "Id": name.lower(),
                "MetricStat": {"Metric": {"Namespace": "N", "MetricName": name}, "Period": "60", "Stat": "Sum"},
                "ReturnData": "false",
            }
            for name in ("Errors", "Requests")
        ),
    ],
    **{name: value for name, value in _LOAD.items() if name not in ("Namespace", "MetricName", "Statistic", "Period")},
}


def _create(world: World, name: str, properties: dict[str, Any], kind: str = "AWS::CloudWatch::Alarm") -> None:
    world.handlers[kind]["create"](name, {"AlarmName": name, **properties}, "Stack")


def test_an_alarm_goes_off_after_its_periods_and_calms_down(world: World) -> None:
    _create(world, "load", _LOAD)
    assert world.state("load") == "INSUFFICIENT_DATA"
    states = []
    for value in (9, 9, 9, 1, 9):
        world.minutes(1, lambda value=value: world.put(Load=value))  # type: ignore[misc]
        states.append(world.state("load"))
    assert states == ["OK", "ALARM", "ALARM", "OK", "OK"]
    assert world.state("nobody") is None


def test_an_alarm_on_an_expression_from_a_template(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    _create(world, "share", _SHARE)

    def bad_minute() -> None:
        world.put(Errors=1)
        world.put(Requests=10)

    world.minutes(2, bad_minute)
    assert world.state("share") == "ALARM"
    world.minutes(2, lambda: world.put(Requests=10))
    assert world.state("share") == "OK"
    [described] = world.ask("_describe_alarms", AlarmNames=["share"])["MetricAlarms"]
    assert "MetricName" not in described
    assert [each["ReturnData"] for each in described["Metrics"]] == [True, False, False]
    assert described["Metrics"][1]["MetricStat"]["Period"] == 60
    assert capsys.readouterr().out == ""


def test_an_alarm_on_an_expression_from_a_request(world: World) -> None:
    world.ask("_put_metric_alarm", AlarmName="share", **_SHARE)
    world.minutes(2, lambda: world.put(Errors=1, Requests=1))
    assert world.state("share") == "ALARM"


def test_each_change_is_in_the_history_and_tells_the_topic_of_its_state(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, str]] = []

    def fan_out(topic: str, _id: str, message: str, _subject: str) -> None:
        sent.append((topic, json.loads(message)["NewStateValue"]))

    monkeypatch.setattr(world.modules["sns"], "_fanout", fan_out)
    _create(world, "load", {**_LOAD, "AlarmActions": [_TOPIC], "OKActions": [f"{_TOPIC}-ok"]})
    world.minutes(4, lambda: world.put(Load=9))
    world.minutes(3)
    assert sent == [(f"{_TOPIC}-ok", "OK"), (_TOPIC, "ALARM"), (f"{_TOPIC}-ok", "OK")]
    history = world.ask("_describe_alarm_history", AlarmName="load")["AlarmHistoryItems"]
    changes = {each["HistorySummary"] for each in history}
    assert {"Alarm updated from OK to ALARM", "Alarm updated from ALARM to OK"} <= changes
    [described] = world.ask("_describe_alarms", AlarmNames=["load"])["MetricAlarms"]
    assert described["StateReason"].startswith("Threshold Crossed: no datapoints were received for 1 period ")


def test_actions_that_are_disabled_are_not_taken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.modules["sns"], "_fanout", lambda *_: pytest.fail("an action was taken"))
    _create(world, "load", {**_LOAD, "AlarmActions": [_TOPIC], "ActionsEnabled": False})
    world.minutes(3, lambda: world.put(Load=9))
    assert world.state("load") == "ALARM"


def test_a_composite_alarm_follows_its_rule(world: World) -> None:
    _create(world, "load", _LOAD)
    _create(world, "other", {**_LOAD, "MetricName": "Other"})
    rule = {"AlarmRule": "ALARM(load) AND NOT ALARM(other)", "AlarmActions": []}
    _create(world, "both", rule, COMPOSITE_ALARM)
    assert world.state("both") == "OK"
    world.minutes(2, lambda: world.put(Load=9))
    assert world.state("both") == "ALARM"
    world.minutes(2, lambda: world.put(Load=9, Other=9))
    assert world.state("both") == "OK"
    world.handlers[COMPOSITE_ALARM]["update"]("both", rule, {"AlarmRule": "ALARM(load)"}, "Stack")
    assert world.state("both") == "ALARM"
    world.handlers[COMPOSITE_ALARM]["delete"]("both", {})
    assert world.state("both") is None
    with pytest.raises(ValueError, match="do not exist"):
        _create(world, "both", {"AlarmRule": "ALARM(nobody)"}, COMPOSITE_ALARM)


def test_a_state_that_was_set_lasts_until_the_next_minute(world: World) -> None:
    _create(world, "load", _LOAD)
    world.minutes(1, lambda: world.put(Load=1))
    world.ask("_set_alarm_state", AlarmName="load", StateValue="ALARM", StateReason="a drill")
    assert world.state("load") == "ALARM"
    world.minutes(1)
    assert world.state("load") == "OK"


def test_what_cannot_be_evaluated_is_said_once(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    _create(world, "found", {**_SHARE, "Metrics": [{"Id": "s", "Expression": "SEARCH('x', 'Sum', 60)"}]})
    _create(world, "load", _LOAD)
    world.minutes(3, lambda: world.put(Load=9))
    assert capsys.readouterr().out.splitlines() == [
        "not emulated: alarm found keeps its state: it uses the function SEARCH, which is not emulated"
    ]
    assert (world.state("found"), world.state("load")) == ("INSUFFICIENT_DATA", "ALARM")


@pytest.mark.parametrize("speed", [60])
def test_two_minutes_take_two_seconds_with_a_fast_clock(world: World) -> None:
    _create(world, "load", _LOAD)
    start = world.machine
    world.minutes(3, lambda: world.put(Load=9))
    assert world.state("load") == "ALARM"
    assert world.machine - start <= 3
