"""``ecr-fargate local``: run a CDK app on an embedded AWS."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated

import typer

from ecr_fargate_constructs._rules.plain_text import plain
from ecr_fargate_constructs.cli import report
from ecr_fargate_constructs.cli.explain import local_explain
from ecr_fargate_constructs.cli.local_deployments import deployments
from ecr_fargate_constructs.cli.local_grants import grants
from ecr_fargate_constructs.cli.local_interrupt import interrupt
from ecr_fargate_constructs.cli.local_logs import logs
from ecr_fargate_constructs.cli.local_options import Account, AppDirectory, ClockSpeed, Port, Region, running
from ecr_fargate_constructs.cli.local_start import certificate, env, seed, start
from ecr_fargate_constructs.cli.local_status import status, url
from ecr_fargate_constructs.cli.printing import Console
from ecr_fargate_constructs.cli.run import local_run
from ecr_fargate_constructs.local import lifecycle, toolkit
from ecr_fargate_constructs.local.app_status import app_status
from ecr_fargate_constructs.local.containers import containers
from ecr_fargate_constructs.local.instances import find_instance
from ecr_fargate_constructs.local.services import Cloud
from ecr_fargate_constructs.local.watching.synthesis import WarmApp

local = typer.Typer(
    help="Run a CDK app on an embedded AWS: without an account, and nothing leaves this machine.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@local.command()
def up(
    stacks: Annotated[
        list[str] | None, typer.Argument(metavar="STACK", help="Stacks to deploy; all stacks if empty.")
    ] = None,
    app_dir: AppDirectory = Path(),
    port: Port = None,
    account: Account = None,
    region: Region = None,
    context: Annotated[
        list[str] | None,
        typer.Option("--context", "-c", metavar="KEY=VALUE", help="Context for the CDK app; repeatable."),
    ] = None,
    keep: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--keep", help="If the first start fails, keep it running so that you can examine it.")
    ] = False,
    clock: ClockSpeed = None,
    watch: Annotated[  # noqa: FBT002 - a flag
        bool,
        typer.Option("--watch", help="Then watch: sync edits of the application into its tasks, or deploy them."),
    ] = False,
) -> None:
    """Build, push and deploy the app, and wait until its tasks pass their health checks.

    Run it again after an edit to deploy the change. The built-in template validation of aws-cdk-lib is off, since it
    takes ten seconds per run; set CDK_VALIDATION=true to turn it on.
    """
    instance, memory = find_instance(app_dir, port, account, region)
    console, app = Console(), WarmApp(instance) if watch else None
    with instance.alone(), report.ConsoleProgress(console) as progress:
        outcome = lifecycle.up(
            instance, memory, stacks or [], progress, context=context or [], keep=keep, clock=clock, app=app
        )
    status_now = app_status(Cloud(instance), instance.assembly, instance.port, containers(instance, outcome.memory))
    report.print_status(console, status_now)
    for answer in outcome.answers:
        report.print_answer(console, answer)
    if app is not None:
        module = importlib.import_module("ecr_fargate_constructs.cli.local_watch")  # needs watchfiles, others do not
        module.Watch(instance, stacks or [], context or [], console, app).run()


@local.command()
def down(app_dir: AppDirectory = Path(), port: Port = None) -> None:
    """Stop the embedded AWS and delete its containers, processes and files, and nothing else."""
    instance, memory = find_instance(app_dir, port)
    console = Console()
    if memory is None and not instance.state.exists():
        instance.erase()
        print(f"nothing is running for {instance.app_directory} on port {instance.port}")
        return
    with instance.alone(), report.ConsoleProgress(console) as progress:
        progress.step("stopping the embedded AWS")
        lifecycle.down(instance, memory)


@local.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def cdk(context: typer.Context, app_dir: AppDirectory = Path(), port: Port = None) -> None:
    """Run the CDK command line against the embedded AWS, for example 'ecr-fargate local cdk diff'."""
    instance, memory = running(app_dir, port)
    with instance.alone():
        program = toolkit.find_toolkit(instance.app_directory)
        toolkit.run_toolkit(instance, memory, program, context.args, on_line=lambda line: print(plain(line)))


for command in (status, url, logs, deployments, interrupt, grants, start, seed, env, certificate):
    local.command()(command)
local.command("explain")(local_explain)
local.command("run")(local_run)
