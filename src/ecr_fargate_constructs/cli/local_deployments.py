"""``ecr-fargate local deployments``: show the newest deployment of each service, and follow it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecr_fargate_constructs._rules.plain_text import plain
from ecr_fargate_constructs.cli.formats import Format, FormatOption
from ecr_fargate_constructs.cli.local_options import AppDirectory, OneService, Port, aws_errors, running
from ecr_fargate_constructs.local import deployment_page
from ecr_fargate_constructs.local.app_status import app_status, chosen
from ecr_fargate_constructs.local.service_deployments import newest_deployments
from ecr_fargate_constructs.local.services import Cloud
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.service_deployments import ServiceDeployment

_POLL = 0.5  # seconds


def deployments(
    app_dir: AppDirectory = Path(),
    port: Port = None,
    service: OneService = None,
    follow: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--follow", "-f", help="Print every change, until no deployment is in progress.")
    ] = False,
    page: Annotated[
        Path | None,
        typer.Option(
            "--page",
            metavar="FILE",
            dir_okay=False,
            help="Also write a page with a chart, for a browser; with --follow it is written again at every change.",
        ),
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show the newest deployment of each service: stage, share of the traffic, healthy tasks, alarms.

    With --format json it prints a list of objects; with --follow, one object per line and change.
    """
    as_json = form is Format.JSON
    instance, _ = running(app_dir, port)
    cloud = Cloud(instance)
    with aws_errors(instance):
        services = chosen(app_status(cloud, instance.assembly, instance.port).services, service)
        newest = newest_deployments(cloud, services)
        written = _Page(page)
        if not follow:
            _print_all(newest, as_json=as_json)
            written.show(newest, live=False)
            return
        shown: dict[str, ServiceDeployment] = {}
        while True:
            for each in newest:
                if shown.get(each.service) != each:
                    print(json.dumps(each.as_json()) if as_json else plain(each.line), flush=True)
                    shown[each.service] = each
            ended = all(each.ended for each in newest)
            written.show(newest, live=not ended)
            if ended:
                return
            time.sleep(_POLL)
            newest = newest_deployments(cloud, services)


class _Page:
    """The page that ``--page`` writes."""

    def __init__(self, file: Path | None) -> None:
        self._file, self._start = file, time.monotonic()
        self._courses: dict[str, list[deployment_page.Moment]] = {}

    def show(self, newest: list[ServiceDeployment], *, live: bool) -> None:
        """Add what is known now, and write the page; a browser never reads half of it."""
        if self._file is None:
            return
        at = time.monotonic() - self._start
        for each in newest:
            course = self._courses.setdefault(each.service, [])
            if course and course[-1].deployment.arn != each.arn:
                course.clear()  # another deployment has begun
            course.append(deployment_page.Moment(at, each))
        part = self._file.with_name(f"{self._file.name}.part")
        try:
            part.write_text(deployment_page.page(self._courses, live=live), encoding="utf-8")
            part.replace(self._file)
        except OSError as error:
            raise ToolError(f"{self._file} cannot be written: {error.strerror}") from error


def _print_all(newest: list[ServiceDeployment], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([each.as_json() for each in newest], indent=2))
        return
    for each in newest:
        print(plain(each.line))
