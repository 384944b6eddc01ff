"""Lay out a scene: place boxes and groups so that nothing overlaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.diagram.scene import Box, Group

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.diagram.scene import Row

TITLE, SMALL = 14, 12  # sizes of type
LINE, HEAD = 20, 46  # heights of a row, and of title and kind
PAD, GAP, AISLE = 14, 14, 64  # inside a frame, between stacked boxes, between columns
INDENT = 12  # of text in a box
_MAX_LINE = 36  # characters
_NARROW, _WIDE, _UPPER = set("iljtfrI.,:;'|!()[]/ -"), set("mwMW@%"), set("ABCDEFGHJKLNOPQRSTUVXYZ&")


@dataclass(frozen=True)
class Frame:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float


@dataclass
class Layout:
    """The positions of all parts of a picture.

    Attributes:
        width: Width of the picture.
        height: Height of the picture.
        boxes: The boxes with their frames.
        groups: The visible groups with their frames, outer groups first.
        anchors: The frames that arrows start and end at.
    """

    width: float = 0
    height: float = 0
    boxes: list[tuple[Box, Frame]] = field(default_factory=list)
    groups: list[tuple[Group, Frame]] = field(default_factory=list)
    anchors: dict[str, Frame] = field(default_factory=dict)


def lay_out(root: Group, *, margin: float, top: float) -> Layout:
    """Lay out a group and everything in it.

    Args:
        root: The group.
        margin: Space around it.
        top: Space above it, for a heading.
    """
    layout = Layout()
    width, height = _size(root)
    _place(root, Frame(margin, top, width, height), layout)
    layout.width, layout.height = width + 2 * margin, height + top + margin
    return layout


def shortened(text: str) -> str:
    """Return a text that fits into a line: the middle of a long text is left out."""
    if len(text) <= _MAX_LINE:
        return text
    half = (_MAX_LINE - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def text_width(text: str, size: float) -> float:
    """Return the estimated width of a text, for the widest of the usual fonts."""
    ems = sum(
        0.36 if letter in _NARROW else 0.95 if letter in _WIDE else 0.76 if letter in _UPPER else 0.62
        for letter in text
    )
    return ems * size


def row_top(index: int) -> float:
    """Return the distance of a row from the top of its box."""
    return HEAD + index * (LINE + 4)


def _size(item: Box | Group) -> tuple[float, float]:
    if isinstance(item, Box):
        return _box_size(item)
    sizes = [_size(child) for child in item.children]
    framed = bool(item.title)
    pad, head = (PAD, 30) if framed else (0, 0)
    if item.beside:
        width = sum(size[0] for size in sizes) + AISLE * max(0, len(sizes) - 1)
        height = max((size[1] for size in sizes), default=0)
    else:
        width = max((size[0] for size in sizes), default=0)
        height = sum(size[1] for size in sizes) + GAP * max(0, len(sizes) - 1)
    width = max(width + 2 * pad, text_width(shortened(item.title), TITLE) + 2 * PAD if framed else 0)
    return width, height + head + (pad if framed else 0)


def _box_size(box: Box) -> tuple[float, float]:
    widths = [text_width(shortened(box.title), TITLE), text_width(box.kind, SMALL)]
    widths += [_row_width(row) for row in box.rows]
    height = row_top(len(box.rows)) + (6 if box.rows else 0)
    return max(max(widths) + 2 * INDENT + 6, 130), height


def _row_width(row: Row) -> float:
    return text_width(shortened(row.text), SMALL) + (12 if row.framed else 0)


def _place(item: Box | Group, frame: Frame, layout: Layout) -> None:
    if isinstance(item, Box):
        layout.boxes.append((item, frame))
        layout.anchors[item.anchor] = frame
        for index, row in enumerate(item.rows):
            if row.anchor:
                layout.anchors[row.anchor] = Frame(frame.x, frame.y + row_top(index), frame.width, LINE)
        return
    framed = bool(item.title)
    if framed:
        layout.groups.append((item, frame))
    pad, head = (PAD, 30) if framed else (0, 0)
    x, y = frame.x + pad, frame.y + head
    inner_width, inner_height = frame.width - 2 * pad, frame.height - head - (pad if framed else 0)
    for index, child in enumerate(item.children):
        width, height = _size(child)
        if item.beside:
            if index == len(item.children) - 1:
                width = frame.x + pad + inner_width - x
            # Frames are as high as their row, columns start at its top, and a single box is centred in it.
            tall = isinstance(child, Group) and bool(child.title)
            top = y + (inner_height - height) / 2 if isinstance(child, Box) else y
            _place(child, Frame(x, top, width, inner_height if tall else height), layout)
            x += width + AISLE
        else:
            _place(child, Frame(x, y, inner_width, height), layout)
            y += height + GAP
