"""What the commands print."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table

from ecr_fargate_constructs.local.lifecycle import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.status import Status
    from typing_extensions import Self

    from ecr_fargate_constructs.local.errors import LocalError
    from ecr_fargate_constructs.local.lifecycle import Answer
    from ecr_fargate_constructs.local.services import Balancer, Service

_DETAIL_WIDTH = 90
_BODY_LINES = 5


class ConsoleProgress(Progress):
    """Each step on a line of its own, with its time; what happens within it beside a spinner."""

    def __init__(self, console: Console) -> None:
        """Print to ``console``."""
        self._console = console
        self._status: Status = console.status("")
        self._step = ""
        self._begun = 0.0

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        self._close("[green]✓[/]" if kind is None else "[red]✗[/]")
        self._status.stop()

    def step(self, text: str) -> None:
        """Close the step before, and begin one."""
        self._close("[green]✓[/]")
        self._step, self._begun = text, time.monotonic()
        self._status.update(text)

    def detail(self, text: str) -> None:
        """Show the latest line of a long step."""
        self._status.update(f"{self._step} [dim]{escape(text[:_DETAIL_WIDTH])}[/]")

    def _close(self, sign: str) -> None:
        if self._step:
            self._console.print(f"{sign} {self._step} [dim]{time.monotonic() - self._begun:.1f} s[/]", highlight=False)
        self._step = ""


def services_table(services: Sequence[Service], balancers: Sequence[Balancer]) -> Table:
    """Stack, repository, image, tasks and address of what runs."""
    table = Table(title="Running", title_justify="left", show_lines=True)
    for column in ("stack", "repository", "image (tag, digest)", "tasks", "url"):
        table.add_column(column, overflow="fold")
    for service in services:
        image = service.running[0].image if service.running else "-"
        name, _, digest = image.partition(" ")
        repository, _, tag = name.rpartition("/")[2].rpartition(":")
        table.add_row(
            service.stack,
            repository or name,
            f"{tag}\n{digest}".strip(),
            f"{len(service.running)} of {service.desired}\n" + "\n".join(task.name[:8] for task in service.running),
            "\n".join(balancer.url for balancer in balancers if balancer.stack == service.stack) or "-",
        )
    return table


def containers_list(service: Service) -> Group:
    """The image that each task runs, whole."""
    return Group(*(f"task {task.name}: {task.image}" for task in service.running))


def print_answer(console: Console, answer: Answer) -> None:
    """Show what a load balancer says."""
    body = "\n".join(answer.body.splitlines()[:_BODY_LINES])
    colour = "green" if answer.status < 400 else "yellow"  # noqa: PLR2004 - where HTTP's errors begin
    console.print(f"GET {answer.balancer.url} [{colour}]{answer.status}[/]", highlight=False)
    console.print(escape(body), style="bold", highlight=False)


def print_error(console: Console, error: LocalError) -> None:
    """Show a failure: cause, fix and log."""
    console.print(f"[red]✗[/] {escape(error.cause)}", highlight=False, soft_wrap=True)
    if error.fix:
        console.print(f"  [bold]do:[/]  {escape(error.fix)}", highlight=False, soft_wrap=True)
    if error.log:
        console.print(f"  [bold]log:[/] {escape(str(error.log))}", highlight=False, soft_wrap=True)
