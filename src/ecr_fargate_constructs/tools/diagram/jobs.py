"""Draw jobs: state machines that run a task, with their schedules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import tasks
from ecr_fargate_constructs.tools.diagram.helpers import hidden
from ecr_fargate_constructs.tools.diagram.labels import anchor_of, tip_of, title_of
from ecr_fargate_constructs.tools.diagram.placement import place
from ecr_fargate_constructs.tools.diagram.scene import Box, Row, Tone
from ecr_fargate_constructs.tools.diagram.services import task_rows, used_by_task

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.assembly.model import App, Resource
    from ecr_fargate_constructs.tools.assembly.network import Reach
    from ecr_fargate_constructs.tools.assembly.workload import Task

_MACHINE, _SCHEDULE = "AWS::StepFunctions::StateMachine", "AWS::Scheduler::Schedule"


@dataclass(frozen=True)
class Job:
    """A state machine that runs tasks.

    Attributes:
        app: The app.
        machine: The state machine.
        tasks: The tasks that it runs.
        schedules: The schedules that start it.
    """

    app: App
    machine: Resource
    tasks: tuple[Task, ...]
    schedules: tuple[Resource, ...]

    @property
    def anchor(self) -> str:
        """Name of its box."""
        return anchor_of(self.machine)

    @property
    def dead_letters(self) -> list[Resource]:
        """The dead-letter queues, for runs that could not be started."""
        return [
            queue
            for schedule in self.schedules
            for queue in self.app.targets(schedule.get("Target", "DeadLetterConfig"), schedule.template)
        ]

    @property
    def used(self) -> list[Resource]:
        """The resources that its tasks use, and its dead-letter queues."""
        return [each for task in self.tasks for each in used_by_task(task, self.dead_letters)]

    @property
    def place(self) -> tuple[Resource | None, Reach | None]:
        """The VPC, and the reach of the subnets of its tasks."""
        return place(self.app, self.app.targets(self.machine.get("DefinitionString"), self.machine.template))


def jobs(app: App) -> list[Job]:
    """Return the jobs of an app."""
    found = []
    for machine in app.of(_MACHINE):
        targets = app.targets(machine.get("DefinitionString"), machine.template)
        run = tuple(task for task in tasks(app) if task.resource in targets)
        if run and machine not in hidden(app):
            found.append(Job(app, machine, run, tuple(app.referring(machine, _SCHEDULE, "Target"))))
    return found


def job_box(job: Job, *, several_stacks: bool) -> Box:
    """Return the box of a job, with its schedules and its tasks."""
    rows = [Row(_due(job.app, schedule)) for schedule in job.schedules]
    rows += [row for task in job.tasks for row in task_rows(task)]
    kind = "Fargate job" if all(task.fargate for task in job.tasks) else "job on EC2"
    if several_stacks:
        kind += f", stack {job.machine.template.stack.display}"
    return Box(
        anchor=job.anchor,
        title=title_of(job.machine).removesuffix("/StateMachine"),
        kind=kind,
        rows=tuple(rows),
        tone=Tone.COMPUTE,
        tip=", ".join(map(tip_of, (job.machine, *job.schedules))),
    )


def _due(app: App, schedule: Resource) -> str:
    """Return the times of a schedule."""
    zone = app.text(schedule.get("ScheduleExpressionTimezone"), schedule.template)
    text = app.text(schedule.get("ScheduleExpression"), schedule.template)
    text += f" {zone}" if text.startswith(("cron", "at")) and zone else ""
    return f"{text}, disabled" if schedule.get("State") == "DISABLED" else text
