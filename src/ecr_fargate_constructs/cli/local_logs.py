"""``ecr-fargate local logs``: what the containers of an app print."""

from __future__ import annotations

import json
import os
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecr_fargate_constructs._rules.plain_text import plain
from ecr_fargate_constructs.cli.local_options import AppDirectory, AsJson, OneService, Port, asked, running
from ecr_fargate_constructs.local.app_status import app_status, chosen
from ecr_fargate_constructs.local.log_lines import LogReader, since
from ecr_fargate_constructs.local.services import Cloud

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.local.instance import Instance
    from ecr_fargate_constructs.local.log_lines import Line

_LINES = 50
_POLL = 0.5  # seconds
_ROUNDS = 20  # polls between two looks for services
_COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "bright_cyan", "bright_magenta", "bright_yellow")
_SHORT = 8  # characters of a task's id


def logs(
    app_dir: AppDirectory = Path(),
    port: Port = None,
    service: OneService = None,
    lines: Annotated[
        int | None,
        typer.Option("--lines", "-n", min=1, help=f"How many of the latest lines; {_LINES}, or all with --since."),
    ] = None,
    since_: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Only later ones: 90s, 10m, 2h, 1d ago, or a time.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Print what the app's containers have logged, oldest first: time, container and task, and the line.

    With --json an object a line: time, service, task, container and message.
    """
    start = None if since_ is None else since(since_, datetime.now(tz=timezone.utc))
    count = lines or (_LINES if start is None else None)
    instance, _ = running(app_dir, port)
    printer = _Printer(as_json=as_json)
    with asked(instance):
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
    """Prints lines, each task in a colour of its own where there are colours."""

    def __init__(self, *, as_json: bool) -> None:
        """Take the form; nothing is printed yet."""
        self._as_json = as_json
        self._colours: dict[str, str] = {}
        # typer takes the colours out where the output is no terminal.
        self._colour = False if os.environ.get("NO_COLOR") else None

    def show(self, line: Line) -> None:
        """Print a line, at once also into a pipe."""
        if self._as_json:
            found = {
                "time": line.at.astimezone(timezone.utc).isoformat(timespec="milliseconds"),
                "service": line.service,
                "task": line.task,
                "container": line.container,
                "message": plain(line.message),
            }
            print(json.dumps(found), flush=True)
            return
        colour = self._colours.setdefault(line.task, _COLOURS[len(self._colours) % len(_COLOURS)])
        name = plain(f"{line.service} {line.container} {line.task[:_SHORT]}")
        message = plain(line.message, colours=True)
        end = "\x1b[0m" if "\x1b" in message else ""
        shown = f"{line.at:%H:%M:%S}.{line.time % 1000:03d} {typer.style(name, fg=colour)} {message}{end}"
        typer.echo(shown, color=self._colour)
