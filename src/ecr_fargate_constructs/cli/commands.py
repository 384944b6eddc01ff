"""Import the commands that need more than the extra ``[cli]`` only when they are used."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from ecr_fargate_constructs.cli.printing import escape
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable

_PACKAGE = "ecr_fargate_constructs.cli."
_LAZY_COMMANDS = {
    "local": ("local", "local", "Run a CDK app on an embedded AWS."),
    "retention": ("retention", "retention", "Test lifecycle policies of ECR, offline or against the images in use."),
    "preview": ("preview", "preview", "Deploy an app once more under a name, for a while."),
    "run": ("run", "run_command", "Run a command once in a task of a service."),
    "image": ("image", "image", "Lock the images that every stage runs."),
    "explain": ("explain", "explain_command", "Explain why a deployment failed, and what to do."),
}
_EXTRA_PACKAGES = ("boto3", "botocore", "docker", "ministack")
_SUMMARY = 100  # characters
_EXTRA = "pip install 'ecr-fargate-constructs[local]'"


class Commands(TyperGroup):
    """The commands of ``ecr-fargate``, of which those in ``_LAZY_COMMANDS`` need the extra ``[local]``."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - typer's own
        """Write the list of commands, without importing those in ``_LAZY_COMMANDS``."""
        missing = next((name for name in _EXTRA_PACKAGES if importlib.util.find_spec(name) is None), None)
        needs = "" if missing is None else f" Needs {_EXTRA}."
        rows = [(name, f"{summary}{needs}") for name, (_, _, summary) in _LAZY_COMMANDS.items()]
        others = ((name, super(Commands, self).get_command(ctx, name)) for name in super().list_commands(ctx))
        rows += [(name, each.get_short_help_str(limit=_SUMMARY)) for name, each in others if each is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - typer's own context
        """Return the names of all commands."""
        return [*_LAZY_COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - typer's own command
        """Return a command; if its packages are missing, one that says which extra to install."""
        if cmd_name not in _LAZY_COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, name, summary = _LAZY_COMMANDS[cmd_name]
        try:
            command = getattr(importlib.import_module(_PACKAGE + module), name)
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("ecr_fargate_constructs"):
                raise
            stub = _refusing(cmd_name, summary, (error.name or "").partition(".")[0])
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
