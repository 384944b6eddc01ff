"""``ecr-fargate diagram``: draw the architecture of a synthesized app."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecr_fargate_constructs._rules.plain_text import plain
from ecr_fargate_constructs.cli.options import AppArgument, Stacks, read_app
from ecr_fargate_constructs.tools.diagram.architecture import scene_of
from ecr_fargate_constructs.tools.diagram.png import png
from ecr_fargate_constructs.tools.diagram.svg import Theme, svg
from ecr_fargate_constructs.tools.errors import ToolError

_MAX_WIDTH = 20_000  # pixels


def diagram_command(
    app: AppArgument = Path("cdk.out"),
    stack: Stacks = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", dir_okay=False, help="File to write, with the extension .svg or .png.")
    ] = Path("architecture.svg"),
    theme: Annotated[
        Theme, typer.Option(help="Colours; auto follows the reader's screen in SVG, and is light in PNG.")
    ] = (Theme.AUTO),
    width: Annotated[
        int | None,
        typer.Option(
            min=100, max=_MAX_WIDTH, help="Width of a PNG in pixels; by default twice the width of the drawing."
        ),
    ] = None,
) -> None:
    """Draw the architecture of an app, grouped by network. Reads the cdk.out of any CDK app.

    Routes, policies, security groups and the like are not drawn.
    """
    extension = output.suffix.lower()
    if extension not in {".svg", ".png"}:
        raise ToolError(f"{output} is neither .svg nor .png", fix="give --output a file with one of these extensions")
    scene = scene_of(read_app(app, stack))
    drawing = svg(scene, Theme.LIGHT if extension == ".png" and theme is Theme.AUTO else theme)
    if extension == ".svg":
        output.write_text(drawing, encoding="utf-8")
    else:
        output.write_bytes(png(drawing, width=width))
    print(plain(f"{output}: {scene.title}"))
