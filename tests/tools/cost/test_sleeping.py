"""Services that sleep: no task is the least, and nobody is warned of a single one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.assembly.workload import services
from ecr_fargate_constructs.tools.cost.prices import price_table
from ecr_fargate_constructs.tools.cost.tasks import service_costs
from ecr_fargate_constructs.tools.doctor.rules.service.single_task import SingleTask

if TYPE_CHECKING:
    from pathlib import Path

    from ecr_fargate_constructs.tools.assembly.model import App

TASK = {
    "Type": "AWS::ECS::TaskDefinition",
    "Properties": {"Cpu": "256", "Memory": "512", "RequiresCompatibilities": ["FARGATE"], "ContainerDefinitions": []},
}
SERVICE = {"Type": "AWS::ECS::Service", "Properties": {"LaunchType": "FARGATE", "TaskDefinition": {"Ref": "Task"}}}


def _app(folder: Path, variables: dict[str, Any], limits: tuple[int, int] | None) -> App:
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Environment": {"Variables": variables}}}
    resources: dict[str, Any] = {"Task": TASK, "Service": SERVICE, "Function": function}
    if limits is not None:
        resources["Limits"] = {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": {"MinCapacity": limits[0], "MaxCapacity": limits[1], "ResourceId": {"Ref": "Service"}},
        }
    manifest = {
        "artifacts": {
            "One": {
                "type": "aws:cloudformation:stack",
                "environment": "aws://unknown-account/unknown-region",
                "properties": {"templateFile": "One.template.json"},
            }
        }
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "One.template.json").write_text(json.dumps({"Resources": resources}), encoding="utf-8")
    return load(folder)


OF_WAKING = {"SERVICE": {"Ref": "Service"}, "FIRST_PRIORITY": "1"}


@pytest.mark.parametrize(
    ("variables", "limits", "counts"),
    [
        (OF_WAKING, None, (0, 1)),
        (OF_WAKING, (1, 4), (0, 4)),
        ({"SERVICE": {"Ref": "Service"}}, None, (1, 1)),  # another function that knows the service
        ({"FIRST_PRIORITY": "1"}, (1, 4), (1, 4)),  # that of another service
    ],
)
def test_the_least_and_the_most_tasks(
    tmp_path: Path, variables: dict[str, Any], limits: tuple[int, int] | None, counts: tuple[int, int]
) -> None:
    app = _app(tmp_path, variables, limits)
    [cost] = service_costs(services(app), price_table())[0]
    assert (cost.least, cost.most) == counts
    found = list(SingleTask()._check(app))
    assert bool(found) == (counts[0] == 1)
