"""``ecr-fargate local status`` and ``url``: what runs, and where it answers."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ecr_fargate_constructs.cli import report
from ecr_fargate_constructs.cli.local_options import AppDirectory, AsJson, OneService, Port, asked, running
from ecr_fargate_constructs.cli.printing import Console
from ecr_fargate_constructs.local.app_status import AppStatus, app_status, chosen
from ecr_fargate_constructs.local.containers import containers
from ecr_fargate_constructs.local.instances import State, find_instance, not_running, state_of
from ecr_fargate_constructs.local.services import Cloud
from ecr_fargate_constructs.tools.errors import ToolError


def status(app_dir: AppDirectory = Path(), port: Port = None, as_json: AsJson = False) -> None:  # noqa: FBT002 - a flag
    """Show what runs; exit status 1 when nothing does, and in which state the embedded AWS is then."""
    instance, memory = find_instance(app_dir, port)
    state = state_of(instance, memory)
    if state is not State.RUNNING or memory is None:
        if not as_json:
            raise not_running(instance, state)
        found = AppStatus({}, (), ())
    else:
        with asked(instance):
            found = app_status(Cloud(instance), instance.assembly, instance.port, containers(instance, memory))
    if as_json:
        where = {"app": str(instance.app_directory), "port": instance.port, "state": state.value}
        print(json.dumps({**where, "endpoint": instance.endpoint, **report.status_as_json(found)}, indent=2))
        sys.exit(0 if found.up else 1)
    report.print_status(Console(), found)
    if not found.stacks:
        raise ToolError(
            f"the embedded AWS runs on port {instance.port}, and no stack of {instance.app_directory} is deployed",
            fix="deploy with 'ecr-fargate local up', or end it with 'ecr-fargate local down'",
        )
    if not found.up:
        raise ToolError("no task runs", fix="see why with 'ecr-fargate local explain' and 'ecr-fargate local logs'")


def url(
    app_dir: AppDirectory = Path(),
    port: Port = None,
    service: OneService = None,
    as_json: AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Print the URL of each service that has one, one a line."""
    instance, _ = running(app_dir, port)
    with asked(instance):
        found = app_status(Cloud(instance), instance.assembly, instance.port)
    services = [each for each in chosen(found.services, service) if each.address is not None]
    if service is not None and not services:
        raise ToolError(f"service {service} is behind no load balancer, so it has no URL")
    further = found.further_urls if service is None else ()
    if as_json:
        rows = [{"service": each.name, **report.address_as_json(each.address)} for each in services]
        rows += [{"service": None, "url": each, "method": "GET", "headers": {}} for each in further]
        print(json.dumps(rows, indent=2))
        return
    for address in [*(each.address.url for each in services if each.address is not None), *further]:
        print(address)
