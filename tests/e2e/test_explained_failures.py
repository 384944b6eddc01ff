"""``ecr-fargate explain`` on what the embedded AWS can break: a health check, an exit, an image. The tests go on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_app import LocalApp

GREETING = "Hello from a private ECR repository!"


def _causes(local_app: LocalApp) -> tuple[int, list[str]]:
    done = subprocess.run(  # noqa: S603 - our own command
        [
            str(Path(sys.executable).parent / "ecr-fargate"),
            "explain",
            "--json",
            "--stack=Web",
            f"--endpoint-url=http://localhost:{local_app.port}",
        ],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "AWS_ACCESS_KEY_ID": f"{local_app.port:012d}",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": "us-east-1",
        },
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, [each["cause"] for each in json.loads(done.stdout)]


def test_a_service_that_is_well(local_app: LocalApp) -> None:
    done = local_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _causes(local_app) == (0, [])


def test_a_version_that_fails_its_health_check(local_app: LocalApp) -> None:
    local_app.edit('"/healthz": "ok\\n"', '"/health": "ok\\n"')
    failed = local_app.run("up")
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert _causes(local_app) == (3, ["failed health check of the load balancer"])
    assert local_app.get() == (200, f"{GREETING}\n")
    local_app.edit('"/health": "ok\\n"', '"/healthz": "ok\\n"')


def test_a_version_that_exits(local_app: LocalApp) -> None:
    local_app.edit("def main() -> int:\n", "def main() -> int:\n    sys.exit('cannot start')\n")
    assert local_app.run("up").returncode == 1
    status, causes = _causes(local_app)
    assert status == 3
    assert "container exited" in causes
    assert local_app.get() == (200, f"{GREETING}\n")


def test_an_image_that_is_not_there(local_app: LocalApp) -> None:
    [cluster] = local_app.ask("ecs", "list_clusters")["clusterArns"]
    [service] = local_app.ask("ecs", "list_services", cluster=cluster)["serviceArns"]
    [described] = local_app.ask("ecs", "describe_services", cluster=cluster, services=[service])["services"]
    old = local_app.ask("ecs", "describe_task_definition", taskDefinition=described["taskDefinition"])["taskDefinition"]
    [container] = old["containerDefinitions"]
    repository = container["image"].rpartition("@")[0].rpartition(":")[0] or container["image"].rpartition(":")[0]
    known = ("family", "networkMode", "cpu", "memory", "requiresCompatibilities", "executionRoleArn", "taskRoleArn")
    new = local_app.ask(
        "ecs",
        "register_task_definition",
        containerDefinitions=[{**container, "image": f"{repository}:gone"}],
        **{name: old[name] for name in known if name in old},
    )["taskDefinition"]["taskDefinitionArn"]
    local_app.ask("ecs", "update_service", cluster=cluster, service=service, taskDefinition=new)
    deadline = time.monotonic() + 120
    while "cannot pull: no such image" not in _causes(local_app)[1]:
        assert time.monotonic() < deadline, _causes(local_app)
        time.sleep(2)
    assert local_app.get() == (200, f"{GREETING}\n")


def test_down_leaves_nothing(local_app: LocalApp) -> None:
    assert local_app.run("down").returncode == 0
    assert not local_app.leftovers()
