"""Import each command only when it is used: the help of all commands imports none of them."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from ecr_fargate_constructs.cli.printing import escape
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable

_PACKAGE = "ecr_fargate_constructs.cli."
_EXTRA_PACKAGES = ("boto3", "botocore", "docker", "ministack")
_EXTRA = "pip install 'ecr-fargate-constructs[local]'"


@dataclass(frozen=True)
class _Command:
    """A command.

    Attributes:
        module: Its module in this package.
        function: The name of its function, or of its group of commands.
        summary: The first sentence of its help.
        extra: Whether it needs the extra ``[local]``.
    """

    module: str
    function: str
    summary: str
    extra: bool = True


_COMMANDS = {
    "doctor": _Command(
        "doctor",
        "doctor_command",
        "Find what in an app will not start or will cause trouble, and say what to do.",
        extra=False,
    ),
    "cost": _Command(
        "cost", "cost_command", "Estimate what an app costs per month: fixed costs and tasks.", extra=False
    ),
    "diagram": _Command(
        "diagram", "diagram_command", "Draw the architecture of an app, grouped by network.", extra=False
    ),
    "migrate": _Command(
        "migrate",
        "migrate_command",
        "Write a Python program with this library from a Copilot manifest or a compose file.",
        extra=False,
    ),
    "local": _Command("local", "local", "Run a CDK app on an embedded AWS."),
    "explain": _Command("explain", "explain_command", "Explain why a deployment failed, and what to do."),
    "run": _Command("run", "run_command", "Run a command once in a task of its own."),
    "retention": _Command(
        "retention", "retention", "Test lifecycle policies of ECR, offline or against the images in use."
    ),
    "image": _Command("image", "image", "Lock the images that every stage runs."),
    "preview": _Command("preview", "preview", "Deploy an app once more under a name, for a while."),
}


class Commands(TyperGroup):
    """The commands of ``ecr-fargate``."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - typer's own
        """Write the list of commands, without importing any."""
        missing = next((name for name in _EXTRA_PACKAGES if importlib.util.find_spec(name) is None), None)
        needs = "" if missing is None else f" Needs {_EXTRA}."
        rows = [(name, f"{each.summary}{needs if each.extra else ''}") for name, each in _COMMANDS.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - typer's own context
        """Return the names of all commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - typer's own command
        """Return a command; if its packages are missing, one that says which extra to install."""
        if cmd_name not in _COMMANDS:
            return super().get_command(ctx, cmd_name)
        described = _COMMANDS[cmd_name]
        try:
            command = getattr(importlib.import_module(_PACKAGE + described.module), described.function)
        except ModuleNotFoundError as error:
            if not described.extra or (error.name or "").startswith("ecr_fargate_constructs"):
                raise
            stub = _refusing(cmd_name, described.summary, (error.name or "").partition(".")[0])
            return _single_command(cmd_name, stub, ignore_unknown_options=True, allow_extra_args=True)
        if isinstance(command, typer.Typer):
            group = get_command(command)
            group.name = cmd_name
            return group
        return _single_command(cmd_name, command)


def _single_command(name: str, function: Callable[..., None], **settings: Any) -> Any:  # noqa: ANN401 - typer's own command
    holder = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    holder.command(name, context_settings=settings)(function)
    return get_command(holder)


def _refusing(name: str, summary: str, package: str) -> Callable[..., None]:
    def command(arguments: list[str] | None = typer.Argument(None, hidden=True)) -> None:  # noqa: ARG001, B008
        raise ToolError(f"'ecr-fargate {name}' needs the package {package}", fix=_EXTRA)

    command.__doc__ = f"{summary} Needs {escape(_EXTRA)}."
    return command
