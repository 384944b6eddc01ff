"""Numbers of tasks and targets: compared, unless they follow from the load of a run."""

from __future__ import annotations

from typing import Any

from tests.aws.answers.asking import Resource, Scene, counted


def _scene(*kinds: str) -> Scene:
    target: Any = None
    resources = tuple(Resource("Web", f"R{number}", kind, "id", "") for number, kind in enumerate(kinds))
    return Scene(target, {"Web": "efc-Web"}, resources, {})


def test_numbers_are_compared() -> None:
    assert counted(_scene("AWS::ECS::Service"), {"healthy": 2, "draining": 0}) == {"healthy": 2, "draining": 0}


def test_of_a_service_that_scales_only_whether_there_are_any() -> None:
    scene = _scene("AWS::ECS::Service", "AWS::ApplicationAutoScaling::ScalableTarget")
    assert counted(scene, {"healthy": 2, "draining": 0}) == {"healthy": True, "draining": False}
