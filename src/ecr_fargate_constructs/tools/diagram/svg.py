"""Render a scene as SVG, in light and dark colours."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING
from xml.sax import saxutils

from ecr_fargate_constructs.tools.assembly.malformed import refuses_malformed
from ecr_fargate_constructs.tools.diagram.curves import Curves
from ecr_fargate_constructs.tools.diagram.layout import (
    FRAMED,
    INDENT,
    SMALL,
    SMALL_LINE,
    TITLE,
    TITLE_LINE,
    group_title,
    kind_lines,
    lay_out,
    row_frames,
    row_lines,
    title_lines,
)
from ecr_fargate_constructs.tools.diagram.scene import Box, Scene, Tone
from ecr_fargate_constructs.tools.diagram.text import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ecr_fargate_constructs.tools.diagram.layout import Frame, Layout
    from ecr_fargate_constructs.tools.diagram.scene import Group

_MARGIN, _TOP, _LEAST_WIDTH = 24, 64, 480
_HEADING, _HEADING_LINE, _HEADING_LINES = 18, 23, 4
_ROLE = 'role="img" aria-labelledby="title description"'
_HEAD = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0L8 4L0 8z" class="head"/></marker></defs>'
)
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
FONTS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"


class Theme(Enum):
    """The colours of a picture."""

    AUTO = "auto"
    """Light or dark, as the reader's screen is."""

    LIGHT = "light"
    DARK = "dark"


_LIGHT = {
    "page": "#ffffff",
    "ink": "#1a202c",
    "faint": "#5a6575",
    "card": "#ffffff",
    "line": "#b8c2cf",
    "arrow": "#4a5a70",
    "vpc": "#f4f7fb",
    "public": "#e8f3ea",
    "private": "#e6eef8",
    "isolated": "#efe9f6",
    "outside": "#f6f6f6",
    "plain": "#f6f6f6",
    Tone.NETWORK.value: "#7048b6",
    Tone.COMPUTE.value: "#c05a00",
    Tone.STORAGE.value: "#2f7d32",
    Tone.SECURITY.value: "#b3261e",
    Tone.WATCH.value: "#b0186d",
    Tone.OTHER.value: "#4a5a70",
}
_DARK = {
    "page": "#0f141b",
    "ink": "#e6ebf2",
    "faint": "#a3b0c0",
    "card": "#1b232e",
    "line": "#4b5a6c",
    "arrow": "#9fb1c7",
    "vpc": "#151c25",
    "public": "#16261b",
    "private": "#15233a",
    "isolated": "#241d33",
    "outside": "#171c23",
    "plain": "#171c23",
    Tone.NETWORK.value: "#b39ddb",
    Tone.COMPUTE.value: "#ffab61",
    Tone.STORAGE.value: "#81c784",
    Tone.SECURITY.value: "#ef9a9a",
    Tone.WATCH.value: "#f48fb1",
    Tone.OTHER.value: "#9fb1c7",
}


@refuses_malformed
def svg(scene: Scene, theme: Theme = Theme.AUTO) -> str:
    """Return a scene as SVG; the same scene always gives the same text."""
    layout = lay_out(scene.root, margin=_MARGIN, top=_TOP)
    width = max(layout.width, _LEAST_WIDTH)
    heading = wrapped(scene.title, _HEADING, width - 2 * _MARGIN, bold=True, most=_HEADING_LINES)
    below = (len(heading) - 1) * _HEADING_LINE
    if below:
        layout = lay_out(scene.root, margin=_MARGIN, top=_TOP + below)
    note = f"{scene.hidden} resources that only connect others or help to deploy are not shown." if scene.hidden else ""
    size = f'width="{width:g}" height="{layout.height:g}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width:g} {layout.height:g}" {_ROLE}>',
        f'<title id="title">{escape(scene.title)}</title>',
        f'<desc id="description">{escape(_description(layout))} {escape(note)}</desc>',
        f"<style>{_style(theme)}</style>",
        _HEAD,
        f'<rect {size} class="page"/>',
        *_text(heading, (_MARGIN, 30), _HEADING_LINE, "heading"),
        f'<text x="{_MARGIN}" y="{49 + below}" class="small">{escape(note)}</text>',
    ]
    for group, frame in layout.groups:
        parts += _group(group, frame)
    for box, frame in layout.boxes:
        parts += _box(box, frame)
    parts += _arrows(scene, layout)
    return "\n".join([*parts, "</svg>"]) + "\n"


def escape(text: str) -> str:
    """Return a text escaped for XML, which allows no control characters."""
    return saxutils.escape(_NOT_XML.sub("\ufffd", text))


