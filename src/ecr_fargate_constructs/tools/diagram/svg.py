"""Render a scene as SVG, in light and dark colours."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING
from xml.sax import saxutils

from ecr_fargate_constructs.tools.assembly.malformed import refuses_malformed
from ecr_fargate_constructs.tools.diagram.layout import HEAD, INDENT, LINE, SMALL, TITLE, lay_out, row_top, shortened
from ecr_fargate_constructs.tools.diagram.scene import Box, Scene, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.diagram.layout import Frame, Layout
    from ecr_fargate_constructs.tools.diagram.scene import Arrow, Group

_MARGIN, _TOP, _AROUND = 24, 64, 46
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
    note = f"{scene.hidden} resources that only connect others are not shown." if scene.hidden else ""
    width = max(layout.width, 420)
    size = f'width="{width:g}" height="{layout.height:g}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width:g} {layout.height:g}" {_ROLE}>',
        f'<title id="title">{escape(scene.title)}</title>',
        f'<desc id="description">{escape(_description(layout))} {escape(note)}</desc>',
        f"<style>{_style(theme)}</style>",
        _HEAD,
        f'<rect {size} class="page"/>',
        f'<text x="{_MARGIN}" y="30" class="heading">{escape(scene.title)}</text>',
        f'<text x="{_MARGIN}" y="49" class="small">{escape(note)}</text>',
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
        f".heading{{font-size:18px;font-weight:bold}}.title{{font-size:{TITLE}px;font-weight:bold}}"
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
        f'<text x="{frame.x + 14:g}" y="{frame.y + 20:g}" class="group">{escape(shortened(group.title))}</text></g>'
    )


def _box(box: Box, frame: Frame) -> Iterator[str]:
    x, y = frame.x, frame.y
    yield f"<g><title>{escape(box.tip or f'{box.kind} {box.title}')}</title>"
    yield f'<rect x="{x:g}" y="{y:g}" width="{frame.width:g}" height="{frame.height:g}" rx="5" class="card"/>'
    yield f'<rect x="{x:g}" y="{y + 5:g}" width="4" height="{frame.height - 10:g}" class="t-{box.tone.value}"/>'
    yield f'<text x="{x + INDENT:g}" y="{y + 19:g}" class="title">{escape(shortened(box.title))}</text>'
    yield f'<text x="{x + INDENT:g}" y="{y + 36:g}" class="small t-{box.tone.value}">{escape(box.kind)}</text>'
    for index, row in enumerate(box.rows):
        top = y + row_top(index)
        left = x + INDENT
        if row.framed:
            yield (
                f'<rect x="{left:g}" y="{top:g}" width="{frame.width - 2 * INDENT:g}" height="{LINE:g}" rx="3" '
                'class="inner"/>'
            )
            left += 6
        tip = f"<title>{escape(row.text)}</title>" if shortened(row.text) != row.text else ""
        yield f'<text x="{left:g}" y="{top + 14:g}" class="row">{tip}{escape(shortened(row.text))}</text>'
    yield "</g>"


def _arrows(scene: Scene, layout: Layout) -> Iterator[str]:
    curves = Curves(scene, layout)
    for arrow in scene.arrows:
        start, *rest = curves.of(arrow)
        points = " ".join(f"{x:g} {y:g}" for x, y in rest)
        dashed = " dashed" if arrow.dashed else ""
        yield f'<path d="M{start[0]:g} {start[1]:g}C{points}" class="arrow{dashed}" marker-end="url(#head)"/>'


class Curves:
    """The curves of the arrows in a picture."""

    def __init__(self, scene: Scene, layout: Layout) -> None:
        """Distribute the arrows over the sides of their boxes."""
        self._anchors = layout.anchors
        leaving: dict[str, list[Arrow]] = {}
        arriving: dict[str, list[Arrow]] = {}
        for arrow in scene.arrows:
            leaving.setdefault(arrow.start, []).append(arrow)
            arriving.setdefault(arrow.end, []).append(arrow)
        self._leaving = {anchor: self._shares(arrows, "end") for anchor, arrows in leaving.items()}
        self._arriving = {anchor: self._shares(arrows, "start") for anchor, arrows in arriving.items()}

    def of(self, arrow: Arrow) -> list[tuple[float, float]]:
        """Return a curve from the right side of a box to the left side of another, or around a column's right side.

        Arrows that start or end at the same box are spread evenly over its side, in the order of their other ends.
        """
        first, last = self._anchors[arrow.start], self._anchors[arrow.end]
        x1, y1 = first.x + first.width, _share(first, self._leaving[arrow.start], arrow)
        x2, y2 = last.x, _share(last, self._arriving[arrow.end], arrow)
        if x2 > x1:
            middle = (x1 + x2) / 2
            return [(x1, y1), (middle, y1), (middle, y2), (x2 - 1, y2)]
        x2 = last.x + last.width
        out = max(x1, x2) + _AROUND
        return [(x1, y1), (out, y1), (out, y2), (x2 + 1, y2)]

    def _shares(self, arrows: list[Arrow], other: str) -> dict[Arrow, int]:
        """Return the positions of arrows on a side, in the order of their other ends."""
        ordered = sorted(arrows, key=lambda each: self._anchors[getattr(each, other)].y)
        places: dict[Arrow, int] = {}
        for place, arrow in enumerate(ordered):
            places.setdefault(arrow, place)
        return places


def _share(frame: Frame, places: dict[Arrow, int], arrow: Arrow) -> float:
    height = min(frame.height, HEAD + LINE) if len(places) == 1 else frame.height
    return frame.y + height * (places[arrow] + 1) / (len(places) + 1)
