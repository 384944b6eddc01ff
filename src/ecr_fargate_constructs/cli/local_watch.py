"""``ecr-fargate local up --watch``: one line for each set of edits."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.cli import report
from ecr_fargate_constructs.cli.printing import Console, escape
from ecr_fargate_constructs.local import lifecycle
from ecr_fargate_constructs.local.progress import Progress
from ecr_fargate_constructs.local.watching.loop import Loop, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ecr_fargate_constructs.local.instance import Instance
    from ecr_fargate_constructs.local.watching.synthesis import WarmApp

_SIGNS = {
    "synced": "[green]✓ synced[/]",
    "deployed": "[green]✓ deployed[/]",
    "unchanged": "[dim]- nothing to deploy[/]",
    "failed": "[red]✗ failed[/]",
}
_MOST_FILES = 3


@dataclass
class Watch:
    """The loop on the terminal.

    Attributes:
        instance: The instance.
        stacks: Names of stacks; all stacks if empty.
        context: ``KEY=VALUE`` for the CDK app.
        console: The terminal.
        app: The app, synthesized once.
    """

    instance: Instance
    stacks: Sequence[str]
    context: Sequence[str]
    console: Console
    app: WarmApp

    def run(self) -> None:
        """Watch until Ctrl-C, and say what the tasks run then."""
        loop = Loop(self.instance, self.app, self._deploy, self._print, self._say)
        try:
            loop.run()
        except KeyboardInterrupt:
            self._say("no longer watching; the app keeps running")
            if loop.synced:
                self._say(
                    "its tasks have synced files that their image does not have: 'ecr-fargate local up' builds it"
                )

    def _deploy(self) -> bool:
        with self.instance.alone(), self.console.status("deploying") as status:
            progress = _Quiet(lambda text: status.update(escape(text)))
            outcome = lifecycle.update(self.instance, self.stacks, progress, context=self.context, app=self.app)
        return outcome is not None

    def _say(self, text: str) -> None:
        self.console.print(escape(text), highlight=False, soft_wrap=True)

    def _print(self, result: Result) -> None:
        names = ", ".join(result.files[:_MOST_FILES])
        more = f" and {len(result.files) - _MOST_FILES} more" if len(result.files) > _MOST_FILES else ""
        detail = f" ({escape(result.detail)})" if result.detail else ""
        now = time.strftime("%H:%M:%S")
        self.console.print(
            f"[dim]{now}[/] {_SIGNS[result.how]} {escape(names)}{more}{detail} [dim]{result.seconds:.1f} s[/]",
            highlight=False,
            soft_wrap=True,
        )
        if result.error is not None:
            report.print_error(self.console, result.error)


class _Quiet(Progress):
    """Shows steps beside a spinner; notes were printed by the first deployment."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show, self._step = show, ""

    def step(self, text: str) -> None:
        """Show the step."""
        self._step = text
        self._show(text)

    def detail(self, text: str) -> None:
        """Show the latest output of the step."""
        self._show(f"{self._step} {text[:90]}")
