"""Programs have time limits, deployments that wait for a person go on, and the app of an example has its prefix."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.aws.cases import CASES
from tests.aws.deployment import _approve, run
from tests.aws.example_app import module_of

if TYPE_CHECKING:
    from pathlib import Path


def test_a_program_that_takes_too_long_ends_with_what_it_started(tmp_path: Path) -> None:
    child = "import time; time.sleep(600)"
    program = (
        "import subprocess, sys, time\n"
        f"each = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        "open('child', 'w').write(str(each.pid))\n"
        "print('started', flush=True)\n"
        "time.sleep(600)\n"
    )
    started = time.monotonic()
    ended = run([sys.executable, "-c", program], tmp_path, dict(os.environ), 5)
    assert ended.status == 124
    assert "started" in ended.printed
    assert "stopped after 5 seconds" in ended.printed
    assert time.monotonic() - started < 60
    child_id = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 30
    while _runs(child_id):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _runs(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as stat:  # noqa: PTH123 - of Linux
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_status_and_the_output_of_a_program(tmp_path: Path) -> None:
    ended = run([sys.executable, "-c", "import sys; print('said'); sys.exit(3)"], tmp_path, dict(os.environ), 60)
    assert (ended.status, ended.printed) == (3, "said\n")


class Ecs:
    """Two clusters; in each, a deployment waits for a person."""

    def __init__(self) -> None:
        self.continued: list[dict[str, str]] = []

    def get_paginator(self, _: str) -> Ecs:
        return self

    def paginate(self) -> list[dict[str, list[str]]]:
        names = ("efc-1a2b-Web-Cluster", "theirs")
        return [{"clusterArns": [f"arn:aws:ecs:eu-west-1:123456789012:cluster/{name}" for name in names]}]

    def list_services(self, *, cluster: str) -> dict[str, list[str]]:
        return {"serviceArns": [f"{cluster}/service"]}

    def list_service_deployments(self, *, cluster: str, service: str, status: list[str]) -> dict[str, Any]:
        assert cluster in service
        assert status == ["IN_PROGRESS"]
        return {"serviceDeployments": [{"serviceDeploymentArn": f"{service}/1"}]}

    def describe_service_deployments(self, **arns: list[str]) -> dict[str, Any]:
        [arn] = arns["serviceDeploymentArns"]
        hooks = [{"hookId": "waits", "status": "AWAITING_ACTION"}, {"hookId": "done", "status": "SUCCEEDED"}]
        return {"serviceDeployments": [{"serviceDeploymentArn": arn, "lifecycleHookDetails": hooks}]}

    def continue_service_deployment(self, **options: str) -> None:
        self.continued.append(options)


def test_only_deployments_of_this_run_are_approved() -> None:
    ecs = Ecs()
    assert _approve(ecs, "efc-1a2b-") == ["waits"]
    [continued] = ecs.continued
    assert (continued["hookId"], continued["action"]) == ("waits", "CONTINUE")
    assert "efc-1a2b-" in continued["serviceDeploymentArn"]


def test_a_text_that_is_not_in_the_example_any_more_is_an_error() -> None:
    with pytest.raises(ValueError, match="has no 'never written'"):
        module_of(CASES["retention"].file, [("never written", "x")])
