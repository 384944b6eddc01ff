"""``ecr-fargate local``: a CDK app on an embedded AWS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from ecr_fargate_constructs._plain_text import plain
from ecr_fargate_constructs.local import lifecycle, report, toolkit
from ecr_fargate_constructs.local.containers import containers
from ecr_fargate_constructs.local.errors import LocalError
from ecr_fargate_constructs.local.instance import Instance, Memory, instance_at
from ecr_fargate_constructs.local.services import Cloud
from ecr_fargate_constructs.reading import assembly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.local.services import Balancer, Service

local = typer.Typer(
    help="Run a CDK app on an embedded AWS: no account, nothing leaves this machine.", no_args_is_help=True
)

_AppDirectory = Annotated[
    Path, typer.Option("--app-dir", help="Directory of the CDK app's cdk.json.", exists=True, file_okay=False)
]
_Port = Annotated[int, typer.Option(min=1, max=65535, help="TCP port on loopback; one instance a port.")]


@local.command()
def up(
    stacks: Annotated[list[str] | None, typer.Argument(help="Stacks to deploy; all when none is named.")] = None,
    app_dir: _AppDirectory = Path(),
    port: _Port = 4566,
    account: Annotated[str | None, typer.Option(help="Account id for apps that name one.")] = None,
    region: Annotated[str | None, typer.Option(help="AWS region; us-east-1 when left out.")] = None,
) -> None:
    """Build, push and deploy the app, and wait until its load balancer answers.

    Run it again after an edit to deploy the change. The built-in template validation of aws-cdk-lib is off, since it
    takes ten seconds a run; set CDK_VALIDATION=true to have it.
    """
    instance, memory = instance_at(app_dir, port, account, region)
    console = Console()
    with instance.alone(), report.ConsoleProgress(console) as progress:
        outcome = lifecycle.up(instance, memory, stacks or [], progress)
    for image in outcome.stand_ins:
        console.print(
            f"[yellow]note[/] {image} could not be pulled: a stand-in made of Debian packages plays it here",
            highlight=False,
        )
    balancers = [answer.balancer for answer in outcome.answers]
    _show(console, instance, outcome.memory, outcome.services, balancers)
    for answer in outcome.answers:
        report.print_answer(console, answer)


@local.command()
def down(app_dir: _AppDirectory = Path(), port: _Port = 4566) -> None:
    """End the embedded AWS: its containers, its processes and its files, and nothing else."""
    instance, memory = instance_at(app_dir, port, None, None)
    console = Console()
    if memory is None and not instance.state.exists():
        instance.erase()
        console.print(f"nothing runs for {instance.app_directory} on port {port}")
        return
    with instance.alone(), report.ConsoleProgress(console) as progress:
        progress.step("ending the embedded AWS")
        lifecycle.down(instance, memory)


@local.command()
def status(app_dir: _AppDirectory = Path(), port: _Port = 4566) -> None:
    """Show what runs; exit status 1 when nothing does."""
    instance, memory = _running(app_dir, port)
    stacks, cloud = _stacks(instance), Cloud(instance)
    _show(Console(), instance, memory, cloud.services(stacks), cloud.balancers(stacks))


@local.command()
def logs(
    app_dir: _AppDirectory = Path(),
    port: _Port = 4566,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many of the latest lines.")] = 50,
) -> None:
    """Print the latest lines that the app's containers have logged."""
    instance, _ = _running(app_dir, port)
    for line in Cloud(instance).last_lines(_stacks(instance), lines):
        print(plain(line, colours=True))


@local.command()
def url(app_dir: _AppDirectory = Path(), port: _Port = 4566) -> None:
    """Print the address of each load balancer, one a line."""
    instance, _ = _running(app_dir, port)
    for balancer in Cloud(instance).balancers(_stacks(instance)):
        print(balancer.url)


@local.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def cdk(context: typer.Context, app_dir: _AppDirectory = Path(), port: _Port = 4566) -> None:
    """Run the CDK command line against the embedded AWS, for example: ecr-fargate local cdk diff."""
    instance, memory = _running(app_dir, port)
    with instance.alone():
        program = toolkit.find_toolkit(instance.app_directory)
        toolkit.run_toolkit(instance, memory, program, context.args, on_line=lambda line: print(plain(line)))


def _running(app_directory: Path, port: int) -> tuple[Instance, Memory]:
    instance, memory = instance_at(app_directory, port, None, None)
    if memory is not None and not lifecycle.runs(instance, memory):
        raise LocalError(
            f"the embedded AWS on port {port} has died",
            fix="start it again with 'ecr-fargate local up', or clear it away with 'ecr-fargate local down'",
            log=instance.server_log,
        )
    if memory is None or not instance.assembly.is_dir():
        raise LocalError(
            f"nothing runs for {instance.app_directory} on port {port}", fix="start it with 'ecr-fargate local up'"
        )
    return instance, memory


def _stacks(instance: Instance) -> list[str]:
    return [stack.name for stack in assembly.stacks(instance.assembly)]


def _show(
    console: Console, instance: Instance, memory: Memory, services: Sequence[Service], balancers: Sequence[Balancer]
) -> None:
    console.print(report.services_table(services, balancers, containers(instance, memory)))
