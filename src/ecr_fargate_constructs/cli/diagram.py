"""``ecr-fargate diagram``: a picture of a synthesized app."""

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

_LARGEST = 20_000  # pixels


def diagram_command(
    app: AppArgument = Path("cdk.out"),
    stack: Stacks = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", dir_okay=False, help="File to write; its ending says what: .svg or .png.")
    ] = Path("architecture.svg"),
    theme: Annotated[Theme, typer.Option(help="Colours; auto follows the reader's screen, and is light in PNG.")] = (
        Theme.AUTO
    ),
    width: Annotated[
        int | None, typer.Option(min=100, max=_LARGEST, help="Width of a PNG in pixels; twice the drawing's, left out.")
    ] = None,
) -> None:
    """Draw an app's architecture, grouped by network. Reads cdk.out; any CDK app will do.

    Routes, policies, security groups and the like are left out.
    """
    kind = output.suffix.lower()
    if kind not in {".svg", ".png"}:
        raise ToolError(f"{output} is neither .svg nor .png", fix="give --output a file that ends in one of the two")
    found = read_app(app, stack)
    scene = scene_of(found)
    drawn = svg(scene, Theme.LIGHT if kind == ".png" and theme is Theme.AUTO else theme)
    if kind == ".svg":
        output.write_text(drawn, encoding="utf-8")
    else:
        output.write_bytes(png(drawn, width=width))
    print(plain(f"{output}: {scene.title}"))
