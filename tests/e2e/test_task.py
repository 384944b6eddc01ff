"""A task of two containers, for real: they meet on localhost, a secret arrives, and three tasks run.

What a definition says about its containers is tested in ``test_tasks_defined.py``.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.local_app import LocalApp, copy_sample, free_port
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def task_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApp]:
    """The sample's image under another stack, deployed; taken down afterwards whatever happens."""
    folder = copy_sample(tmp_path_factory.mktemp("task") / "sample")
    shutil.copy(ROOT / "tests" / "e2e" / "task_app.py", folder / "app.py")
    app = LocalApp(folder, free_port())
    done = app.run("up")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        yield app
    finally:
        app.run("down")
    assert not app.leftovers()


def _tasks(app: LocalApp) -> list[dict[str, Any]]:
    [cluster] = app.ask("ecs", "list_clusters")["clusterArns"]
    arns = app.ask("ecs", "list_tasks", cluster=cluster)["taskArns"]
    found: list[dict[str, Any]] = app.ask("ecs", "describe_tasks", cluster=cluster, tasks=arns)["tasks"]
    return found


def _answer(app: LocalApp) -> dict[str, str]:
    status, body = app.get()
    assert status == 200, body
    answer: dict[str, str] = json.loads(body)
    return answer


def test_the_container_beside_is_reached_on_localhost(task_app: LocalApp) -> None:
    assert _answer(task_app)["beside"] == "Hello from a private ECR repository!\n"


def test_one_field_of_the_secret_is_in_the_environment(task_app: LocalApp) -> None:
    [secret] = task_app.ask("secretsmanager", "list_secrets")["SecretList"]
    value = task_app.ask("secretsmanager", "get_secret_value", SecretId=secret["ARN"])["SecretString"]
    assert _answer(task_app)["secret"] == json.loads(value)["key"]
    [template] = [
        str(task_app.ask("cloudformation", "get_template", StackName=stack["StackName"])["TemplateBody"])
        for stack in task_app.ask("cloudformation", "describe_stacks")["Stacks"]
        if stack["StackName"] == "Web"
    ]
    assert json.loads(value)["key"] not in template


def test_three_tasks_of_two_containers_run_and_all_of_them_serve(task_app: LocalApp) -> None:
    tasks = _tasks(task_app)
    assert [task["lastStatus"] for task in tasks] == ["RUNNING"] * 3
    for task in tasks:
        assert [each["name"] for each in task["containers"]] == ["web", "beside"]
        assert [each["lastStatus"] for each in task["containers"]] == ["RUNNING"] * 2
    assert len(task_app.containers()) == 6
    assert len({_answer(task_app)["task"] for _ in range(12)}) == 3


def test_no_port_of_the_containers_is_published(task_app: LocalApp) -> None:
    listening = {
        int(line.split()[1].rpartition(":")[2], 16)
        for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        if line.split()[3] == "0A"
    }
    assert task_app.port in listening
    assert not listening & {8080, 9090}
