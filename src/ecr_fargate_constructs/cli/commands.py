"""The commands that need more than the extra ``[cli]``, imported when they are asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from ecr_fargate_constructs.cli.printing import escape
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable

_HOME = "ecr_fargate_constructs.cli."
_LATE = {
    "local": ("local", "local", "Run a CDK app on an embedded AWS."),
    "retention": ("retention", "retention", "Lifecycle policies of ECR, offline and against what runs."),
    "explain": ("explain", "explain_command", "Say why a deployment failed, and what to do."),
}
_EXTRA = "pip install 'ecr-fargate-constructs[local]'"


class Commands(TyperGroup):
    """The commands of ``ecr-fargate``: ``doctor``, ``cost`` and ``diagram`` run without what the others need."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - typer's own context
        """Return the names of all commands."""
        return [*_LATE, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - typer's own command
        """Return a command, or one in its place that says which extra is missing."""
        if cmd_name not in _LATE:
            return super().get_command(ctx, cmd_name)
        module, name, short = _LATE[cmd_name]
        try:
            found = getattr(importlib.import_module(_HOME + module), name)
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("ecr_fargate_constructs"):
                raise
            stub = _missing(cmd_name, short, (error.name or "").partition(".")[0])
            return _one(cmd_name, stub, ignore_unknown_options=True, allow_extra_args=True)
        if isinstance(found, typer.Typer):
            group = get_command(found)
            group.name = cmd_name
            return group
        return _one(cmd_name, found)


def _one(name: str, function: Callable[..., None], **settings: Any) -> Any:  # noqa: ANN401 - typer's own command
    holder = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    holder.command(name, context_settings=settings)(function)
    return get_command(holder)


def _missing(name: str, short: str, package: str) -> Callable[..., None]:
    def command(arguments: list[str] | None = typer.Argument(None, hidden=True)) -> None:  # noqa: ARG001, B008
        raise ToolError(f"'ecr-fargate {name}' needs the package {package}", fix=_EXTRA)

    command.__doc__ = f"{short} Needs {escape(_EXTRA)}."
    return command
