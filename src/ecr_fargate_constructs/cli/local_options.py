"""The options that the commands of ``ecr-fargate local`` share, and the instance that they use."""

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
    Path, typer.Option("--app-dir", help="Directory with the cdk.json of the CDK app.", exists=True, file_okay=False)
]
Port = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=65535,
        help="TCP port on loopback, one instance per port. Default: the port where this app runs, or 4566.",
    ),
]
OneService = Annotated[
    str | None, typer.Option("--service", help="Only this service, by a name that 'local status' shows.")
]
Account = Annotated[str | None, typer.Option(help="Account id, for apps that name one.")]
ClockSpeed = Annotated[
    float | None,
    typer.Option(
        "--clock",
        metavar="SPEED",
        help="Rehearse deployments as on AWS, with bake times that pass this many times faster: with 60, a minute "
        "takes a second. CloudFormation waits for them, and fails with them. Default: bake times are skipped.",
    ),
]
Region = Annotated[str | None, typer.Option(help="AWS region; us-east-1 by default.")]


def running(app_directory: Path, port: int | None) -> tuple[Instance, Memory]:
    """Return the instance of an app that is running."""
    instance, memory = find_instance(app_directory, port)
    state = state_of(instance, memory)
    if state is not State.RUNNING or memory is None:
        raise not_running(instance, state)
    return instance, memory


@contextmanager
def aws_errors(instance: Instance) -> Iterator[None]:
    """Turn an error of the embedded AWS, or its silence, into a ``ToolError``."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise ToolError(f"the embedded AWS failed: {error}", log=instance.server_log) from error
