"""Up and down: the whole way from an app's directory to an answer, and back to nothing."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ecr_fargate_constructs.local import podman, server, starting
from ecr_fargate_constructs.local.containers import remove_containers_and_images
from ecr_fargate_constructs.local.deployment import Deployment, NeedsAwsError
from ecr_fargate_constructs.local.failures import Known
from ecr_fargate_constructs.local.instance import Memory
from ecr_fargate_constructs.local.judging import Before
from ecr_fargate_constructs.local.processes import uninterrupted
from ecr_fargate_constructs.local.refusals import command
from ecr_fargate_constructs.local.services import Cloud
from ecr_fargate_constructs.local.settling import Answer, Settling, ask, retry
from ecr_fargate_constructs.local.targets import targets_of
from ecr_fargate_constructs.tools.assembly import stacks as assembly
from ecr_fargate_constructs.tools.errors import ToolError, file_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.local.instance import Instance
    from ecr_fargate_constructs.local.progress import Progress
    from ecr_fargate_constructs.local.services import Service
    from ecr_fargate_constructs.tools.assembly.stacks import Stack


@dataclass(frozen=True)
class Outcome:
    """What ``up`` brought about.

    Attributes:
        memory: What is remembered of the instance that runs now.
        services: The services of the deployed stacks.
        answers: What their load balancers say.
    """

    memory: Memory
    services: tuple[Service, ...]
    answers: tuple[Answer, ...]


def runs(instance: Instance, memory: Memory | None) -> bool:
    """Whether this very instance runs and answers, and not another program on its port, and still has its files."""
    return memory is not None and memory.alive and instance.types_file.exists() and server.answers(instance)


def start(instance: Instance, memory: Memory | None, progress: Progress) -> Memory:
    """Start the embedded AWS, unless it runs, and deploy nothing. One that does not start leaves its logs alone.

    Raises:
        ToolError: It does not start.
    """
    if memory is not None and runs(instance, memory):
        return memory
    try:
        starting.check_app(instance)
        memory = _prepare(instance, memory, progress)
        progress.step("starting the embedded AWS")
        starting.start(instance, memory)
    except BaseException as error:
        progress.failed()
        failure = _explained(error, instance)
        if instance.state.is_dir():
            _keep_or_end(instance, failure, progress, keep=False)
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
) -> Outcome:
    """Deploy the app, and wait until its tasks pass their health checks.

    An embedded AWS that was started for this and fails is taken down again, unless it is kept; one that ran before goes
    on as it was.

    Args:
        instance: The instance.
        memory: What is remembered of it.
        stacks: Names of stacks; all when none is named.
        progress: Told of what goes on.
        context: ``KEY=VALUE`` for the CDK app.
        keep: Whether one that was started for this goes on when something fails.

    Raises:
        ToolError: Something failed.
    """
    ran_before = runs(instance, memory)
    try:
        starting.check_app(instance)
        if memory is None or not ran_before:
            memory = _prepare(instance, memory, progress)
        return _deploy(instance, memory, stacks, progress, context, running=ran_before)
    except BaseException as error:
        progress.failed()
        failure = _explained(error, instance)
        if ran_before:
            _tell_what_goes_on(instance, failure)
        elif instance.state.is_dir():
            _keep_or_end(instance, failure, progress, keep=keep)
        if failure is error:
            raise
        raise failure from error


def _prepare(instance: Instance, left_over: Memory | None, progress: Progress) -> Memory:
    if left_over is not None:
        progress.step("clearing away an embedded AWS that had died")
        down(instance, left_over)
    return starting.prepare(instance, progress)


def _deploy(
    instance: Instance,
    memory: Memory,
    names: Sequence[str],
    progress: Progress,
    context: Sequence[str],
    *,
    running: bool,
) -> Outcome:
    deployment = Deployment(instance, memory, names, progress, context)
    try:
        stacks = deployment.synthesize(running=running)
    except NeedsAwsError:
        progress.step("starting the embedded AWS, which the app asks while it is synthesized")
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
    progress.step("waiting until it passes its health checks")
    retry(cloud, deployed, before)
    settling = Settling(cloud, instance, memory, Known.of(instance.assembly), before)
    services, answers = settling.wait(deployed)
    return Outcome(memory, tuple(services), tuple(answers))


def _get_ready(
    instance: Instance,
    memory: Memory,
    deployment: Deployment,
    stacks: Sequence[Stack],
    progress: Progress,
    *,
    running: bool,
) -> None:
    """Get the base images, and start the embedded AWS meanwhile unless it runs."""
    if running:
        progress.step("getting the base images")
        deployment.get_base_images(stacks)
        return
    progress.step("starting the embedded AWS, and getting the base images")
    with ThreadPoolExecutor(max_workers=1) as beside:
        started = beside.submit(starting.start, instance, memory)
        deployment.get_base_images(stacks)
        started.result()


def _explained(error: BaseException, instance: Instance) -> BaseException:
    """An embedded AWS that does not answer any more shows in many ways; say it in one."""
    if isinstance(error, (BotoCoreError, ClientError)):
        return ToolError(f"the embedded AWS failed: {error}", log=instance.server_log)
    if isinstance(error, OSError):
        return file_error(error, instance.state) or error
    return error


def _tell_what_goes_on(instance: Instance, failure: BaseException) -> None:
    """Say where the app still answers: of several services, others may run their new version."""
    if not isinstance(failure, ToolError):
        return
    with contextlib.suppress(BotoCoreError, ClientError, OSError):
        deployed, cloud = [stack.name for stack in assembly.stacks(instance.assembly)], Cloud(instance)
        services = cloud.services(deployed)
        targets = (target for service in services for target in targets_of(cloud, service))
        if any(target.healthy for target in targets):
            answers = [ask(balancer) for balancer in cloud.balancers(deployed)]
            urls = [answer.balancer.url for answer in answers if answer.good]
            what = "the version before goes on answering" if len(services) == 1 else "the app still answers"
            failure.cause += f"\n{what} at {', '.join(urls)}" if urls else ""


def _keep_or_end(instance: Instance, failure: BaseException, progress: Progress, *, keep: bool) -> None:
    """Let a first start that failed go on where that is wanted and possible; or end it, and keep its logs."""
    memory = Memory.load(instance.memory_file)
    deployed = instance.assembly.is_dir() and runs(instance, memory)
    if keep and deployed and isinstance(failure, ToolError):
        failure.cause += (
            f"\nthe embedded AWS goes on: look with '{command(instance, 'status')}' and "
            f"'{command(instance, 'logs')}', mend the app and run '{command(instance, 'up')}' again, or end it with "
            f"'{command(instance, 'down')}'"
        )
        return
    progress.step("cleaning up")
    try:
        _end(instance, memory)
    except BaseException:
        progress.failed()
        progress.note(f"not everything has ended: '{command(instance, 'down')}' ends the rest", kind="warning")
        raise
    kept = instance.keep_logs()
    if isinstance(failure, ToolError) and failure.log is not None:
        failure.log = kept
        if deployed:
            failure.cause += f"\nnothing goes on; '{command(instance, 'up', '--keep')}' would leave it for a look"


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
