"""Print progress, status and errors of ``ecr-fargate local``, and the errors of all commands."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from ecr_fargate_constructs.cli.printing import Console, escape
from ecr_fargate_constructs.local.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.status import Status
    from typing_extensions import Self

    from ecr_fargate_constructs.local.addresses import Address
    from ecr_fargate_constructs.local.app_status import AppStatus, ServiceStatus
    from ecr_fargate_constructs.local.waiting import Answer
    from ecr_fargate_constructs.tools.errors import ToolError

_DETAIL_WIDTH = 90
_BODY_LINES = 5
_NAME_WIDTH = 10
_SHORT = 8  # characters of a task's id; the engine's container names have as many
_GOOD, _BAD = "[green]✓[/]", "[red]✗[/]"


class ConsoleProgress(Progress):
    """Prints each step on its own line with its duration, and details beside a spinner."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status = console.status("")
        self._step = ""
        self._started = 0.0
        self._has_failed = False

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        self._close(_GOOD if kind is None or self._has_failed else _BAD)
        self._status.stop()

    def step(self, text: str) -> None:
        """Finish the previous step, and start the next one."""
        self._close(_GOOD)
        self._step, self._started = text, time.monotonic()
        self._status.update(text)

    def detail(self, text: str) -> None:
        """Show the latest output of a step beside the spinner."""
        self._status.update(f"{self._step} [dim]{escape(text[:_DETAIL_WIDTH])}[/]")

    def note(self, text: str, *, kind: str = "note") -> None:
        """Print a line that stays, above the spinner."""
        self._console.print(f"[yellow]{kind}[/] {escape(text)}", highlight=False, soft_wrap=True)

    def failed(self) -> None:
        """Mark the step as failed; the steps after it only clean up."""
        self._close(_BAD)
        self._has_failed = True

    def _close(self, sign: str) -> None:
        if self._step:
            self._console.print(
                f"{sign} {self._step} [dim]{time.monotonic() - self._started:.1f} s[/]", highlight=False
            )
        self._step = ""


def print_status(console: Console, status: AppStatus) -> None:
    """Print a block per service and a line per value; lines wider than the terminal are not cut."""
    for number, service in enumerate(status.services):
        if number:
            console.print()
        _print_rows(console, _rows(service, status.stacks.get(service.stack, "")))
    if status.further_urls:
        if status.services:
            console.print()
        _print_rows(console, [("url", url) for url in status.further_urls])


def _rows(service: ServiceStatus, stack: str) -> Iterator[tuple[str, str]]:
    yield "service", service.name
    yield "stack", service.stack if stack.endswith("_COMPLETE") else f"{service.stack} ({stack})"
    if service.address is not None:
        yield "url", str(service.address)
    first = next((container for task in service.tasks for container in task.containers), None)
    if first is not None:
        repository, tag = _repository_and_tag(first.image)
        yield "repository", repository
        yield "tag", tag or "-"
        yield "digest", first.digest or "-"
    yield "tasks", f"{service.running} of {service.desired} running"
    for task in service.tasks:
        for container in task.containers:
            state = "" if container.status == "RUNNING" else f" ({container.status.lower()})"
            yield "runs", f"{task.identifier[:_SHORT]} {container.name}{state} {container.runs or container.image}"


def _repository_and_tag(image: str) -> tuple[str, str]:
    """Return repository and tag of an image's name; the tag is empty if it has none."""
    name = image.partition("@")[0]
    before, _, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    registry, _, path = before.partition("/")
    has_registry = any(sign in registry for sign in ".:") or registry == "localhost"
    parts = [path] if has_registry else [registry, path]
    return "/".join([*filter(None, parts), last]), tag


def _print_rows(console: Console, rows: Iterable[tuple[str, str]]) -> None:
    for name, value in rows:
        console.print(f"[bold]{name:<{_NAME_WIDTH}}[/] {escape(value)}", highlight=False, soft_wrap=True)


def status_as_json(status: AppStatus) -> dict[str, object]:
    """Return the status for scripts."""
    return {
        "stacks": dict(status.stacks),
        "services": [
            {
                "service": service.name,
                "stack": service.stack,
                "name": service.arn.rpartition("/")[2],
                "arn": service.arn,
                "cluster": service.cluster,
                **address_as_json(service.address),
                "desired": service.desired,
                "running": service.running,
                "tasks": [
                    {
                        "id": task.identifier,
                        "status": task.status,
                        "containers": [asdict(each) for each in task.containers],
                    }
                    for task in service.tasks
                ],
            }
            for service in status.services
        ],
        "further_urls": list(status.further_urls),
    }


def address_as_json(address: Address | None) -> dict[str, object]:
    """Return the address of a service for scripts."""
    if address is None:
        return {"url": None, "method": None, "headers": {}}
    return {"url": address.url, "method": address.method, "headers": dict(address.headers)}


def print_answer(console: Console, answer: Answer) -> None:
    """Print a load balancer's response."""
    body = "\n".join(answer.body.splitlines()[:_BODY_LINES])
    colour = "green" if answer.status < 400 else "yellow"  # noqa: PLR2004 - where HTTP's errors begin
    console.print(f"GET {escape(answer.balancer.url)} [{colour}]{answer.status}[/]", highlight=False)
    console.print(escape(body), style="bold", highlight=False, soft_wrap=True)


def print_error(console: Console, error: ToolError) -> None:
    """Print an error: its cause, fix and log."""
    console.print(f"[red]✗[/] {escape(error.cause)}", highlight=False, soft_wrap=True)
    if error.fix:
        console.print(f"  [bold]do:[/]  {escape(error.fix)}", highlight=False, soft_wrap=True)
    if error.log:
        console.print(f"  [bold]log:[/] {escape(str(error.log))}", highlight=False, soft_wrap=True)
