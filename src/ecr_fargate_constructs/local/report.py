"""What the commands print."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from ecr_fargate_constructs.local.printing import escape
from ecr_fargate_constructs.local.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.status import Status
    from typing_extensions import Self

    from ecr_fargate_constructs.local.containers import Container
    from ecr_fargate_constructs.local.errors import LocalError
    from ecr_fargate_constructs.local.services import Balancer, Service
    from ecr_fargate_constructs.local.settling import Answer

_DETAIL_WIDTH = 90
_BODY_LINES = 5
_GOOD, _BAD = "[green]✓[/]", "[red]✗[/]"


class ConsoleProgress(Progress):
    """Each step on a line of its own, with its time; what happens within it beside a spinner."""

    def __init__(self, console: Console) -> None:
        """Print to ``console``."""
        self._console = console
        self._status: Status = console.status("")
        self._step = ""
        self._begun = 0.0
        self._has_failed = False

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        self._close(_GOOD if kind is None or self._has_failed else _BAD)
        self._status.stop()

    def step(self, text: str) -> None:
        """Close the step before, and begin one."""
        self._close(_GOOD)
        self._step, self._begun = text, time.monotonic()
        self._status.update(text)

    def detail(self, text: str) -> None:
        """Show the latest line of a long step."""
        self._status.update(f"{self._step} [dim]{escape(text[:_DETAIL_WIDTH])}[/]")

    def failed(self) -> None:
        """Close the step as a failed one; what follows only clears up."""
        self._close(_BAD)
        self._has_failed = True

    def _close(self, sign: str) -> None:
        if self._step:
            self._console.print(f"{sign} {self._step} [dim]{time.monotonic() - self._begun:.1f} s[/]", highlight=False)
        self._step = ""


def services_table(
    services: Sequence[Service], balancers: Sequence[Balancer], containers: Sequence[Container]
) -> Table:
    """What runs: for each service its stack, repository, image, tasks with what the engine says they run, and URL."""
    table = Table(box=box.HORIZONTALS, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for service in services:
        task = service.running[0] if service.running else None
        repository, _, tag = (task.image if task else "-").partition("@")[0].partition("/")[2].rpartition(":")
        urls = [balancer.url for balancer in balancers if balancer.stack == service.stack]
        images = [container.image for task in service.running for container in containers if container.task == task.arn]
        for name, value in (
            ("stack", service.stack),
            ("repository", repository or tag or "-"),
            ("tag", tag or "-"),
            ("digest", task.digest if task and task.digest else "-"),
            ("tasks", f"{len(service.running)} of {service.desired} running"),
            *(("runs", image) for image in images),
            *(("url", url) for url in urls),
        ):
            table.add_row(name, escape(value))
        table.add_section()
    return table


def print_answer(console: Console, answer: Answer) -> None:
    """Show what a load balancer says."""
    body = "\n".join(answer.body.splitlines()[:_BODY_LINES])
    colour = "green" if answer.status < 400 else "yellow"  # noqa: PLR2004 - where HTTP's errors begin
    console.print(f"GET {escape(answer.balancer.url)} [{colour}]{answer.status}[/]", highlight=False)
    console.print(escape(body), style="bold", highlight=False)


def print_error(console: Console, error: LocalError) -> None:
    """Show a failure: cause, fix and log."""
    console.print(f"[red]✗[/] {escape(error.cause)}", highlight=False, soft_wrap=True)
    if error.fix:
        console.print(f"  [bold]do:[/]  {escape(error.fix)}", highlight=False, soft_wrap=True)
    if error.log:
        console.print(f"  [bold]log:[/] {escape(str(error.log))}", highlight=False, soft_wrap=True)
