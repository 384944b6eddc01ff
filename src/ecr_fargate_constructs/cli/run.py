"""``ecr-fargate run`` and ``ecr-fargate local run``: run a command once in a task of a service."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeAlias

import typer

from ecr_fargate_constructs._rules.plain_text import plain
from ecr_fargate_constructs.cli.aws_options import EndpointUrl, clients_at
from ecr_fargate_constructs.cli.local_options import AppDirectory, Port, aws_errors, running
from ecr_fargate_constructs.cli.printing import Console, may_colour
from ecr_fargate_constructs.cli.report import print_error
from ecr_fargate_constructs.local.services import Cloud
from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.explain.explain import explain
from ecr_fargate_constructs.tools.run.request import Order
from ecr_fargate_constructs.tools.run.service import Found, choose, services_of, services_of_app
from ecr_fargate_constructs.tools.run.task import RunningTask, started

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.tools.explain import sources

_NOT_RUN = 125  # as with docker run: the command did not run
_INTERRUPTED = 130  # as in shells: 128 and the number of SIGINT

_Command: TypeAlias = Annotated[
    list[str], typer.Argument(help="The command and its arguments, after '--'.", metavar="COMMAND")
]
_Service: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--service", help="The service, by the id or path of its construct, or its name in ECS. Default: the only one."
    ),
]
_Container: TypeAlias = Annotated[
    str | None,
    typer.Option("--container", help="The container. Default: that behind the load balancer, or the essential one."),
]
_Environment: TypeAlias = Annotated[
    list[str] | None, typer.Option("--env", "-e", metavar="NAME=VALUE", help="Variable of the container; repeatable.")
]
_Cpu: TypeAlias = Annotated[int | None, typer.Option(min=1, help="CPU units of the task. Default: the service's.")]
_Memory: TypeAlias = Annotated[int | None, typer.Option(min=1, help="MiB of the task. Default: the service's.")]
_Detach: TypeAlias = Annotated[
    bool, typer.Option("--detach", "-d", help="Print the ARN of the task, and do not wait for it.")
]


def run_command(
    command: _Command,
    service: _Service = None,
    stack: Annotated[
        list[str] | None,
        typer.Option("--stack", help="Name of a stack in AWS; repeatable. Default: the stacks of --app."),
    ] = None,
    assembly: Annotated[Path, typer.Option("--app", metavar="CDK_OUT", help="Folder that 'cdk synth' wrote.")] = Path(
        "cdk.out"
    ),
    container: _Container = None,
    env: _Environment = None,
    cpu: _Cpu = None,
    memory: _Memory = None,
    detach: _Detach = False,  # noqa: FBT002 - a flag
    endpoint_url: EndpointUrl = None,
) -> None:
    """Run a command once in a task of its own, with the image, roles, network and capacity of a service.

    For example: ecr-fargate run --service Web -- python manage.py migrate

    Prints what the command prints, and exits with its status; with 125 if it did not run, and with 130 if you
    interrupted it. Ctrl-C stops the task. The command replaces that of the image; an entry point stays.

    The task has no standard input, because RunTask cannot give it one. For a shell, open a session in a running task:
    aws ecs execute-command --interactive --command sh --cluster … --task …; the service needs
    enable_execute_command=True.
    """
    with _own_status():
        order = _order(command, container, env, cpu, memory)
        clients = clients_at(endpoint_url)
        services = services_of(clients, stack) if stack else services_of_app(clients, _names(assembly))
        _run(clients, choose(services, service), order, detach=detach)


def local_run(
    command: _Command,
    service: _Service = None,
    app_dir: AppDirectory = Path(),
    port: Port = None,
    container: _Container = None,
    env: _Environment = None,
    cpu: _Cpu = None,
    memory: _Memory = None,
    detach: _Detach = False,  # noqa: FBT002 - a flag
) -> None:
    """Run a command once in a task of its own on the embedded AWS, as 'ecr-fargate run' does on AWS."""
    with _own_status():
        order = _order(command, container, env, cpu, memory)
        instance, _ = running(app_dir, port)
        with aws_errors(instance):
            clients = Cloud(instance).client
            services = services_of_app(clients, _names(instance.assembly))
            _run(clients, choose(services, service), order, detach=detach)


class _own_status:  # noqa: N801 - used like a function
    """Reports an error with a status that few commands have, so that scripts can tell them apart."""

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ToolError):
            print_error(Console(stderr=True), error)
            sys.exit(_NOT_RUN)
        if isinstance(error, KeyboardInterrupt):
            sys.exit(_INTERRUPTED)


def _order(
    command: Sequence[str], container: str | None, env: Sequence[str] | None, cpu: int | None, memory: int | None
) -> Order:
    variables = {}
    for each in env or ():
        name, sign, value = each.partition("=")
        if not name or not sign:
            raise ToolError(f"--env {each} is not a variable", fix="write NAME=VALUE")
        variables[name] = value
    return Order(command=command, container=container, environment=variables, cpu=cpu, memory=memory)


def _names(assembly: Path) -> list[str]:
    return [each.name for each in load(assembly).stacks]


def _run(clients: sources.Clients, service: Found, order: Order, *, detach: bool) -> None:
    with started(clients, service.arn, order) as task:
        if detach:
            print(task.arn)
            return
        _note(f"task {task.arn.rpartition('/')[2]} of {service.name}")
        if not task.log.readable:
            _note(f"its log cannot be shown: the container logs with {task.log.driver}")
        try:
            status = task.follow(_show, lambda status: _note(status.lower()))
        except KeyboardInterrupt:
            _stop(task)
    _end(task, status)


def _stop(task: RunningTask) -> NoReturn:
    """Stop the task, and wait until it has stopped, unless the user interrupts again."""
    _note("stopping the task, which gets its stop timeout; press Ctrl-C again to stop waiting")
    task.stop()
    task.wait_until_stopped(_show)
    sys.exit(_INTERRUPTED)


def _end(task: RunningTask, status: int | None) -> NoReturn:
    if status is None:
        causes = explain({"tasks": [task.last]})
        raise ToolError(
            f"the command did not run: {task.reason or 'AWS gives no reason'}",
            fix=f"{causes[0].rule.sentence}: {causes[0].fix}" if causes else None,
        )
    if task.reason and status:
        _note(task.reason)
    sys.exit(status)


def _show(line: str) -> None:
    typer.echo(plain(line.rstrip("\n"), colours=True), color=may_colour())


def _note(text: str) -> None:
    typer.secho(plain(text), err=True, dim=True, color=may_colour())
