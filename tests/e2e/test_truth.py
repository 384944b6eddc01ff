"""``up`` says what is true: a first version that cannot come up, a good one, and every kind of bad one after it.

One instance, whose health check has short intervals; the tests go on from each other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.e2e.client import BROKEN, GREETING

if TYPE_CHECKING:
    import subprocess

    from tests.e2e.local_app import LocalApp

HEALTH = '"/healthz": "ok\\n"'
PORT = "container_port=8080"
STEPS = re.compile(r"^. (?P<step>[^\n]+?) (?P<seconds>[\d.]+) s$", re.MULTILINE)
WAIT = "waiting for the health checks to pass"


def _change(app: LocalApp, name: str, old: str, new: str) -> None:
    file = app.directory / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def _waited(done: subprocess.CompletedProcess[str]) -> float:
    """How long ``up`` has waited for the tasks, after build and deployment."""
    return {found["step"]: float(found["seconds"]) for found in STEPS.finditer(done.stdout)}[WAIT]


def _failed(app: LocalApp, *parts: str, arguments: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    done = app.run("up", *arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    for part in parts:
        assert part in done.stderr, done.stderr
    return done


def _good(app: LocalApp, text: str) -> None:
    done = app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert text in done.stdout
    assert app.get() == (200, f"{text}\n")
    assert _waited(done) < 30, done.stdout


def test_a_first_version_on_the_wrong_port_fails_in_seconds_and_is_kept(local_app: LocalApp) -> None:
    quick = "interval=cdk.Duration.seconds(5), timeout=cdk.Duration.seconds(2), unhealthy_threshold=2"
    _change(local_app, "app.py", 'TargetHealthCheck(path="/healthz")', f'TargetHealthCheck(path="/healthz", {quick})')
    _change(local_app, "app.py", PORT, "container_port=9090,\n    health_check_grace_period=cdk.Duration.seconds(5)")
    done = _failed(
        local_app,
        "GET /healthz on port 9090",
        "Target.FailedHealthChecks",
        "the task listens on 8080",
        "EXPOSE 8080",
        "the embedded AWS keeps running",
        arguments=("--keep",),
    )
    assert "its Dockerfile says EXPOSE 8080" in done.stdout, "the warning of the synthesis"
    assert _waited(done) < 30, done.stdout
    assert "listening on 8080" in local_app.run("logs").stdout
    assert local_app.run("status").returncode == 0
    assert local_app.causes() == (3, ["failed health check of the load balancer"])


def test_the_good_version_goes_on_from_there(local_app: LocalApp) -> None:
    _change(local_app, "app.py", "container_port=9090", PORT)
    _good(local_app, GREETING)


def test_a_version_that_crashes_fails_with_its_own_lines_alone(local_app: LocalApp) -> None:
    local_app.edit(*BROKEN)
    done = _failed(local_app, "exit code 1", "container exited", "cannot start", "the previous version still responds")
    assert "listening on" not in done.stderr, "a line of the version before"
    local_app.edit(*reversed(BROKEN))


def test_a_version_that_answers_404_fails_with_path_and_code(local_app: LocalApp) -> None:
    local_app.edit(HEALTH, '"/health": "ok\\n"')
    done = _failed(
        local_app,
        "GET /healthz on port 8080",
        "Target.ResponseCodeMismatch: Health checks failed with these codes: [404]",
        "the previous version still responds",
    )
    assert _waited(done) < 30, done.stdout
    assert local_app.causes() == (3, ["failed health check of the load balancer"])
    local_app.edit('"/health": "ok\\n"', HEALTH)


def test_a_failed_build_shows_its_step(local_app: LocalApp) -> None:
    _change(
        local_app, "app/Dockerfile", "USER 10001:10001", "RUN echo first; nothing-like-pip install\nUSER 10001:10001"
    )
    _failed(local_app, "\n  first\n", "nothing-like-pip: not found", "the previous version still responds")
    _change(local_app, "app/Dockerfile", "RUN echo first; nothing-like-pip install\n", "")


def test_after_all_that_a_good_version_is_a_success(local_app: LocalApp) -> None:
    edited = "Hello after all that!"
    local_app.edit(GREETING, edited)
    _good(local_app, edited)
