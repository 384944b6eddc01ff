"""The app that rehearses deployments, without the embedded AWS: tests/e2e deploys it."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from tests.support import ROOT
from tests.support.example_apps import load
from tests.support.templates import of_type, template_of

pytestmark = pytest.mark.integration

EXAMPLE = load(ROOT / "examples" / "rehearsal" / "rehearsal.py")
CLIENT = load(ROOT / "examples" / "rehearsal" / "client.py")


def _service(**context: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The service's ``DeploymentConfiguration``, and the environment of its container."""
    template = template_of(EXAMPLE.build(cdk.App(context=context)))
    (service,) = of_type(template, "AWS::ECS::Service").values()
    (definition,) = of_type(template, "AWS::ECS::TaskDefinition").values()
    [container] = definition["Properties"]["ContainerDefinitions"]
    environment = {each["Name"]: each["Value"] for each in container["Environment"]}
    return service["Properties"]["DeploymentConfiguration"], environment


@pytest.mark.parametrize(
    ("rehearsal", "strategy", "fault", "hooks"),
    [
        ("good", "CANARY", "", []),
        ("errors", "CANARY", "errors", []),
        ("never-starts", "ROLLING", "exit", []),
        ("refused", "CANARY", "", ["AWS_LAMBDA"]),
        ("not-continued", "CANARY", "", ["PAUSE"]),
    ],
)
def test_a_rehearsal_has_one_thing_that_goes_wrong(rehearsal: str, strategy: str, fault: str, hooks: list[str]) -> None:
    configuration, environment = _service(rehearsal=rehearsal, version="7")
    assert configuration["Strategy"] == strategy
    assert environment == {"VERSION": "7", "FAULT": fault}
    assert [each["TargetType"] for each in configuration["LifecycleHooks"]] == hooks
    assert configuration["Alarms"]["Enable"] is True


@pytest.mark.parametrize("strategy", EXAMPLE.STRATEGIES)
def test_each_strategy_can_be_chosen(strategy: str) -> None:
    assert _service(strategy=strategy)[0]["Strategy"] == strategy.upper().replace("-", "_")


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"rehearsal": "bad"}, "-c rehearsal=bad is not known; use one of good, errors"),
        ({"strategy": "bad"}, "-c strategy=bad is not known"),
        ({"strategy": "rolling", "rehearsal": "refused"}, "needs a strategy that shifts traffic"),
    ],
)
def test_what_cannot_be_rehearsed_is_refused(context: dict[str, str], said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        _service(**context)


def test_the_client_says_which_version_answers_and_what_fails() -> None:
    answers = [
        CLIENT.Answer(0, 1, status, version)
        for status, version in [(200, "1")] * 7 + [(500, "2"), (503, "<html>"), (0, "")]
    ]
    assert CLIENT.summary(answers) == (
        "10 requests; version 1: 70%, version 2: 10%, 1 times 500, 1 times 503, 1 without an answer"
    )
