"""Jobs in the picture, and the arrows of queues."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sqs as sqs

from ecr_fargate_constructs import WorkerContainer, WorkerService
from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.diagram.architecture import scene_of
from ecr_fargate_constructs.tools.diagram.layout import lay_out
from ecr_fargate_constructs.tools.diagram.scene import Arrow, Box, Group, Scene
from ecr_fargate_constructs.tools.diagram.svg import svg

if TYPE_CHECKING:
    from pathlib import Path

_ARROWS = ".//{http://www.w3.org/2000/svg}path[@marker-end]"


def _boxes(scene: Scene) -> dict[str, Box]:
    return {box.anchor: box for box, _ in lay_out(scene.root, margin=0, top=0).boxes}


def _from(scene: Scene, title: str) -> list[tuple[str, str, bool]]:
    """The arrows at a box: kind and title of the other end, and whether they point at the box."""
    boxes = _boxes(scene)
    return sorted(
        (boxes[each.end].kind, boxes[each.end].title, each.back)
        for each in scene.arrows
        if each.start in boxes and boxes[each.start].title == title
    )


def test_a_job_has_its_schedule_its_task_and_what_it_uses(assemblies: Path) -> None:
    scene = scene_of(load(assemblies / "scheduled_job"))
    jobs = {box.title: [row.text for row in box.rows] for box in _boxes(scene).values() if box.kind == "Fargate job"}
    assert jobs == {
        "Report": ["cron(0 3 * * ? *) Europe/Berlin", "0.25 vCPU, 0.5 GB", "job: built by the app"],
        "CleanUp": ["rate(1 hour)", "0.25 vCPU, 0.5 GB", "job: built by the app"],
    }
    assert _from(scene, "Report") == [
        ("CloudWatch", "3 alarms", False),
        ("ECR repository", "Repository", False),
        ("log group", "Report/LogGroup", False),
        ("queue", "Report/DeadLetters", False),
    ]
    [private] = [
        group for group, _ in lay_out(scene.root, margin=0, top=0).groups if group.title == "private subnets, 2 zones"
    ]
    assert {"Report", "CleanUp"} <= _titles(private)


def _titles(group: Group) -> set[str]:
    found: set[str] = set()
    for each in group.children:
        found |= {each.title} if isinstance(each, Box) else _titles(each)
    return found


def test_a_schedule_says_when_it_is_disabled(assemblies: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for file in (assemblies / "scheduled_job").iterdir():
        if file.is_file():
            (folder / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    template = json.loads((folder / "Jobs.template.json").read_text(encoding="utf-8"))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Scheduler::Schedule":
            resource["Properties"]["State"] = "DISABLED"
    (folder / "Jobs.template.json").write_text(json.dumps(template), encoding="utf-8")
    assert ">rate(1 hour), disabled</text>" in svg(scene_of(load(folder)))


def test_messages_go_from_the_queue_to_the_worker_and_from_the_sender_to_the_queue(assemblies: Path) -> None:
    scene = scene_of(load(assemblies / "roles"))
    queue = ("queue", "Work/Queue")
    assert (*queue, True) in _from(scene, "Worker")
    assert (*queue, False) not in _from(scene, "Worker")
    assert (*queue, False) in _from(scene, "Site")
    assert (*queue, True) not in _from(scene, "Site")


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (["sqs:ReceiveMessage"], [True]),
        (["SQS:receive*"], [True]),
        (["sqs:SendMessage"], [False]),
        (["sqs:*"], [False, True]),
        (["sqs:GetQueueAttributes"], [False]),
    ],
)
def test_the_role_decides_the_direction(actions: list[str], expected: list[bool], tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path))
    stack = cdk.Stack(app, "Stack")
    queue = sqs.Queue(stack, "Queue")
    worker = WorkerService(stack, "Worker", container=WorkerContainer("public.ecr.aws/nginx/nginx:1.29"))
    worker.task_definition.add_to_task_role_policy(
        cdk.aws_iam.PolicyStatement(actions=actions, resources=[queue.queue_arn])
    )
    app.synth()
    ends = [back for kind, _, back in _from(scene_of(load(tmp_path)), "Worker") if kind == "queue"]
    assert ends == expected


def test_an_arrow_back_has_its_head_at_its_start() -> None:
    boxes = tuple(Box(anchor=each, title=each, kind="box") for each in "ab")
    ends = []
    for back in (False, True):
        scene = Scene("Two", Group(children=boxes, beside=True), (Arrow("a", "b", back=back),))
        [path] = ET.fromstring(svg(scene)).iterfind(_ARROWS)  # noqa: S314 - made here
        words = path.attrib["d"].removeprefix("M").replace("C", " ").split()
        ends.append((words[:2], words[-2:]))
    assert ends[1] == ends[0][::-1]
