"""What goes wrong says why, leaves with a status, and leaves nothing behind."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local.engine import find_engine

if TYPE_CHECKING:
    import subprocess

    from tests.e2e.local_app import LocalApp


def _failed(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr, done.stderr


def test_a_failed_build(faulty_app: LocalApp) -> None:
    dockerfile = faulty_app.directory / "app" / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text(encoding="utf-8") + "RUN exit 7\n", encoding="utf-8")
    _failed(faulty_app.run("up"), "exit 7", "log:")
    assert not faulty_app.leftovers()


def test_an_app_that_does_not_synthesize(faulty_app: LocalApp) -> None:
    app = faulty_app.directory / "app.py"
    app.write_text(app.read_text(encoding="utf-8").replace("8080", "70000"), encoding="utf-8")
    done = faulty_app.run("up")
    _failed(
        done, "ConfigurationError: [Web/Web] container_port=70000 is not a TCP port", "at app.py:12: EcrFargateService("
    )
    assert "starting" not in done.stdout, "nothing starts for an app that fails"
    assert not faulty_app.leftovers()


def test_a_resource_that_is_not_emulated(faulty_app: LocalApp) -> None:
    app = faulty_app.directory / "app.py"
    extra = 'cdk.CfnResource(stack, "Broker", type="AWS::AmazonMQ::Nothing")\napp.synth()'
    app.write_text(app.read_text(encoding="utf-8").replace("app.synth()", extra), encoding="utf-8")
    _failed(faulty_app.run("up"), "not emulated: AWS::AmazonMQ::Nothing (Broker)")
    assert not faulty_app.leftovers()


def test_a_taken_port(faulty_app: LocalApp) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", faulty_app.port))
        taken.listen()
        _failed(faulty_app.run("up"), f"port {faulty_app.port} is in use", "--port")
    assert not faulty_app.leftovers()


def test_a_first_version_that_exits(faulty_app: LocalApp) -> None:
    faulty_app.edit("def main() -> int:\n", "def main() -> int:\n    sys.exit('cannot start')\n")
    _failed(faulty_app.run("up"), "the service did not start", "cannot start")
    assert not faulty_app.leftovers()


def test_an_interrupted_start(faulty_app: LocalApp) -> None:
    command = faulty_app.start("up")
    log = faulty_app.state / "cdk.log"
    deadline = time.monotonic() + 120
    while not (log.exists() and "$ cdk deploy" in log.read_text(encoding="utf-8")):
        assert command.poll() is None, command.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    for _ in range(4):  # impatience while it cleans up
        command.send_signal(signal.SIGINT)
        time.sleep(0.5)
    stdout, stderr = command.communicate()
    assert command.returncode == 130, stdout + stderr
    assert not faulty_app.leftovers()


@pytest.mark.parametrize("moment", ["nothing runs yet", "the engine", "the embedded AWS", "the CDK command line"])
def test_a_start_that_was_killed(faulty_app: LocalApp, moment: str) -> None:
    """Whatever ran at that moment ends with 'down', although the command had no time to write it down."""
    if moment == "the engine":
        _take_podman()
    command = faulty_app.start("up")
    deadline = time.monotonic() + 60
    while not _reached(faulty_app, moment):
        assert command.poll() is None, command.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    command.kill()
    command.communicate()
    _failed(faulty_app.run("status"), f"on port {faulty_app.port}", "do:")
    done = faulty_app.run("down")
    assert done.returncode == 0, done.stderr
    assert not faulty_app.leftovers()


def _reached(app: LocalApp, moment: str) -> bool:
    if moment == "nothing runs yet":
        return app.instance.memory_file.exists()
    if moment == "the CDK command line":
        return bool(app.instance.left_over(commands_alone=True))
    sign = {"the engine": "podman system service", "the embedded AWS": "local.server"}[moment]
    return any(sign in _command_line(process.pid) for process in app.instance.left_over())


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return ""


def _take_podman() -> None:
    if find_engine().name != "podman":
        pytest.skip("the socket is the machine's, and not the instance's")


def test_an_engine_whose_socket_is_gone(faulty_app: LocalApp) -> None:
    _take_podman()
    assert faulty_app.run("up").returncode == 0
    Path(faulty_app.memory.socket.removeprefix("unix://")).unlink()
    _failed(faulty_app.run("url"), "has died", "ecr-fargate local up")
    done = faulty_app.run("up")
    assert done.returncode == 0, done.stderr
    assert faulty_app.get()[0] == 200


def test_a_directory_without_an_app(faulty_app: LocalApp) -> None:
    (faulty_app.directory / "cdk.json").unlink()
    _failed(faulty_app.run("up"), "has no cdk.json", "--app-dir")
