"""``local status`` and ``local url`` on recorded answers: names, URLs, tasks, states, and what scripts read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError
from typer.testing import CliRunner, Result

from ecr_fargate_constructs.cli import report
from ecr_fargate_constructs.cli.main import app
from ecr_fargate_constructs.cli.printing import Console
from ecr_fargate_constructs.local.app_status import app_status
from ecr_fargate_constructs.local.containers import Container
from ecr_fargate_constructs.tools.errors import ToolError
from tests.local.recorded_cloud import BALANCER, PORT, TASKS, RecordedCloud, play, write_app

if TYPE_CHECKING:
    from pathlib import Path


DIGEST = "sha256:115b64fdbc4dc6e57686d9f8528b4942206652e2f0eb02b638379f9c3c2c48d3"
REPOSITORY = "web-repo02ac86cf-ab7be1e864bbb"
GONE = {"StackName": "Web", "StackStatus": "DELETE_COMPLETE"}
NO_STACK: dict[str, Any] = {"cloudformation.list_stacks {}": [{"StackSummaries": [GONE]}]}


def _run(app_directory: Path, *arguments: str) -> Result:
    command = ["local", *arguments, "--app-dir", str(app_directory)]
    return CliRunner().invoke(app, command, env={"COLUMNS": "40"})


def _cause(done: Result) -> str:
    assert isinstance(done.exception, ToolError), done.output
    return f"{done.exception.cause}\n{done.exception.fix}"


def test_each_service_is_shown_with_its_name_url_and_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_app(tmp_path)
    play(monkeypatch)
    done = _run(tmp_path, "status")
    assert done.exit_code == 0, done.output
    head, home, host, worker = done.output.split("\n\n")
    for block, name in ((head, "Web/Head"), (home, "Web/Home"), (host, "Web/Host")):
        assert f"service    {name}\n" in block
    assert f"url        http://{BALANCER}/?a=b with x-beta: yes\n" in head
    assert f"url        http://{BALANCER}/\n" in home
    assert f"url        http://api.example.com.{BALANCER}/\n" in host
    assert "service    Web/WorkerService9FFC549A\n" in worker
    assert "url" not in worker
    assert "tasks      1 of 1 running\n" in worker


def test_nothing_is_folded_or_said_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_app(tmp_path)
    play(monkeypatch)
    block = _run(tmp_path, "status").output.split("\n\n")[1]
    assert f"digest     {DIGEST}\n" in block
    assert f"repository {REPOSITORY}\n" in block
    image = f"000000004571.dkr.ecr.us-east-1.amazonaws.com/{REPOSITORY}"
    assert f"runs       {TASKS['Home']} web {image}:" in block
    lines = block.strip().splitlines()
    assert len(lines) == len(set(lines)) == 8


def test_the_engine_says_what_runs(tmp_path: Path) -> None:
    instance = write_app(tmp_path)
    cluster = "arn:aws:ecs:us-east-1:000000004571:task/Web-C375D67C5"
    worker = Container("1", "really:this", f"{cluster}/ae6f30f1-6c8f-4ffd-bb3c-30d7d7214db7", "worker")
    other = Container("2", "not:this", worker.task, "sidecar")
    found = app_status(RecordedCloud(instance), instance.assembly, PORT, [other, worker])
    assert found.services[-1].tasks[0].containers[0].runs == "really:this"


def test_scripts_get_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_app(tmp_path)
    play(monkeypatch)
    done = _run(tmp_path, "status", "--format", "json")
    assert done.exit_code == 0
    found = json.loads(done.output)
    assert (found["state"], found["port"], found["stacks"]) == ("running", PORT, {"Web": "UPDATE_COMPLETE"})
    head, _, _, worker = found["services"]
    assert (head["service"], head["url"], head["headers"]) == ("Web/Head", f"http://{BALANCER}/?a=b", {"x-beta": "yes"})
    assert (worker["url"], worker["running"], worker["desired"]) == (None, 1, 1)
    assert worker["tasks"][0]["containers"][0]["digest"] == DIGEST
    assert found["further_urls"] == []


def test_urls_are_one_a_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_app(tmp_path)
    play(monkeypatch)
    assert _run(tmp_path, "url").output.splitlines() == [
        f"http://{BALANCER}/?a=b",
        f"http://{BALANCER}/",
        f"http://api.example.com.{BALANCER}/",
    ]
    rows = json.loads(_run(tmp_path, "url", "--format", "json").output)
    assert [row["service"] for row in rows] == ["Web/Head", "Web/Home", "Web/Host"]


@pytest.mark.parametrize(
    "name", ["Web/Host", "Host", "Web/Host/Service", "HostServiceBD75402F", "Web-HostServiceBD75402F"]
)
def test_a_service_goes_by_all_its_names(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_app(tmp_path)
    play(monkeypatch)
    assert _run(tmp_path, "url", "--service", name).output == f"http://api.example.com.{BALANCER}/\n"


def test_a_service_that_is_not_there_or_has_no_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_app(tmp_path)
    play(monkeypatch)
    assert "Web/Head, Web/Home, Web/Host" in _cause(_run(tmp_path, "url", "--service", "Nope"))
    assert "not behind a load balancer" in _cause(_run(tmp_path, "url", "--service", "WorkerService9FFC549A"))


def test_a_load_balancer_that_leads_to_no_service_has_a_url_too(tmp_path: Path) -> None:
    instance = write_app(tmp_path)
    recorded = RecordedCloud(instance)
    without: dict[str, Any] = {
        name: {"Rules": []} for name in recorded._recorded if name.startswith("elbv2.describe_rules")
    }
    found = app_status(RecordedCloud(instance, without), instance.assembly, PORT)
    assert [each.address for each in found.services] == [None] * 4
    assert found.further_urls == (f"http://{BALANCER}/",)


def test_after_a_destroy_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_app(tmp_path)
    play(monkeypatch, NO_STACK)
    done = _run(tmp_path, "status")
    assert done.exit_code == 1
    assert f"is running on port {PORT}, but {tmp_path} has no stack deployed" in _cause(done)
    done = _run(tmp_path, "status", "--format", "json")
    assert (done.exit_code, json.loads(done.output)["state"]) == (1, "running")


@pytest.mark.parametrize(("desired", "running", "status"), [(0, 0, 0), (1, 0, 1), (1, 1, 0)])
def test_no_task_is_a_failure_where_one_is_wanted(
    desired: int, running: int, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed: dict[str, Any] = {}
    for name, answer in RecordedCloud(write_app(tmp_path))._recorded.items():
        if name.startswith("ecs.describe_services"):
            changed[name] = {"services": [{**answer["services"][0], "desiredCount": desired}]}
        elif name.startswith("ecs.list_tasks") and not running:
            changed[name] = [{"taskArns": []}]
    play(monkeypatch, changed)
    done = _run(tmp_path, "status")
    assert done.exit_code == status, done.output
    if status:
        assert "no task is running" in _cause(done)


def test_services_of_nested_stacks_are_there_too(tmp_path: Path) -> None:
    instance = write_app(tmp_path)
    name = 'cloudformation.describe_stack_resources {"StackName": "Web"}'
    resources = RecordedCloud(instance)._recorded[name]["StackResources"]
    nested = {
        "LogicalResourceId": "Nested",
        "PhysicalResourceId": "arn:nested",
        "ResourceType": "AWS::CloudFormation::Stack",
    }
    services = [each for each in resources if each["ResourceType"] == "AWS::ECS::Service"]
    changed = {
        name: {"StackResources": [nested, *(each for each in resources if each not in services)]},
        name.replace('"Web"', '"arn:nested"'): {"StackResources": services},
    }
    found = app_status(RecordedCloud(instance, changed), instance.assembly, PORT).services
    assert [(each.stack, each.name) for each in found][:3] == [
        ("Web", f"Web/{each}") for each in ("Head", "Home", "Host")
    ]


def test_a_service_that_goes_meanwhile_is_left_out(tmp_path: Path) -> None:
    instance = write_app(tmp_path)
    names = [name for name in RecordedCloud(instance)._recorded if name.startswith("ecs.describe_services")]
    found = app_status(RecordedCloud(instance, {names[0]: {"services": []}}), instance.assembly, PORT)
    assert len(found.services) == 3


def test_an_embedded_aws_that_stops_answering_is_an_error_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise EndpointConnectionError(endpoint_url="http://localhost:4571")

    write_app(tmp_path)
    play(monkeypatch, {"elbv2.describe_load_balancers {}": refuse})
    for command in ("status", "url", "logs", "explain"):
        assert "the embedded AWS failed: Could not connect" in _cause(_run(tmp_path, command))


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ("nothing", "nothing is running for"),
        ("log", "the last start failed"),
        ("folder", "the start on port 4571 was killed before the embedded AWS was running"),
        ("memory", "the embedded AWS on port 4571 has died"),
    ],
)
def test_what_does_not_run_says_its_state(left: str, said: str, tmp_path: Path) -> None:
    if left != "nothing":
        instance = write_app(tmp_path)
        if left == "log":
            instance.server_log.write_text("why\n", encoding="utf-8")
            instance.keep_logs()
        elif left == "folder":
            instance.memory_file.unlink()
    done = _run(tmp_path, "status")
    assert done.exit_code == 1
    assert said in _cause(done)
    states = {"nothing": "absent", "log": "absent", "folder": "unfinished", "memory": "dead"}
    done = _run(tmp_path, "status", "--format", "json")
    assert (done.exit_code, json.loads(done.output)["state"]) == (1, states[left])


def test_a_command_at_work_is_said(tmp_path: Path) -> None:
    instance = write_app(tmp_path)
    instance.memory_file.unlink()
    with instance.alone():
        assert "a command is running on port 4571" in _cause(_run(tmp_path, "status"))


def test_a_stack_that_failed_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    instance = write_app(tmp_path)
    failed = {
        "cloudformation.list_stacks {}": [{"StackSummaries": [{"StackName": "Web", "StackStatus": "UPDATE_FAILED"}]}]
    }
    report.print_status(Console(), app_status(RecordedCloud(instance, failed), instance.assembly, PORT))
    assert "stack      Web (UPDATE_FAILED)" in capsys.readouterr().out


def test_an_emoji_name_in_a_value_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    instance = write_app(tmp_path)
    found = app_status(RecordedCloud(instance), instance.assembly, PORT)
    task = found.services[0].tasks[0]
    text = "arn:aws:secretsmanager:us-east-1:1:secret:x[bold]"
    changed = [
        Container(
            "1",
            text,
            f"{found.services[0].arn.replace(':service/', ':task/').rpartition('/')[0]}/{task.identifier}",
            "web",
        )
    ]
    report.print_status(Console(), app_status(RecordedCloud(instance), instance.assembly, PORT, changed))
    assert text in capsys.readouterr().out


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("1.dkr.ecr.eu-west-1.amazonaws.com/a/b:t@sha256:0", ("a/b", "t")),
        ("nginx", ("nginx", "")),
        ("nginx:1", ("nginx", "1")),
        ("library/nginx", ("library/nginx", "")),
        ("localhost:4566/a", ("a", "")),
    ],
)
def test_an_image_has_a_repository_and_a_tag(image: str, parts: tuple[str, str]) -> None:
    assert report._repository_and_tag(image) == parts
