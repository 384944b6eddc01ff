"""``ecr-fargate local logs``: print the logs of an app's containers."""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecr_fargate_constructs._rules.plain_text import plain
from ecr_fargate_constructs.cli.formats import Format, FormatOption
from ecr_fargate_constructs.cli.local_options import AppDirectory, OneService, Port, aws_errors, running
from ecr_fargate_constructs.cli.printing import may_colour
from ecr_fargate_constructs.local.app_status import app_status, chosen
from ecr_fargate_constructs.local.log_lines import LogReader, since
from ecr_fargate_constructs.local.services import Cloud

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.local.instance import Instance
    from ecr_fargate_constructs.local.log_lines import Line

_LINES = 50
_POLL = 0.5  # seconds
_ROUNDS = 20  # polls between two searches for services
_COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "bright_cyan", "bright_magenta", "bright_yellow")
_SHORT = 8  # characters of a task's id


def logs(
    app_dir: AppDirectory = Path(),
    port: Port = None,
    service: OneService = None,
    lines: Annotated[
        int | None,
        typer.Option("--lines", "-n", min=1, help=f"Number of latest lines; {_LINES}, or all with --since."),
    ] = None,
    since_: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="Only lines after this time: 90s, 10m, 2h or 1d ago, or a date and time."
        ),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing new lines.")] = False,  # noqa: FBT002
    form: FormatOption = Format.TEXT,
) -> None:
    """Print the logs of the app's containers, oldest line first: time, service, container, task and message.

    With --format json each line is an object with time, service, task, container and message.
    """
    start = None if since_ is None else since(since_, datetime.now(tz=timezone.utc))
    count = lines or (_LINES if start is None else None)
    instance, _ = running(app_dir, port)
    printer = _Printer(as_json=form is Format.JSON)
    with aws_errors(instance):
        for line in _read(instance, service, count, start, follow=follow):
            printer.show(line)


def _read(
    instance: Instance, service: str | None, count: int | None, start: datetime | None, *, follow: bool
) -> Iterator[Line]:
    cloud = Cloud(instance)
    services = app_status(cloud, instance.assembly, instance.port).services
    reader = LogReader(cloud, services, chosen(services, service))
    yield from reader.last(count, start)
    rounds = 0
    while follow:
        time.sleep(_POLL)
        rounds += 1
        if rounds % _ROUNDS == 0:
            reader.look_for(cloud, app_status(cloud, instance.assembly, instance.port).services)
        yield from reader.new()


class _Printer:
    """Prints lines; on a terminal with colours each task has its own."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._colours: dict[str, str] = {}

    def show(self, line: Line) -> None:
        """Print a line, without buffering."""
        if self._as_json:
            fields = {
                "time": line.at.astimezone(timezone.utc).isoformat(timespec="milliseconds"),
                "service": line.service,
                "task": line.task,
                "container": line.container,
                "message": plain(line.message),
            }
            print(json.dumps(fields), flush=True)
            return
        colour = self._colours.setdefault(line.task, _COLOURS[len(self._colours) % len(_COLOURS)])
        name = plain(f"{line.service} {line.container} {line.task[:_SHORT]}")
        message = plain(line.message, colours=True)
        end = "\x1b[0m" if "\x1b" in message else ""
        text = f"{line.at:%H:%M:%S}.{line.time % 1000:03d} {typer.style(name, fg=colour)} {message}{end}"
        typer.echo(text, color=may_colour())
