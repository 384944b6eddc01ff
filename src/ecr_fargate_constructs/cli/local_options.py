"""What the commands of ``ecr-fargate local`` have in common: their options, and the instance that they ask."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from ecr_fargate_constructs.local.instances import State, find_instance, not_running, state_of
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.local.instance import Instance, Memory

AppDirectory = Annotated[
    Path, typer.Option("--app-dir", help="Directory of the CDK app's cdk.json.", exists=True, file_okay=False)
]
Port = Annotated[
    int | None,
    typer.Option(
        min=1, max=65535, help="TCP port on loopback, one instance a port. By itself where this app runs, else 4566."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OneService = Annotated[
    str | None, typer.Option("--service", help="One service only, by a name that 'local status' shows.")
]
Account = Annotated[str | None, typer.Option(help="Account id for apps that name one.")]
Region = Annotated[str | None, typer.Option(help="AWS region; us-east-1 when left out.")]


def running(app_directory: Path, port: int | None) -> tuple[Instance, Memory]:
    """The instance that runs.

    Raises:
        ToolError: None does, or several do and no port says which.
    """
    instance, memory = find_instance(app_directory, port)
    state = state_of(instance, memory)
    if state is not State.RUNNING or memory is None:
        raise not_running(instance, state)
    return instance, memory


@contextmanager
def asked(instance: Instance) -> Iterator[None]:
    """Make what the embedded AWS refuses, or its silence, an error that is printed as every other."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise ToolError(f"the embedded AWS fails: {error}", log=instance.server_log) from error
