"""The option ``--format`` of all commands that print data."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, TypeAlias

import typer


class Format(str, Enum):
    """The output formats of most commands."""

    TEXT = "text"
    JSON = "json"


FORMAT_OPTION = typer.Option("--format", help="Output format.")
FormatOption: TypeAlias = Annotated[Format, FORMAT_OPTION]
