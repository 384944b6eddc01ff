"""What goes wrong says why, leaves with a status, and leaves nothing behind."""

from __future__ import annotations

import signal
import socket
import time
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.instance import Memory

if TYPE_CHECKING:
    import subprocess

    from local_app import LocalApp


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
        _failed(faulty_app.run("up"), f"port {faulty_app.port} is taken", "--port")
    assert not faulty_app.leftovers()


def test_a_first_version_that_exits(faulty_app: LocalApp) -> None:
    faulty_app.edit("def main() -> int:\n", "def main() -> int:\n    sys.exit('cannot start')\n")
    _failed(faulty_app.run("up"), "the service did not come up", "cannot start")
    assert not faulty_app.leftovers()


def test_an_interrupted_start(faulty_app: LocalApp) -> None:
    command = faulty_app.start("up")
    log = faulty_app.state / "cdk.log"
    deadline = time.monotonic() + 120
    while not (log.exists() and "$ cdk deploy" in log.read_text(encoding="utf-8")):
        assert command.poll() is None, command.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    command.send_signal(signal.SIGINT)
    stdout, stderr = command.communicate()
    assert command.returncode == 130, stdout + stderr
    assert not faulty_app.leftovers()


def test_a_start_that_is_killed_is_known_and_can_be_cleared_away(faulty_app: LocalApp) -> None:
    command = faulty_app.start("up")
    deadline = time.monotonic() + 60
    while not (faulty_app.state / "instance.json").exists():
        assert command.poll() is None, command.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    command.kill()
    command.communicate()
    memory = Memory.load(faulty_app.state / "instance.json")
    assert memory is not None
    assert memory.alive
    _failed(faulty_app.run("status"), f"on port {faulty_app.port}", "do:")
    assert faulty_app.run("down").returncode == 0
    assert not [name for name, process in memory.processes.items() if process.alive]
    assert not faulty_app.leftovers()


def test_a_directory_without_an_app(faulty_app: LocalApp) -> None:
    (faulty_app.directory / "cdk.json").unlink()
    _failed(faulty_app.run("up"), "has no cdk.json", "--app-dir")
