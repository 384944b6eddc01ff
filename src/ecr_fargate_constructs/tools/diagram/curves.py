"""The curves of the arrows in a picture, which go around boxes and titles."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from ecr_fargate_constructs.tools.diagram.layout import GAP, HEAD, LINE

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.diagram.layout import Frame, Layout
    from ecr_fargate_constructs.tools.diagram.scene import Arrow, Scene

_NEAR, _FAR, _LONG = 18, 58, 500  # beside a column: a short arrow back to it, a long one, and how long that is
_BESIDE = 8  # between a grid and the ends of the lines in it
_TURN = 16  # beside boxes, for an arrow that passes between them
_CLEAR = 3  # between a line and a box
_LANE = 4  # between arrows that pass between the same boxes
_STEPS = 24  # points of a curve that are checked for boxes

Point: TypeAlias = "tuple[float, float]"
Segment: TypeAlias = "tuple[Point, Point, Point, Point]"


class Curves:
    """The curves of the arrows in a picture."""

    def __init__(self, scene: Scene, layout: Layout) -> None:
        """Distribute the arrows over the sides of their boxes, in the order of their other ends."""
        self._anchors, self._cells = layout.anchors, layout.cells
        self._lanes: dict[Arrow, tuple[float, float, float]] = {}  # left, right and height of lines between boxes
        self._frames = [*(frame for _, frame in layout.boxes), *layout.titles]
        sides: dict[tuple[str, bool], list[tuple[Arrow, bool]]] = {}
        for arrow in scene.arrows:
            sides.setdefault((arrow.start, False), []).append((arrow, True))
            sides.setdefault((arrow.end, self._forward(arrow)), []).append((arrow, False))
        self._heights = {
            end: height
            for (anchor, _), ends in sides.items()
            for end, height in self._shares(self._anchors[anchor], ends).items()
        }

    def of(self, arrow: Arrow) -> list[Segment]:
        """Return the Bézier curves from the right side of a box to the left side of another.

        An arrow to a box that is not further right goes around the column's right side. In a grid an arrow runs between
        two rows, to or from the column of its box. An arrow that would cross a box or a title passes above or below it.
        """
        first, last = self._anchors[arrow.start], self._anchors[arrow.end]
        cell, goal = self._cells.get(arrow.start), self._cells.get(arrow.end)
        points = [(first.x + first.width, self._heights[arrow, True])]
        if cell is not None and cell.after:
            points += [(cell.right + cell.after, cell.below), (cell.grid.x + cell.grid.width + _BESIDE, cell.below)]
        forward, height = self._forward(arrow), self._heights[arrow, False]
        way = [(last.x - 1, height) if forward else (last.x + last.width + 1, height)]
        if goal is not None and forward and goal.before:
            way = [(goal.grid.x - _BESIDE, goal.above), (goal.left - goal.before, goal.above), *way]
        elif goal is not None and not forward and goal.after:
            way = [(goal.grid.x + goal.grid.width + _BESIDE, goal.above), (goal.right + goal.after, goal.above), *way]
        between = self._between(arrow, points[-1], way[0]) if forward else [_around(points[-1], way[0])]
        return [*(_across(*ends) for ends in pairwise(points)), *between, *(_across(*ends) for ends in pairwise(way))]

    def _forward(self, arrow: Arrow) -> bool:
        """Return whether an arrow ends further right than the column or grid that it starts in."""
        first, cell = self._anchors[arrow.start], self._cells.get(arrow.start)
        right = first.x + first.width if cell is None or not cell.after else cell.grid.x + cell.grid.width + _BESIDE
        return self._anchors[arrow.end].x > right

    def _shares(self, frame: Frame, ends: list[tuple[Arrow, bool]]) -> dict[tuple[Arrow, bool], float]:
        """Return the heights at which arrows start and end on a side of a box, so that those around do not cross."""

        def order(end: tuple[Arrow, bool]) -> tuple[int, float]:
            arrow, starts = end
            far = self._anchors[arrow.end if starts else arrow.start].y
            if self._forward(arrow):
                return 1, far
            return (0 if far < frame.y else 2), -far

        height = min(frame.height, HEAD + LINE) if len(ends) == 1 else frame.height
        ordered = enumerate(sorted(ends, key=order), start=1)
        return {end: frame.y + height * place / (len(ends) + 1) for place, end in ordered}

    def _between(self, arrow: Arrow, start: Point, stop: Point) -> list[Segment]:
        """Return the curves between two columns, above or below the boxes that are between them.

        Arrows that pass between the same boxes run beside each other.
        """
        inside = [each for each in self._frames if each.x < stop[0] and each.x + each.width > start[0]]
        direct = [_across(start, stop)]
        if _free(direct, inside):
            return direct
        # Columns that the arrow starts or ends in are passed before and after the line between the boxes.
        passed = [each for each in inside if start[0] < each.x and each.x + each.width < stop[0]]
        left = min((each.x for each in passed), default=start[0]) - _TURN
        right = max((each.x + each.width for each in passed), default=stop[0]) + _TURN
        middles = (height for each in passed for height in (each.y - GAP / 2, each.y + each.height + GAP / 2))
        heights = {height + lane for height in middles for lane in (0, _LANE, -_LANE)}

        def order(height: float) -> tuple[bool, float, float]:
            touches = any(each.y - _CLEAR < height < each.y + each.height + _CLEAR for each in passed)
            return touches, abs(height - start[1]) + abs(height - stop[1]), height

        for height in sorted(heights, key=order):
            curves = [_across(*ends) for ends in pairwise([start, (left, height), (right, height), stop])]
            if _free(curves, inside) and not self._taken(arrow, left, right, height):
                self._lanes[arrow] = left, right, height
                return curves
        return direct

    def _taken(self, arrow: Arrow, left: float, right: float, height: float) -> bool:
        """Return whether the line of another arrow is where this one would be."""
        return any(
            other != arrow and first < right and left < last and abs(level - height) < _LANE
            for other, (first, last, level) in self._lanes.items()
        )


def _free(curves: list[Segment], frames: list[Frame]) -> bool:
    """Return whether curves cross no box and no title."""
    for start, out, into, stop in curves:
        low, high = sorted((start[1], stop[1]))
        near = [each for each in frames if each.y <= high and each.y + each.height >= low]
        for step in range(1, _STEPS) if near else ():
            t = step / _STEPS
            weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
            x, y = (sum(w * p[axis] for w, p in zip(weights, (start, out, into, stop), strict=True)) for axis in (0, 1))
            if any(each.x < x < each.x + each.width and each.y < y < each.y + each.height for each in near):
                return False
    return True


def _across(start: Point, stop: Point) -> Segment:
    middle = (start[0] + stop[0]) / 2
    return start, (middle, start[1]), (middle, stop[1]), stop


def _around(start: Point, stop: Point) -> Segment:
    out = max(start[0], stop[0]) + _NEAR + (_FAR - _NEAR) * min(1, abs(stop[1] - start[1]) / _LONG)
    return start, (out, start[1]), (out, stop[1]), stop
