"""Start, deploy and stop: the work behind ``ecr-fargate local up``, ``start`` and ``down``."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ecr_fargate_constructs.local import podman, server, starting
from ecr_fargate_constructs.local.clock import Clock
from ecr_fargate_constructs.local.containers import remove_containers_and_images
from ecr_fargate_constructs.local.deployment import Deployment, NeedsAwsError
from ecr_fargate_constructs.local.failures import AppDetails
from ecr_fargate_constructs.local.instance import Memory
from ecr_fargate_constructs.local.processes import uninterrupted
from ecr_fargate_constructs.local.readiness import Before
from ecr_fargate_constructs.local.refusals import command
from ecr_fargate_constructs.local.services import Cloud
from ecr_fargate_constructs.local.targets import targets_of
from ecr_fargate_constructs.local.waiting import Answer, Waiting, ask, retry
from ecr_fargate_constructs.local.watching.syncing import take_back
from ecr_fargate_constructs.tools.assembly import stacks as assembly
from ecr_fargate_constructs.tools.errors import ToolError, file_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.local.instance import Instance
    from ecr_fargate_constructs.local.progress import Progress
    from ecr_fargate_constructs.local.services import Service
    from ecr_fargate_constructs.local.watching.synthesis import WarmApp
    from ecr_fargate_constructs.tools.assembly.stacks import Stack


@dataclass(frozen=True)
class Outcome:
    """The result of ``up``.

    Attributes:
        memory: The recorded state of the instance.
        services: The services of the deployed stacks.
        answers: The responses of their load balancers.
    """

    memory: Memory
    services: tuple[Service, ...]
    answers: tuple[Answer, ...]


def runs(instance: Instance, memory: Memory | None) -> bool:
    """Return whether this instance, and no other program on its port, is running and still has its files."""
    return memory is not None and memory.alive and instance.types_file.exists() and server.answers(instance)


def start(instance: Instance, memory: Memory | None, progress: Progress, *, clock: float | None = None) -> Memory:
    """Start the embedded AWS unless it is running, without a deployment. After a failure only its logs stay."""
    if memory is not None and runs(instance, memory):
        _refuse_another_clock(instance, memory, clock)
        return memory
    try:
        starting.check_app(instance)
        memory = _prepare(instance, memory, progress, clock)
        progress.step("starting the embedded AWS")
        starting.start(instance, memory)
    except BaseException as error:
        progress.failed()
        failure = _explained(error, instance)
        if instance.state.is_dir():
            _keep_or_stop(instance, failure, progress, keep=False)
        if failure is error:
            raise
        raise failure from error
    return memory


def up(
    instance: Instance,
    memory: Memory | None,
    stacks: Sequence[str],
    progress: Progress,
    *,
    context: Sequence[str] = (),
    keep: bool = False,
    clock: float | None = None,
    app: WarmApp | None = None,
) -> Outcome:
    """Deploy the app, and wait until its tasks pass their health checks.

    If something fails, an embedded AWS that was started by this command is stopped again, unless ``keep`` is set. One
    that was running before keeps running.

    Args:
        instance: The instance.
        memory: Its recorded state.
        stacks: Names of stacks; all stacks if empty.
        progress: Shows what is going on.
        context: ``KEY=VALUE`` for the CDK app.
        keep: Whether an embedded AWS that was started by this command keeps running after a failure.
        clock: How fast bake times of deployments pass; they are skipped without it, unless it runs with one.
        app: Records how the app is run, if the app is to be synthesized again soon.
    """
    ran_before = runs(instance, memory)
    try:
        starting.check_app(instance)
        if memory is None or not ran_before:
            memory = _prepare(instance, memory, progress, clock)
        _refuse_another_clock(instance, memory, clock)
        if memory.clock is not None:
            progress.note(
                f"deployments are rehearsed: a minute of their bake times takes {60 / memory.clock:g} seconds"
            )
        deployment = Deployment(instance, memory, stacks, progress, context, app)
        return _deploy(instance, memory, deployment, progress, running=ran_before)
    except BaseException as error:
        progress.failed()
        failure = _explained(error, instance)
        if ran_before:
            _add_working_urls(instance, failure)
        elif instance.state.is_dir():
            _keep_or_stop(instance, failure, progress, keep=keep)
        if failure is error:
            raise
        raise failure from error


def update(
    instance: Instance,
    stacks: Sequence[str],
    progress: Progress,
    *,
    context: Sequence[str] = (),
    app: WarmApp,
) -> Outcome | None:
    """Deploy a running app again if it has changed; return None if there is nothing to deploy.

    Args:
        instance: The instance.
        stacks: Names of stacks; all stacks if empty.
        progress: Shows what is going on.
        context: ``KEY=VALUE`` for the CDK app.
        app: Synthesizes the app.
    """
    memory = Memory.load(instance.memory_file)
    if memory is None or not runs(instance, memory):
        raise ToolError("the embedded AWS has ended", fix=f"run '{command(instance, 'up')}' again")
    try:
        deployment = Deployment(instance, memory, stacks, progress, context, app)
        deployment.synthesize(running=True)
        if not deployment.changed:
            return None
        return _deploy(instance, memory, deployment, progress, running=True, synthesized=True)
    except BaseException as error:
        progress.failed()
        failure = _explained(error, instance)
        _add_working_urls(instance, failure)
        if failure is error:
            raise
        raise failure from error


def _refuse_another_clock(instance: Instance, memory: Memory, clock: float | None) -> None:
    if clock not in {None, memory.clock}:
        now = "without --clock" if memory.clock is None else f"with --clock {memory.clock:g}"
        raise ToolError(
            f"the embedded AWS on port {instance.port} is running {now}, not with --clock {clock:g}",
            fix=f"run 'ecr-fargate local down --port {instance.port}' first",
        )


def _prepare(instance: Instance, left_over: Memory | None, progress: Progress, clock: float | None) -> Memory:
    Clock(1 if clock is None else clock)  # refuses a speed before anything starts
    if left_over is not None:
        progress.step("removing an embedded AWS that has died")
        down(instance, left_over)
    memory = starting.prepare(instance, progress)
    memory.clock = clock
    return memory


def _deploy(
    instance: Instance,
    memory: Memory,
    deployment: Deployment,
    progress: Progress,
    *,
    running: bool,
    synthesized: bool = False,
) -> Outcome:
    try:
        stacks = deployment.stacks if synthesized else deployment.synthesize(running=running)
    except NeedsAwsError:
        progress.step("starting the embedded AWS, which the app calls during synthesis")
        starting.start(instance, memory)
        running = True
        stacks = deployment.synthesize(running=running)
    _get_ready(instance, memory, deployment, stacks, progress, running=running)
    deployed = [stack.name for stack in deployment.accept()]
    deployment.bootstrap()
    deployment.put_stubs()
    cloud = Cloud(instance)
    before = Before.of(cloud.services(deployed))
    deployment.deploy()
    progress.step("waiting for the health checks to pass")
    _take_back_files(instance, memory)
    retry(cloud, deployed, before)
    waiting = Waiting(cloud, instance, memory, AppDetails.of(instance.assembly), before)
    services, answers = waiting.wait(deployed)
    return Outcome(memory, tuple(services), tuple(answers))


def _take_back_files(instance: Instance, memory: Memory) -> None:
    """Let the tasks run what their image has: 'up --watch' may have synced files that were edited back since."""
    outcome = take_back(instance, memory)
    if outcome.kind == "failed":
        raise ToolError(f"a task without the synced files failed: {outcome.reason}", log=instance.server_log)


def _get_ready(
    instance: Instance,
    memory: Memory,
    deployment: Deployment,
    stacks: Sequence[Stack],
    progress: Progress,
    *,
    running: bool,
) -> None:
    """Pull the base images, and start the embedded AWS at the same time unless it is running."""
    if running:
        progress.step("pulling the base images")
        deployment.get_base_images(stacks)
        return
    progress.step("starting the embedded AWS, and pulling the base images")
    with ThreadPoolExecutor(max_workers=1) as executor:
        started = executor.submit(starting.start, instance, memory)
        deployment.get_base_images(stacks)
        started.result()


def _explained(error: BaseException, instance: Instance) -> BaseException:
    """Return a ``ToolError`` for the many errors of an embedded AWS that no longer responds."""
    if isinstance(error, (BotoCoreError, ClientError)):
        return ToolError(f"the embedded AWS failed: {error}", log=instance.server_log)
    if isinstance(error, OSError):
        return file_error(error, instance.state) or error
    return error


def _add_working_urls(instance: Instance, failure: BaseException) -> None:
    """Add the URLs that still work to an error: the previous version, or other services of the app."""
    if not isinstance(failure, ToolError):
        return
    with contextlib.suppress(BotoCoreError, ClientError, OSError):
        deployed, cloud = [stack.name for stack in assembly.stacks(instance.assembly)], Cloud(instance)
        services = cloud.services(deployed)
        targets = (target for service in services for target in targets_of(cloud, service))
        if any(target.healthy for target in targets):
            answers = [ask(balancer) for balancer in cloud.balancers(deployed)]
            urls = [answer.balancer.url for answer in answers if answer.good]
            what = "the previous version still responds" if len(services) == 1 else "the app still responds"
            failure.cause += f"\n{what} at {', '.join(urls)}" if urls else ""


def _keep_or_stop(instance: Instance, failure: BaseException, progress: Progress, *, keep: bool) -> None:
    """Keep a first start that failed running if that is wanted and possible; otherwise stop it and keep its logs."""
    memory = Memory.load(instance.memory_file)
    deployed = instance.assembly.is_dir() and runs(instance, memory)
    if keep and deployed and isinstance(failure, ToolError):
        failure.cause += (
            f"\nthe embedded AWS keeps running: examine it with '{command(instance, 'status')}' and "
            f"'{command(instance, 'logs')}', correct the app and run '{command(instance, 'up')}' again, or stop it "
            f"with '{command(instance, 'down')}'"
        )
        return
    progress.step("cleaning up")
    try:
        _stop(instance, memory)
    except BaseException:
        progress.failed()
        progress.note(f"not everything has stopped: run '{command(instance, 'down')}' to stop the rest", kind="warning")
        raise
    log = instance.keep_logs()
    if isinstance(failure, ToolError) and failure.log is not None:
        failure.log = log
        if deployed:
            failure.cause += (
                f"\nthe embedded AWS was stopped; '{command(instance, 'up', '--keep')}' would keep it running"
            )


@uninterrupted()
def down(instance: Instance, memory: Memory | None) -> None:
    """Stop the instance's containers and processes, and delete its images and files, and nothing else."""
    _stop(instance, memory)
    instance.erase()


@uninterrupted()
def _stop(instance: Instance, memory: Memory | None) -> None:
    if memory is not None and runs(instance, memory):
        with contextlib.suppress(OSError):
            server.empty(instance, memory)
    processes = dict(memory.processes) if memory is not None else {}
    aws = [processes.pop("aws")] if "aws" in processes else []  # first: otherwise it replaces the tasks that stop
    for process in (*aws, *processes.values(), *instance.left_over()):  # the last ones were never recorded
        process.stop()
    if memory is not None:
        remove_containers_and_images(instance, memory)
        podman.remove_scratch(memory)
