"""A command that runs once in a task of the service, for real: its output, its status, and no task is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.tools.run.request import STARTED_BY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.local_app import LocalApp

_FAILING = "import sys; print('one', flush=True); print('two', file=sys.stderr, flush=True); sys.exit(3)"
_ENDLESS = "import os, time; print('started as', os.environ['ROLE'], flush=True); time.sleep(600)"


@pytest.fixture(scope="module")
def deployed(local_app: LocalApp) -> Iterator[LocalApp]:
    """The sample, deployed."""
    done = local_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    yield local_app
    local_app.run("down")
    assert not local_app.leftovers()


def _on_aws(app: LocalApp, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``ecr-fargate run`` as on AWS, at the endpoint of the embedded AWS."""
    return subprocess.run(  # noqa: S603 - our own command
        [str(Path(sys.executable).parent / "ecr-fargate"), "run", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=app.directory,
        env={**os.environ, "AWS_ENDPOINT_URL": f"http://localhost:{app.port}", "COLUMNS": "300"},
    )


def _tasks(app: LocalApp, status: str = "RUNNING") -> list[dict[str, Any]]:
    """The tasks that the command started."""
    [cluster] = app.ask("ecs", "list_clusters")["clusterArns"]
    arns = app.ask("ecs", "list_tasks", cluster=cluster, startedBy=STARTED_BY, desiredStatus=status)["taskArns"]
    found: list[dict[str, Any]] = app.ask("ecs", "describe_tasks", cluster=cluster, tasks=arns)["tasks"] if arns else []
    return found


def test_the_status_of_the_command_and_its_output_come_back(deployed: LocalApp) -> None:
    done = deployed.run("run", "--service", "Web", "--", "python", "-c", _FAILING)
    assert (done.returncode, done.stdout.split()) == (3, ["one", "two"]), done.stderr
    done = _on_aws(deployed, "--stack", "Web", "--", "python", "-c", "print('fine')")
    assert (done.returncode, done.stdout) == (0, "fine\n"), done.stderr
    assert not _tasks(deployed)


def test_an_interrupted_command_leaves_no_task_behind(deployed: LocalApp) -> None:
    before = len(deployed.containers())
    options = ["-e", "ROLE=one-off", "--", "python", "-c", _ENDLESS]
    with deployed.start("run", *options) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "started as one-off\n"
        assert len(_tasks(deployed)) == 1
        assert len(deployed.containers()) == before + 1
        command.send_signal(signal.SIGINT)
        _, said = command.communicate(timeout=60)
    assert command.returncode == 130, said
    assert not _tasks(deployed)
    assert len(deployed.containers()) == before


def test_an_interrupt_before_the_task_runs_leaves_none_behind_either(deployed: LocalApp) -> None:
    before = len(deployed.containers())
    for delay in (0.0, 0.3, 0.6):  # while it is looked for, started, and provisioned
        with deployed.start("run", "-e", "ROLE=x", "--", "python", "-c", _ENDLESS) as command:
            time.sleep(1.2 + delay)
            command.send_signal(signal.SIGTERM)
            command.communicate(timeout=60)
        assert command.returncode in {130, -signal.SIGTERM}  # the second, before it has begun on a busy machine
        assert not _tasks(deployed)
    assert len(deployed.containers()) == before


def test_a_detached_command_runs_on(deployed: LocalApp) -> None:
    done = deployed.run("run", "--detach", "-e", "ROLE=x", "--", "python", "-c", _ENDLESS)
    assert done.returncode == 0, done.stderr
    [task] = _tasks(deployed)
    assert done.stdout.strip() == task["taskArn"]
    deployed.ask("ecs", "stop_task", cluster=task["clusterArn"], task=task["taskArn"])


def test_what_cannot_run_is_said_in_plain_words(deployed: LocalApp) -> None:
    done = deployed.run("run", "--service", "Shop", "--", "true")
    assert done.returncode == 125
    assert "no service Shop is deployed" in done.stderr
    assert "Web/Web" in done.stderr
    done = deployed.run("run", "--cpu", "256", "--memory", "999", "--", "true")
    assert (done.returncode, "use --memory 512, 1024, 2048" in done.stderr) == (125, True), done.stderr
    done = deployed.run("run", "--", "no-such-program")
    # The engine refuses the program and the command is 125, or its init process does, and the command ends with 1.
    refused = (125, "no-such-program" in done.stderr), (1, "failed to exec" in done.stdout)
    assert any(done.returncode == code and said for code, said in refused), done.stdout + done.stderr
