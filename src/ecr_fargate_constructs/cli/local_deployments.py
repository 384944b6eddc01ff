"""``ecr-fargate local deployments``: show the newest deployment of each service, and follow it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecr_fargate_constructs._rules.plain_text import plain
from ecr_fargate_constructs.cli.local_options import AppDirectory, AsJson, OneService, Port, aws_errors, running
from ecr_fargate_constructs.local.app_status import app_status, chosen
from ecr_fargate_constructs.local.service_deployments import newest_deployments
from ecr_fargate_constructs.local.services import Cloud

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
    as_json: AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Show the newest deployment of each service: stage, share of the traffic, healthy tasks, alarms.

    With --json it prints a list of objects; with --follow, one object per line and change.
    """
    instance, _ = running(app_dir, port)
    cloud = Cloud(instance)
    with aws_errors(instance):
        services = chosen(app_status(cloud, instance.assembly, instance.port).services, service)
        newest = newest_deployments(cloud, services)
        if not follow:
            _print_all(newest, as_json=as_json)
            return
        shown: dict[str, ServiceDeployment] = {}
        while True:
            for each in newest:
                if shown.get(each.service) != each:
                    print(json.dumps(each.as_json()) if as_json else plain(each.line), flush=True)
                    shown[each.service] = each
            if all(each.ended for each in newest):
                return
            time.sleep(_POLL)
            newest = newest_deployments(cloud, services)


def _print_all(newest: list[ServiceDeployment], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([each.as_json() for each in newest], indent=2))
        return
    for each in newest:
        print(plain(each.line))
