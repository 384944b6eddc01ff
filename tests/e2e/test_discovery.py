"""Names of Service Connect and Cloud Map, for real: who knows them, who may connect, and where connections arrive."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local.engine import find_engine
from tests.e2e.local_app import LocalApp, copy_sample, free_port
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

_ASK = """
import http.client, socket, sys
try:
    connection = http.client.HTTPConnection(sys.argv[1], timeout=5)
    connection.request("GET", "/healthz")
    print(connection.getresponse().read().decode().strip())
except socket.gaierror:
    print("unknown")
except (OSError, http.client.HTTPException):
    print("not reached")
"""
_RESOLVE = """
import json, socket, sys
try:
    found = sorted({each[4][0] for each in socket.getaddrinfo(sys.argv[1], 8080, socket.AF_INET)})
except socket.gaierror:
    found = []
print(json.dumps(found))
"""


class Shop:
    """The deployed app."""

    def __init__(self, app: LocalApp) -> None:
        self.app = app

    def tasks(self, service: str, cluster: str = "discovery") -> list[str]:
        arns = self.app.ask("ecs", "list_tasks", cluster=cluster, serviceName=service)["taskArns"]
        described = self.app.ask("ecs", "describe_tasks", cluster=cluster, tasks=arns)["tasks"] if arns else []
        return [each["taskArn"] for each in described if each["lastStatus"] == "RUNNING"]

    def addresses(self, tasks: list[str]) -> list[str]:
        described = self.app.ask("ecs", "describe_tasks", cluster="discovery", tasks=tasks)["tasks"]
        details = [each for task in described for one in task["attachments"] for each in one["details"]]
        return sorted(each["value"] for each in details if each["name"] == "privateIPv4Address")

    def run(self, service: str, program: str, argument: str, cluster: str = "discovery") -> str:
        deadline = time.monotonic() + 60
        while not (tasks := self.tasks(service, cluster)):
            assert time.monotonic() < deadline, f"{service} does not run"
            time.sleep(0.3)
        engine = find_engine().name
        labels = (f"task-arn={tasks[0]}", "container-name=web")
        options = ["ps", "--quiet", *(f"--filter=label=com.amazonaws.ecs.{each}" for each in labels)]
        [container] = subprocess.run([engine, *options], capture_output=True, text=True, check=True).stdout.split()  # noqa: S603
        command = [engine, "exec", container, "python", "-c", program, argument]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603

    def until_resolved(self, service: str, expected: list[str]) -> list[str]:
        deadline = time.monotonic() + 30
        while (found := json.loads(self.run(service, _RESOLVE, "tasks.shop.internal"))) != expected:
            if time.monotonic() > deadline:
                break
            time.sleep(0.3)
        return list(found)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The app; taken down afterwards whatever happens."""
    folder = copy_sample(tmp_path_factory.mktemp("discovery") / "sample")
    shutil.copy(ROOT / "tests" / "e2e" / "discovery_app.py", folder / "app.py")
    app = LocalApp(folder, free_port())
    done = app.run("up")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        yield Shop(app)
    finally:
        app.run("down")
    assert not app.leftovers()


@pytest.mark.parametrize(
    ("service", "answer"), [("Client", "ok"), ("Unadmitted", "not reached"), ("Unconnected", "unknown")]
)
def test_service_connect_resolves_in_its_namespace_and_security_groups_decide(
    shop: Shop, service: str, answer: str
) -> None:
    assert shop.run(service, _ASK, "orders:8080") == answer


def test_cloud_map_resolves_in_its_vpc_and_follows_the_tasks(shop: Shop) -> None:
    before = shop.tasks("Orders")
    assert len(before) == 2
    assert shop.until_resolved("Unconnected", shop.addresses(before)) == shop.addresses(before)
    assert shop.run("Elsewhere", _RESOLVE, "tasks.shop.internal", "elsewhere") == "[]"

    for arn in before:
        shop.app.ask("ecs", "stop_task", cluster="discovery", task=arn)
    deadline = time.monotonic() + 60
    while len(after := shop.tasks("Orders")) < 2 or set(after) & set(before):
        assert time.monotonic() < deadline, after
        time.sleep(0.3)
    assert shop.until_resolved("Unconnected", shop.addresses(after)) == shop.addresses(after)
    assert shop.run("Client", _ASK, "orders:8080") == "ok", "the proxy follows the tasks, too"
