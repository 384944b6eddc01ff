"""Up and down: the whole way from an app's directory to an answer, and back to nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local import assembly, base_images, engine, server, toolkit
from ecr_fargate_constructs.local.errors import LocalError
from ecr_fargate_constructs.local.instance import Memory
from ecr_fargate_constructs.local.services import Balancer, Cloud, Service, Task

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ecr_fargate_constructs.local.instance import Instance

_SETTLE_SECONDS = 300
_POLL = 1.0
_EXITS = 3
_SERVER_ERROR = 500


@dataclass(frozen=True)
class Answer:
    """What a load balancer said.

    Attributes:
        balancer: The load balancer.
        status: HTTP status.
        body: Body.
    """

    balancer: Balancer
    status: int
    body: str


@dataclass(frozen=True)
class Outcome:
    """What ``up`` brought about.

    Attributes:
        stacks: Names of the stacks that are deployed.
        services: Their services.
        answers: What their load balancers say.
        stand_ins: Base images that a stand-in was used for.
    """

    stacks: tuple[str, ...]
    services: tuple[Service, ...]
    answers: tuple[Answer, ...]
    stand_ins: tuple[str, ...]


class Progress:
    """Told what goes on; the command line shows it."""

    def step(self, text: str) -> None:
        """A step begins."""

    def detail(self, text: str) -> None:
        """Something happens within the step."""


def up(instance: Instance, memory: Memory | None, stacks: Sequence[str], progress: Progress) -> Outcome:
    """Deploy the app and wait until it answers.

    An embedded AWS that was started for this and fails is taken down again; one that ran before goes on as it was.

    Raises:
        LocalError: Something failed.
    """
    started_here = memory is None or not server.answers(instance)
    try:
        if memory is None or started_here:
            memory = _start(instance, memory, progress)
        return _deploy(instance, memory, stacks, progress)
    except BaseException as error:
        if started_here:
            progress.step("cleaning up")
            log = _keep_logs(instance)
            down(instance, Memory.load(instance.memory_file))
            if isinstance(error, LocalError) and error.log is not None:
                error.log = log
        raise


def _keep_logs(instance: Instance) -> Path | None:
    """Save the logs of a failed start, since everything else goes."""
    parts = [
        f"==== {log.name} ====\n{log.read_text(encoding='utf-8', errors='replace')}"
        for log in (instance.toolkit_log, instance.server_log, instance.engine_log)
        if log.exists()
    ]
    if not parts:
        return None
    instance.failure_log.write_text("\n".join(parts), encoding="utf-8")
    return instance.failure_log


def _start(instance: Instance, left_over: Memory | None, progress: Progress) -> Memory:
    if not (instance.app_directory / "cdk.json").is_file():
        raise LocalError(
            f"{instance.app_directory} has no cdk.json, so it is not the directory of a CDK app",
            fix="name the app's directory with --app-dir",
        )
    if not toolkit.have_node():
        raise LocalError("Node.js is missing", fix="pip install 'ecr-fargate-constructs[local]' brings it along")
    if left_over is not None:
        down(instance, left_over)  # it died; what it left behind must not be taken for ours
    _check_port(instance.port)
    progress.step("looking for a container engine")
    found = engine.find_engine()
    progress.detail(f"{found.name} {found.version}")
    instance.state.mkdir(parents=True, exist_ok=True)
    memory = Memory(instance.account, instance.region, found.name, "")
    try:
        progress.step("starting the embedded AWS")
        engine.start_socket(found, instance, memory)
        server.start_server(instance, memory)
    finally:
        memory.save(instance)
    return memory


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise LocalError(
                f"port {port} is taken by another program",
                fix="choose another one with --port, for example --port 4600",
            )


def _deploy(instance: Instance, memory: Memory, stacks: Sequence[str], progress: Progress) -> Outcome:
    progress.step("getting the CDK command line")
    cdk = toolkit.find_toolkit(instance.app_directory)
    instance.toolkit_log.write_text("", encoding="utf-8")

    def run(*arguments: str) -> None:
        toolkit.run_toolkit(instance, memory, cdk, arguments, on_line=progress.detail)

    progress.step("synthesizing the app")
    shutil.rmtree(instance.assembly, ignore_errors=True)
    run("synth", "--quiet", "--output", str(instance.assembly))
    _refuse_unsupported(instance)
    if not memory.bootstrapped:
        progress.step("bootstrapping")
        run("bootstrap", f"aws://{instance.account}/{instance.region}")
        memory.bootstrapped = True
        memory.save(instance)
    progress.step("getting the base images")
    bases = dict.fromkeys(
        base for image in assembly.built_images(instance.assembly) for base in base_images.bases_of(image)
    )
    stand_ins = base_images.provide(memory.engine, bases, engine.podman_environment(instance))
    cloud = Cloud(instance)
    names = assembly.stack_names(instance.assembly)
    before = {task.arn for service in cloud.services(names) for task in service.tasks}
    progress.step("building, pushing and deploying")
    run("deploy", "--app", str(instance.assembly), "--require-approval", "never", *(stacks or ["--all"]))
    progress.step("waiting for the service")
    services = _settled(cloud, names, before, instance)
    answers = tuple(_answer(balancer) for balancer in cloud.balancers(names))
    return Outcome(tuple(names), tuple(services), answers, tuple(stand_ins))


def _refuse_unsupported(instance: Instance) -> None:
    provisioners = import_module("ministack.services.cloudformation.provisioners")
    patches = import_module("ecr_fargate_constructs.local.ministack_patches")
    known = {*provisioners._RESOURCE_HANDLERS, *patches.ADDED_TYPES}  # noqa: SLF001 - its own list of types
    missing = assembly.unsupported(instance.assembly, known)
    if missing:
        listed = "; ".join(f"not emulated: {kind} ({logical_id})" for kind, logical_id in missing)
        raise LocalError(listed, fix="deploy stacks without these resources by name, or deploy to AWS")


def _settled(cloud: Cloud, stacks: Sequence[str], before: set[str], instance: Instance) -> list[Service]:
    """Wait until every service runs what its stack says.

    Raises:
        LocalError: One does not come up: what stopped its tasks, and what they printed last.
    """
    deadline = time.monotonic() + _SETTLE_SECONDS
    steady: set[str] | None = None
    while True:
        services = cloud.services(stacks)
        running = {task.arn for service in services for task in service.running}
        if all(service.settled for service in services) and running == steady:
            return services
        steady = running  # twice the same, or a task that exits after a second would pass
        for service in services:
            stopped = [
                task
                for task in service.tasks
                if task.arn not in before and task.status == "STOPPED" and task.definition == service.wanted
            ]
            # The first deployment of a service counts as complete at once here: no breaker watches it.
            exits = f"{len(stopped)} of its tasks stopped" if len(stopped) >= _EXITS else None
            if failure := service.failure or exits:
                raise _failed(cloud, stacks, failure, stopped, instance)
        if time.monotonic() > deadline:
            raise _failed(cloud, stacks, f"it was not stable after {_SETTLE_SECONDS} seconds", [], instance)
        time.sleep(_POLL)


def _failed(
    cloud: Cloud, stacks: Sequence[str], failure: str, stopped: Sequence[Task], instance: Instance
) -> LocalError:
    reasons = dict.fromkeys(task.reason for task in stopped if task.reason)
    tasks = f"; its tasks stopped: {'; '.join(reasons)}" if reasons else ""
    lines = cloud.last_lines(stacks)
    printed = "\nlast lines of the containers:\n  " + "\n  ".join(lines) if lines else ""
    return LocalError(f"the service did not come up: {failure}{tasks}{printed}", log=instance.server_log)


def _answer(balancer: Balancer) -> Answer:
    """Ask until the load balancer has an answer that is not its own failure."""
    deadline = time.monotonic() + 60
    while True:
        try:
            status, body = balancer.ask()
        except OSError as error:
            status, body = 0, str(error)
        if 0 < status < _SERVER_ERROR or time.monotonic() > deadline:
            if not 0 < status < _SERVER_ERROR:
                raise LocalError(f"{balancer.url} answers {status or 'nothing'}: {body.strip()[:200]}")
            return Answer(balancer, status, body)
        time.sleep(_POLL)


def down(instance: Instance, memory: Memory | None) -> None:
    """End the instance's containers and processes, and delete its images and files. Nothing else is touched."""
    if memory is not None:
        if memory.processes.get("aws") and server.answers(instance):
            with contextlib.suppress(OSError):
                server.empty(instance)
        _remove_containers_and_images(instance, memory)
        for process in memory.processes.values():
            process.stop()
        if memory.scratch:
            shutil.rmtree(memory.scratch, ignore_errors=True)
    instance.erase()


def _remove_containers_and_images(instance: Instance, memory: Memory) -> None:
    """Remove what carries this instance's registry in its name; the account id in it makes it unique."""

    def ask(*arguments: str) -> list[str]:
        done = subprocess.run(  # noqa: S603 - commands of ours, no shell
            [memory.engine, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **engine.podman_environment(instance)},
        )
        return done.stdout.splitlines()

    ours = (f"{instance.registry}/", f"{instance.local_registry}/")
    containers = [line.split(" ", 1) for line in ask("ps", "--all", "--format", "{{.ID}} {{.Image}}")]
    for container in [identifier for identifier, image in containers if image.startswith(ours)]:
        ask("rm", "--force", container)
    images = [line.split(" ", 1) for line in ask("images", "--format", "{{.ID}} {{.Repository}}/")]
    for image in dict.fromkeys(identifier for identifier, name in images if name.startswith(ours)):
        ask("rmi", "--force", image)
