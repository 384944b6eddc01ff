"""``ecr-fargate local interrupt``: stop a task as an interruption of Spot capacity does."""

from __future__ import annotations

from pathlib import Path

from ecr_fargate_constructs._rules.plain_text import plain
from ecr_fargate_constructs.cli.local_options import AppDirectory, OneService, Port, aws_errors, running
from ecr_fargate_constructs.local.app_status import app_status, chosen
from ecr_fargate_constructs.local.interruptions import interrupt as interrupt_task
from ecr_fargate_constructs.local.interruptions import task_to_interrupt
from ecr_fargate_constructs.local.services import Cloud


def interrupt(app_dir: AppDirectory = Path(), port: Port = None, service: OneService = None) -> None:
    """Interrupt one task of a service, as AWS does when it needs Spot capacity back.

    The task gets SIGTERM and has its stop timeout; protection from scale-in does not help. Its stop code is
    SpotInterruption, and the service replaces it.
    """
    instance, memory = running(app_dir, port)
    with aws_errors(instance):
        services = app_status(Cloud(instance), instance.assembly, instance.port).services
        found, task = task_to_interrupt(chosen(services, service))
    interrupt_task(instance, memory, found, task)
    print(plain(f"interrupted task {task.identifier} of {found.name}"))
