"""Render SVG as PNG with resvg, which is a wheel and needs no system library."""

from __future__ import annotations

from ecr_fargate_constructs.tools.diagram.svg import FONTS
from ecr_fargate_constructs.tools.errors import ToolError

_EXTRA = "pip install 'ecr-fargate-constructs[cli]'"
_PROBE = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">{}</svg>'
_TEXT = f'<text x="2" y="15" font-family="{FONTS}">probe</text>'


def png(text: str, *, width: int | None = None) -> bytes:
    """Return an SVG text rendered as PNG.

    Args:
        text: The SVG.
        width: Width in pixels; twice that of the SVG by default.

    Raises:
        ToolError: resvg is not installed, or the machine has none of the fonts.
    """
    try:
        import resvg_py  # noqa: PLC0415 - only PNG needs it
    except ModuleNotFoundError as error:
        raise ToolError("PNG needs the package resvg-py", fix=f"{_EXTRA}, or write SVG") from error
    blank, written = (bytes(resvg_py.svg_to_bytes(svg_string=_PROBE.format(inside))) for inside in ("", _TEXT))
    if blank == written:
        raise ToolError(
            f"none of the fonts {FONTS} is installed, so a PNG would have no text",
            fix="install one (Debian: fonts-dejavu-core), or write SVG",
        )
    if width is None:
        return bytes(resvg_py.svg_to_bytes(svg_string=text, zoom=2))
    return bytes(resvg_py.svg_to_bytes(svg_string=text, width=width))
