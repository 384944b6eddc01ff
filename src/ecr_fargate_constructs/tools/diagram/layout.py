"""Lay out a scene: place boxes and groups so that nothing overlaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.diagram.scene import Box, Group
from ecr_fargate_constructs.tools.diagram.text import text_width, wrapped

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.diagram.scene import Row

TITLE, SMALL = 14, 12  # sizes of type
LINE, HEAD = 20, 46  # heights of a row, and of title and kind
TITLE_LINE, SMALL_LINE = 17, 15  # further lines of a title, and of a row or kind
PAD, GAP, AISLE = 14, 14, 64  # inside a frame, between stacked boxes, between columns
INDENT = 12  # of text in a box
_STRIPE = 6  # the coloured line of a box, with the space beside it
_GRID_AISLE = 44  # between the columns of a grid, where arrows run
FRAMED = 6  # of text in the frame of a row
_MAX_COLUMN = 1000  # height from which a column becomes a grid
_MAX_TEXT, _MAX_GROUP_TEXT = 270, 560  # widths of a line in a box, and of a group's title


@dataclass(frozen=True)
class Frame:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The place of a box in a grid, with the free space around it.

    Attributes:
        grid: Frame of the grid.
        left: Left side of its column.
        right: Right side of its column.
        above: Height of the arrows to it, between its row and the one above.
        below: Height of the arrows from it, between its row and the one below.
        before: Width of the free space before its column; 0 if it is the first one.
        after: Width of the free space after its column; 0 if it is the last one.
    """

    grid: Frame
    left: float
    right: float
    above: float
    below: float
    before: float
    after: float


@dataclass(frozen=True)
class _Grid:
    """The columns and rows of a grid.

    Attributes:
        widths: Widths of the columns.
        heights: Heights of the rows.
        across: Whether it is filled row by row, with arrows between the rows, and not column by column.
    """

    widths: list[float]
    heights: list[float]
    across: bool

    @property
    def gap(self) -> float:
        """Space between the rows; for arrows, also above and below."""
        return 12 + 8 * len(self.widths) if self.across else GAP

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        gaps = len(self.heights) + (1 if self.across else -1)
        return sum(self.widths) + _GRID_AISLE * (len(self.widths) - 1), sum(self.heights) + self.gap * gaps

    def place(self, index: int) -> tuple[int, int]:
        """Return the column and the row of a child."""
        row, column = divmod(index, len(self.widths)) if self.across else divmod(index, len(self.heights))[::-1]
        return column, row


@dataclass
class Layout:
    """The positions of all parts of a picture.

    Attributes:
        width: Width of the picture.
        height: Height of the picture.
        boxes: The boxes with their frames.
        groups: The visible groups with their frames, outer groups first.
        titles: The frames of the groups' titles.
        anchors: The frames that arrows start and end at.
        cells: The places of boxes in grids of several columns, by anchor.
    """

    width: float = 0
    height: float = 0
    boxes: list[tuple[Box, Frame]] = field(default_factory=list)
    groups: list[tuple[Group, Frame]] = field(default_factory=list)
    titles: list[Frame] = field(default_factory=list)
    anchors: dict[str, Frame] = field(default_factory=dict)
    cells: dict[str, Cell] = field(default_factory=dict)


def lay_out(root: Group, *, margin: float, top: float) -> Layout:
    """Lay out a group and everything in it.

    Args:
        root: The group.
        margin: Space around it.
        top: Space above it, for a heading.
    """
    layout = Layout()
    sizes: dict[int, tuple[float, float]] = {}
    width, height = _size(root, sizes)
    _place(root, Frame(margin, top, width, height), layout, sizes)
    layout.width, layout.height = width + 2 * margin, height + top + margin
    return layout


def title_lines(box: Box) -> tuple[str, ...]:
    """Return the lines of a box's title."""
    return wrapped(box.title, TITLE, _MAX_TEXT, bold=True)


def kind_lines(box: Box) -> tuple[str, ...]:
    """Return the lines of a box's kind."""
    return wrapped(box.kind, SMALL, _MAX_TEXT)


def row_lines(row: Row) -> tuple[str, ...]:
    """Return the lines of a row."""
    return wrapped(row.text, SMALL, _MAX_TEXT)


def group_title(group: Group) -> str:
    """Return the title of a group, which has one line."""
    return "".join(wrapped(group.title, TITLE, _MAX_GROUP_TEXT, bold=True, most=1))


def head_height(box: Box) -> float:
    """Return the height of a box's title and kind."""
    return HEAD + (len(title_lines(box)) - 1) * TITLE_LINE + (len(kind_lines(box)) - 1) * SMALL_LINE


def row_frames(box: Box) -> list[tuple[float, float]]:
    """Return the distance of each row from the top of its box, and its height."""
    frames: list[tuple[float, float]] = []
    top = head_height(box)
    for row in box.rows:
        height = LINE + (len(row_lines(row)) - 1) * SMALL_LINE
        frames.append((top, height))
        top += height + 4
    return frames


def _size(item: Box | Group, sizes: dict[int, tuple[float, float]]) -> tuple[float, float]:
    if id(item) not in sizes:
        sizes[id(item)] = _box_size(item) if isinstance(item, Box) else _group_size(item, sizes)
    return sizes[id(item)]


