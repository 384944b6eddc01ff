"""The entry point of ``ecr-fargate``: its commands, and how it reports errors."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Annotated

try:
    import typer

    from ecr_fargate_constructs.cli.printing import Console
except ImportError:  # pragma: no cover - only without the extra
    sys.exit("ecr-fargate needs further packages: pip install 'ecr-fargate-constructs[cli]'")

from ecr_fargate_constructs.cli.commands import Commands
from ecr_fargate_constructs.cli.report import print_error
from ecr_fargate_constructs.tools.errors import ToolError, file_error

if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

app = typer.Typer(
    name="ecr-fargate",
    help="Check, explain and run CDK apps with private images on Fargate.",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(requested: bool) -> None:  # noqa: FBT001 - typer calls it with the option
    if requested:
        from importlib.metadata import version  # noqa: PLC0415 - slow to import, and rarely used

        print(f"ecr-fargate {version('ecr-fargate-constructs')}")
        raise typer.Exit


_Version = Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")]


@app.callback()
def root(version: _Version = False) -> None:  # noqa: FBT002 - a flag, whose callback has printed it
    """Check, explain and run CDK apps with private images on Fargate."""


def _interrupt(_signum: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command; print a failure on standard error and exit with status 1."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)  # so that a terminated 'up' cleans up like an interrupted one
    try:
        app()
    except (ToolError, OSError) as error:
        failure = file_error(error) if isinstance(error, OSError) else error
        if failure is None:
            raise
        print_error(Console(stderr=True), failure)
        sys.exit(1)