def _description(layout: Layout) -> str:
    """Return the picture in words, for readers who cannot see it."""
    groups = ", ".join(group.title for group, _ in layout.groups)
    boxes = ", ".join(f"{box.kind} {box.title}" for box, _ in layout.boxes)
    return f"Groups: {groups or 'none'}. Boxes: {boxes or 'none'}."


def _style(theme: Theme) -> str:
    if theme is Theme.DARK:
        return _rules(_DARK)
    dark = f"@media (prefers-color-scheme:dark){{{_rules(_DARK, colours_only=True)}}}" if theme is Theme.AUTO else ""
    return _rules(_LIGHT) + dark


def _rules(colours: dict[str, str], *, colours_only: bool = False) -> str:
    shapes = (
        f"text{{font-family:{FONTS}}}"
        f".heading{{font-size:{_HEADING}px;font-weight:bold}}.title{{font-size:{TITLE}px;font-weight:bold}}"
        f".small,.row{{font-size:{SMALL}px}}.group{{font-size:{TITLE}px;font-weight:bold}}"
        ".card,.inner,.area{stroke-width:1}.arrow{fill:none;stroke-width:1.4}.dashed{stroke-dasharray:5 4}"
    )
    areas = "".join(
        f".a-{name}{{fill:{colours[name]}}}" for name in ("vpc", "public", "private", "isolated", "outside", "plain")
    )
    tones = "".join(f".t-{tone.value}{{fill:{colours[tone.value]}}}" for tone in Tone)
    colour = (
        f".page{{fill:{colours['page']}}}.heading,.title,.row{{fill:{colours['ink']}}}"
        f".small,.group{{fill:{colours['faint']}}}.card{{fill:{colours['card']};stroke:{colours['line']}}}"
        f".inner{{fill:none;stroke:{colours['line']}}}.area{{stroke:{colours['line']}}}"
        f".arrow{{stroke:{colours['arrow']}}}.head{{fill:{colours['arrow']}}}{areas}{tones}"
    )
    return colour if colours_only else shapes + colour


def _group(group: Group, frame: Frame) -> Iterator[str]:
    yield (
        f'<g><title>{escape(group.title)}</title><rect x="{frame.x:g}" y="{frame.y:g}" width="{frame.width:g}" '
        f'height="{frame.height:g}" rx="8" class="area a-{group.name}"/>'
        f'<text x="{frame.x + 14:g}" y="{frame.y + 20:g}" class="group">{escape(group_title(group))}</text></g>'
    )


def _box(box: Box, frame: Frame) -> Iterator[str]:
    x, y = frame.x, frame.y
    yield f"<g><title>{escape(box.tip or f'{box.kind} {box.title}')}</title>"
    yield f'<rect x="{x:g}" y="{y:g}" width="{frame.width:g}" height="{frame.height:g}" rx="5" class="card"/>'
    yield f'<rect x="{x:g}" y="{y + 5:g}" width="4" height="{frame.height - 10:g}" class="t-{box.tone.value}"/>'
    titles, kinds = title_lines(box), kind_lines(box)
    yield from _text(titles, (x + INDENT, y + 19), TITLE_LINE, "title")
    y_of_kind = y + 36 + (len(titles) - 1) * TITLE_LINE
    yield from _text(kinds, (x + INDENT, y_of_kind), SMALL_LINE, f"small t-{box.tone.value}")
    for row, (top, height) in zip(box.rows, row_frames(box), strict=True):
        left, lines = x + INDENT, row_lines(row)
        if row.framed:
            yield (
                f'<rect x="{left:g}" y="{y + top:g}" width="{frame.width - 2 * INDENT:g}" height="{height:g}" rx="3" '
                'class="inner"/>'
            )
            left += FRAMED
        tip = f"<title>{escape(row.text)}</title>" if any("…" in line for line in lines) else ""
        yield from _text(lines, (left, y + top + 14), SMALL_LINE, "row", tip)
    yield "</g>"


def _text(lines: Iterable[str], start: tuple[float, float], step: float, name: str, tip: str = "") -> Iterator[str]:
    x, y = start
    for number, line in enumerate(lines):
        yield f'<text x="{x:g}" y="{y + number * step:g}" class="{name}">{tip}{escape(line)}</text>'


def _arrows(scene: Scene, layout: Layout) -> Iterator[str]:
    curves = Curves(scene, layout)
    for arrow in scene.arrows:
        segments = curves.of(arrow)
        if arrow.back:
            segments = [(last, third, second, first) for first, second, third, last in reversed(segments)]
        (x, y), *_ = segments[0]
        path = "".join(f"C{' '.join(f'{x:g} {y:g}' for x, y in points)}" for _, *points in segments)
        dashed = " dashed" if arrow.dashed else ""
        yield f'<path d="M{x:g} {y:g}{path}" class="arrow{dashed}" marker-end="url(#head)"/>'