def _group_size(group: Group, sizes: dict[int, tuple[float, float]]) -> tuple[float, float]:
    children = [_size(child, sizes) for child in group.children]
    pad, head = (PAD, 30) if group.title else (0, 0)
    grid = _grid(group, children)
    if grid is not None:
        width, height = grid.size
    elif group.beside:
        width = sum(size[0] for size in children) + AISLE * max(0, len(children) - 1)
        height = max((size[1] for size in children), default=0)
    else:
        width = max((size[0] for size in children), default=0)
        height = _stacked(children)
    if group.title:
        width = max(width + 2 * pad, text_width(group_title(group), TITLE, bold=True) + 2 * PAD)
    return width, height + head + (pad if group.title else 0)


def _stacked(sizes: list[tuple[float, float]]) -> float:
    return sum(size[1] for size in sizes) + GAP * max(0, len(sizes) - 1)


def _grid(group: Group, sizes: list[tuple[float, float]]) -> _Grid | None:
    """Return the grid that keeps a stack about as high as a screen; None if one column does."""
    columns = ceil(_stacked(sizes) / _MAX_COLUMN) if group.grid else 1
    if columns == 1:
        return None
    rows = ceil(len(sizes) / columns)
    columns = ceil(len(sizes) / rows)
    across = group.joined > rows
    cells = [sizes[row * columns : (row + 1) * columns] for row in range(rows)]
    if not across:
        cells = [sizes[row::rows] for row in range(rows)]
    widths = [max(row[column][0] for row in cells if column < len(row)) for column in range(columns)]
    return _Grid(widths, [max((size[1] for size in row), default=0) for row in cells], across)


def _box_size(box: Box) -> tuple[float, float]:
    widths = [text_width(line, TITLE, bold=True) for line in title_lines(box)]
    widths += [text_width(line, SMALL) for line in kind_lines(box)]
    widths += [text_width(line, SMALL) + 2 * FRAMED * row.framed for row in box.rows for line in row_lines(row)]
    frames = row_frames(box)
    height = sum(frames[-1]) + 10 if frames else head_height(box)
    return max(max(widths) + 2 * INDENT + _STRIPE, 130), height


def _place(item: Box | Group, frame: Frame, layout: Layout, sizes: dict[int, tuple[float, float]]) -> None:
    if isinstance(item, Box):
        layout.boxes.append((item, frame))
        layout.anchors[item.anchor] = frame
        for row, (top, height) in zip(item.rows, row_frames(item), strict=True):
            if row.anchor:
                layout.anchors[row.anchor] = Frame(frame.x, frame.y + top, frame.width, height)
        return
    pad, head = (PAD, 30) if item.title else (0, 0)
    if item.title:
        layout.groups.append((item, frame))
        title = text_width(group_title(item), TITLE, bold=True)
        layout.titles.append(Frame(frame.x + PAD, frame.y + 6, title, LINE))
    inner = Frame(
        frame.x + pad,
        frame.y + head,
        frame.width - 2 * pad,
        frame.height - head - (pad if item.title else 0),
    )
    grid = _grid(item, [_size(child, sizes) for child in item.children])
    if grid is not None:
        _place_grid(item, inner, layout, sizes, grid)
    else:
        _place_row_or_column(item, inner, layout, sizes)


def _place_row_or_column(group: Group, inner: Frame, layout: Layout, sizes: dict[int, tuple[float, float]]) -> None:
    x, y = inner.x, inner.y
    for index, child in enumerate(group.children):
        width, height = _size(child, sizes)
        if group.beside:
            if index == len(group.children) - 1:
                width = inner.x + inner.width - x
            # Frames are as high as their row, columns start at its top, and a single box is centred in it.
            tall = isinstance(child, Group) and bool(child.title)
            top = y + (inner.height - height) / 2 if isinstance(child, Box) else y
            _place(child, Frame(x, top, width, inner.height if tall else height), layout, sizes)
            x += width + AISLE
        else:
            _place(child, Frame(x, y, inner.width, height), layout, sizes)
            y += height + GAP


def _place_grid(group: Group, inner: Frame, layout: Layout, sizes: dict[int, tuple[float, float]], grid: _Grid) -> None:
    columns, edge = len(grid.widths), grid.gap if grid.across else 0
    spare = (inner.width - grid.size[0]) / columns
    lefts = [inner.x + sum(grid.widths[:column]) + column * (_GRID_AISLE + spare) for column in range(columns)]
    tops = [inner.y + edge + sum(grid.heights[:row]) + row * grid.gap for row in range(len(grid.heights))]
    for index, child in enumerate(group.children):
        column, row = grid.place(index)
        left, top, width = lefts[column], tops[row], grid.widths[column] + spare
        _place(child, Frame(left, top, width, _size(child, sizes)[1]), layout, sizes)
        if isinstance(child, Box):
            # Each column has its own line between two rows, one for the arrows from it and one for those to it.
            step = grid.gap / (2 * columns + 1)
            cell = Cell(
                grid=inner,
                left=left,
                right=left + width,
                above=top - grid.gap + (columns + column + 1) * step,
                below=top + grid.heights[row] + (column + 1) * step,
                before=_GRID_AISLE if column else 0,
                after=_GRID_AISLE if column < columns - 1 else 0,
            )
            for anchor in (child.anchor, *(each.anchor for each in child.rows if each.anchor)):
                layout.cells[anchor] = cell
