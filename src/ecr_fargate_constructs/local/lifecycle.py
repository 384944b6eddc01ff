"""Up and down: the whole way from an app's directory to an answer, and back to nothing."""

from __future__ import annotations

import contextlib
import errno
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ecr_fargate_constructs.local import engine, podman, server
from ecr_fargate_constructs.local.containers import remove_containers_and_images
from ecr_fargate_constructs.local.deployment import Deployment
from ecr_fargate_constructs.local.errors import LocalError
from ecr_fargate_constructs.local.instance import Memory
from ecr_fargate_constructs.local.processes import uninterrupted
from ecr_fargate_constructs.local.services import Cloud
from ecr_fargate_constructs.local.settling import Answer, ask, settled
from ecr_fargate_constructs.reading import assembly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.local.instance import Instance
    from ecr_fargate_constructs.local.progress import Progress
    from ecr_fargate_constructs.local.services import Service


@dataclass(frozen=True)
class Outcome:
    """What ``up`` brought about.

    Attributes:
        memory: What is remembered of the instance that runs now.
        services: The services of the deployed stacks.
        answers: What their load balancers say.
        stand_ins: Base images that a stand-in was used for.
    """

    memory: Memory
    services: tuple[Service, ...]
    answers: tuple[Answer, ...]
    stand_ins: tuple[str, ...]


def runs(instance: Instance, memory: Memory | None) -> bool:
    """Whether this very instance runs and answers, and not another program on its port."""
    return memory is not None and memory.alive and server.answers(instance)


def up(instance: Instance, memory: Memory | None, stacks: Sequence[str], progress: Progress) -> Outcome:
    """Deploy the app and wait until it answers.

    An embedded AWS that was started for this and fails is taken down again; one that ran before goes on as it was.

    Raises:
        LocalError: Something failed.
    """
    ran_before = runs(instance, memory)
    try:
        if memory is None or not ran_before:
            memory = _start(instance, memory, progress)
        return _deploy(instance, memory, stacks, progress)
    except BaseException as error:
        progress.failed()
        failure = _explained(error, instance)
        if ran_before and isinstance(failure, LocalError):
            failure.cause += _what_goes_on(instance)
        elif not ran_before and instance.state.is_dir():
            progress.step("cleaning up")
            _end(instance, Memory.load(instance.memory_file))
            kept = instance.keep_logs()
            if isinstance(failure, LocalError) and failure.log is not None:
                failure.log = kept
        if failure is error:
            raise
        raise failure from error


def _explained(error: BaseException, instance: Instance) -> BaseException:
    """An embedded AWS that does not answer any more shows in many ways; say it in one."""
    if isinstance(error, (BotoCoreError, ClientError)):
        return LocalError(f"the embedded AWS fails: {error}", log=instance.server_log)
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        place = error.filename or instance.state
        return LocalError(f"no space is left for {place}: {error.strerror}", fix="free some space on that disk")
    return error


def _what_goes_on(instance: Instance) -> str:
    """Say that the version before still answers, if it does."""
    with contextlib.suppress(BotoCoreError, ClientError, OSError):
        deployed = [stack.name for stack in assembly.stacks(instance.assembly)]
        answers = [ask(balancer) for balancer in Cloud(instance).balancers(deployed)]
        urls = [answer.balancer.url for answer in answers if answer.good]
        if urls:
            return f"\nthe version before goes on answering at {', '.join(urls)}"
    return ""


def _start(instance: Instance, left_over: Memory | None, progress: Progress) -> Memory:
    if not (instance.app_directory / "cdk.json").is_file():
        raise LocalError(
            f"{instance.app_directory} has no cdk.json, so it is not the directory of a CDK app",
            fix="name the app's directory with --app-dir",
        )
    if left_over is not None:
        progress.step("clearing away an embedded AWS that had died")
        down(instance, left_over)
    _check_port(instance.port)
    progress.step("looking for a container engine")
    found = engine.find_engine(say=progress.detail)
    progress.detail(f"{found.name} {found.version}")
    instance.erase()
    instance.make_state()
    memory = Memory(instance.account, instance.region, found.name, found.socket or "")
    progress.step("starting the embedded AWS")
    try:
        if found.socket is None:
            podman.start_podman(instance, memory)
        server.start_server(instance, memory)
    finally:
        memory.save(instance)
    return memory


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that wait to be forgotten are no bar
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            raise LocalError(
                f"port {port} is taken by another program"
                if taken
                else f"port {port} cannot be used: {error.strerror}",
                fix="choose another one with --port, for example --port 4600",
            ) from error


def _deploy(instance: Instance, memory: Memory, names: Sequence[str], progress: Progress) -> Outcome:
    deployment = Deployment(instance, memory, names, progress)
    stacks = deployment.synthesize()
    deployment.bootstrap()
    stand_ins = deployment.get_base_images(stacks)
    cloud = Cloud(instance)
    deployed = [stack.name for stack in stacks]
    before = {task.arn for service in cloud.services(deployed) for task in service.tasks}
    deployment.deploy()
    progress.step("waiting until it answers")
    services, answers = settled(cloud, deployed, before, instance)
    return Outcome(memory, tuple(services), tuple(answers), stand_ins)


@uninterrupted()
def down(instance: Instance, memory: Memory | None) -> None:
    """End the instance's containers and processes, and delete its images and files. Nothing else is touched."""
    _end(instance, memory)
    instance.erase()


@uninterrupted()
def _end(instance: Instance, memory: Memory | None) -> None:
    if memory is not None and runs(instance, memory):
        with contextlib.suppress(OSError):
            server.empty(instance, memory)
    known = dict(memory.processes) if memory is not None else {}
    aws = [known.pop("aws")] if "aws" in known else []  # first, or it would replace the tasks that end
    for process in (*aws, *known.values(), *instance.left_over()):  # and those that nobody could write down
        process.stop()
    if memory is not None:
        remove_containers_and_images(instance, memory)
        podman.remove_scratch(memory)
