"""``ecr-fargate local status`` and ``url``: show what is running, and the URLs of its services."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ecr_fargate_constructs.cli import report
from ecr_fargate_constructs.cli.formats import Format, FormatOption
from ecr_fargate_constructs.cli.local_options import AppDirectory, OneService, Port, aws_errors, running
from ecr_fargate_constructs.cli.printing import Console
from ecr_fargate_constructs.local.app_status import AppStatus, app_status, chosen
from ecr_fargate_constructs.local.containers import containers
from ecr_fargate_constructs.local.instances import State, find_instance, not_running, state_of
from ecr_fargate_constructs.local.services import Cloud
from ecr_fargate_constructs.tools.errors import ToolError


def status(app_dir: AppDirectory = Path(), port: Port = None, form: FormatOption = Format.TEXT) -> None:
    """Show what is running. If nothing is, exit with 1 and show the state of the embedded AWS."""
    instance, memory = find_instance(app_dir, port)
    state = state_of(instance, memory)
    if state is not State.RUNNING or memory is None:
        if form is not Format.JSON:
            raise not_running(instance, state)
        app_now = AppStatus({}, (), ())
    else:
        with aws_errors(instance):
            app_now = app_status(Cloud(instance), instance.assembly, instance.port, containers(instance, memory))
    if form is Format.JSON:
        header = {"app": str(instance.app_directory), "port": instance.port, "state": state.value}
        print(json.dumps({**header, "endpoint": instance.endpoint, **report.status_as_json(app_now)}, indent=2))
        sys.exit(0 if app_now.up else 1)
    report.print_status(Console(), app_now)
    if not app_now.stacks:
        raise ToolError(
            f"the embedded AWS is running on port {instance.port}, but {instance.app_directory} has no stack deployed",
            fix="deploy with 'ecr-fargate local up', or stop it with 'ecr-fargate local down'",
        )
    if not app_now.up:
        raise ToolError(
            "no task is running", fix="find out why with 'ecr-fargate local explain' and 'ecr-fargate local logs'"
        )


def url(
    app_dir: AppDirectory = Path(),
    port: Port = None,
    service: OneService = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Print the URLs of the services behind a load balancer, one per line."""
    instance, _ = running(app_dir, port)
    with aws_errors(instance):
        app_now = app_status(Cloud(instance), instance.assembly, instance.port)
    services = [each for each in chosen(app_now.services, service) if each.address is not None]
    if service is not None and not services:
        raise ToolError(f"service {service} is not behind a load balancer, so it has no URL")
    further = app_now.further_urls if service is None else ()
    if form is Format.JSON:
        rows = [{"service": each.name, **report.address_as_json(each.address)} for each in services]
        rows += [{"service": None, "url": each, "method": "GET", "headers": {}} for each in further]
        print(json.dumps(rows, indent=2))
        return
    for address in [*(each.address.url for each in services if each.address is not None), *further]:
        print(address)
