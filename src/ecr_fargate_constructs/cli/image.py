"""``ecr-fargate image``: lock the digest of an image for the other stages."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated

import typer

from ecr_fargate_constructs._rules.lock_file import LOCK_FILE, check_name, read_lock, write_lock
from ecr_fargate_constructs._rules.plain_text import plain
from ecr_fargate_constructs.cli.formats import Format, FormatOption
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.local.aws_clients import aws_client
from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.lock.entry import entry_for
from ecr_fargate_constructs.tools.lock.sources import PrivateImage, image_of_service, look_up

image = typer.Typer(help="Lock the images that every stage runs.", no_args_is_help=True, rich_markup_mode=None)


@image.callback()
def root() -> None:
    """Lock the images that every stage runs."""


@image.command("lock")
def lock_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the image in the lock file.")],
    stack: Annotated[
        str | None, typer.Option(help="Stack in AWS whose service runs the image; its name is recorded as evidence.")
    ] = None,
    service: Annotated[str | None, typer.Option(help="Service, if the stack has several.")] = None,
    container: Annotated[
        str | None, typer.Option(help="Container, if the task has several with a private image.")
    ] = None,
    uri: Annotated[
        str | None, typer.Option("--image", help="Full name of an image in ECR, in place of --stack.")
    ] = None,
    file: Annotated[Path, typer.Option(dir_okay=False, help="The lock file.")] = Path(LOCK_FILE),
    revision: Annotated[
        str | None,
        typer.Option(help="Revision of the source code; by default the image's label, or the commit of this checkout."),
    ] = None,
    endpoint_url: Annotated[
        str | None, typer.Option(envvar="AWS_ENDPOINT_URL", help="Another endpoint, such as the embedded AWS.")
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Write the digest of an image into the lock file, for PrivateRepository.locked_image.

    With --stack, the image is that of the stack's service, whose last deployment has to be completed. The stack is
    recorded for the gate DeployedTo. If the digest is locked already, its entry only gets one more stack.
    """
    if (stack is None) == (uri is None):
        raise ToolError("exactly one source is needed", fix="give one of --stack and --image")
    if uri is not None and (service is not None or container is not None):
        raise ToolError("--service and --container choose within a stack", fix="give --stack, or omit them")
    try:
        check_name(name)
        images = read_lock(file) if file.exists() else {}
    except ConfigurationError as error:
        raise ToolError(str(error)) from error
    if stack is not None:
        uri = image_of_service(lambda aws: aws_client(aws, endpoint_url), stack, service, container)
    named = PrivateImage.parse(uri or "")
    found = look_up(aws_client("ecr", endpoint_url, region=named.region), named, endpoint_url)
    entry = entry_for(
        name,
        found,
        images.get(name),
        stack=stack,
        revision=revision or found.revision or _commit(),
        now=datetime.now(timezone.utc),
    )
    write_lock(file, {**images, name: entry})
    if form is Format.JSON:
        print(json.dumps({name: entry.as_dict()}, indent=2))
        return
    ran = f"; ran in {', '.join(entry.deployed_to)}" if entry.deployed_to else ""
    print(plain(f"{file}: {name} is {entry.uri} ({', '.join(entry.architectures)}){ran}"))


def _commit() -> str | None:
    """Return the commit that is checked out here, with ``-dirty`` if files differ from it; None outside of git."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],  # noqa: S607 - the user's git
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip() or None
