"""An autoscaled service, for real: as many tasks as the minimum says, none while it is paused. The tests go on.

Its repository keeps ten images: ``ecr-fargate retention check`` is asked whether that takes what runs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.e2e.local_app import LocalApp

GREETING = "Hello from a private ECR repository!"
KEPT = 'repository=PrivateRepository(stack, "Repo", retention=Retention.keep_last(10))'
MANIFEST = '{{"schemaVersion":2,"config":{{"digest":"sha256:{0:064x}"}},"layers":[]}}'
SCALED = "scaling=Scaling(min_capacity=3, max_capacity=6, cpu_percent=60)"


def _service(local_app: LocalApp) -> dict[str, Any]:
    [cluster] = local_app.ask("ecs", "list_clusters")["clusterArns"]
    [arn] = local_app.ask("ecs", "list_services", cluster=cluster)["serviceArns"]
    [found] = local_app.ask("ecs", "describe_services", cluster=cluster, services=[arn])["services"]
    service: dict[str, Any] = found
    return service


def _template(local_app: LocalApp) -> dict[str, Any]:
    body = local_app.ask("cloudformation", "get_template", StackName="Web")["TemplateBody"]
    found: dict[str, Any] = body if isinstance(body, dict) else json.loads(body)
    return found


def _change(local_app: LocalApp, old: str, new: str) -> None:
    app = local_app.directory / "app.py"
    text = app.read_text(encoding="utf-8")
    assert old in text
    app.write_text(text.replace(old, new), encoding="utf-8")


def _check(app: LocalApp, repository: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [str(Path(sys.executable).parent / "ecr-fargate"), "retention", "check", "--repository", repository],
        env={**os.environ, **app.credentials},
        capture_output=True,
        text=True,
        check=False,
    )


def test_three_tasks_run_when_the_minimum_is_three(local_app: LocalApp) -> None:
    _change(local_app, "EcrFargateService, ", "EcrFargateService, PrivateRepository, Retention, Scaling, ")
    _change(local_app, "    container_port=8080,\n", f"    container_port=8080,\n    {KEPT},\n    {SCALED},\n")
    done = local_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    [properties] = [
        item["Properties"] for item in _template(local_app)["Resources"].values() if item["Type"] == "AWS::ECS::Service"
    ]
    assert "DesiredCount" not in properties
    assert _service(local_app)["desiredCount"] == 3
    assert len(local_app.containers()) == 3
    assert local_app.get() == (200, f"{GREETING}\n")


def test_check_fails_when_the_policy_would_take_what_runs(local_app: LocalApp) -> None:
    [repository] = [
        item["repositoryName"]
        for item in local_app.ask("ecr", "describe_repositories")["repositories"]
        if "container-assets" not in item["repositoryName"]
    ]

    def push(versions: range) -> None:
        for number in versions:
            local_app.ask(
                "ecr",
                "put_image",
                repositoryName=repository,
                imageTag=f"v{number}",
                imageManifest=MANIFEST.format(number),
            )

    push(range(2, 11))  # what runs is the tenth youngest now
    done = _check(local_app, repository)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the policy keeps all of them" in done.stdout

    push(range(11, 13))  # twelve versions: what runs is the oldest
    done = _check(local_app, repository)
    assert done.returncode == 1, done.stdout + done.stderr
    [image] = [
        detail
        for detail in local_app.ask("ecr", "describe_images", repositoryName=repository)["imageDetails"]
        if not detail["imageTags"][0].startswith("v")
    ]
    assert image["imageTags"][0] in done.stdout
    assert "rule 2 (expire images tagged * beyond the newest 10)" in done.stdout
    assert "used by service Web-" in done.stdout
    assert ", task " in done.stdout


def test_the_policy_has_its_alarms(local_app: LocalApp) -> None:
    log = (local_app.state / "aws.log").read_text(encoding="utf-8")
    assert "not emulated: the scaling policy" not in log
    alarms = local_app.ask("cloudwatch", "describe_alarms", AlarmNamePrefix="TargetTracking-")["MetricAlarms"]
    assert sorted(each["Threshold"] for each in alarms) == [54, 60]


def test_a_deployment_leaves_the_number_that_the_autoscaler_has_set(local_app: LocalApp) -> None:
    service = _service(local_app)
    local_app.ask("ecs", "update_service", cluster=service["clusterArn"], service=service["serviceArn"], desiredCount=4)
    local_app.edit(GREETING, "Hello, scaled!")
    done = local_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _service(local_app)["desiredCount"] == 4
    assert local_app.get() == (200, "Hello, scaled!\n")


def test_a_paused_service_has_no_tasks_and_comes_back(local_app: LocalApp) -> None:
    url = local_app.run("url").stdout
    _change(local_app, "cpu_percent=60)", "cpu_percent=60, paused=True)")
    assert local_app.run("up").returncode == 0
    deadline = time.monotonic() + 60
    while local_app.containers():
        assert time.monotonic() < deadline, local_app.containers()
        time.sleep(1)
    assert _service(local_app)["desiredCount"] == 0

    _change(local_app, ", paused=True", "")
    done = local_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(local_app.containers()) == 3
    assert local_app.run("url").stdout == url
    assert local_app.get() == (200, "Hello, scaled!\n")


def test_down_leaves_nothing(local_app: LocalApp) -> None:
    assert local_app.run("down").returncode == 0
    assert not local_app.leftovers()
