"""The curves of the arrows in a picture, which go around boxes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from ecr_fargate_constructs.tools.diagram.layout import HEAD, LINE

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.diagram.layout import Frame, Layout
    from ecr_fargate_constructs.tools.diagram.scene import Arrow, Scene

_NEAR, _FAR, _LONG = 18, 46, 600  # beside a column: a short arrow back to it, a long one, and how long that is
_BESIDE = 8  # between a grid and the end of a channel

Point: TypeAlias = "tuple[float, float]"
Segment: TypeAlias = "tuple[Point, Point, Point, Point]"


class Curves:
    """The curves of the arrows in a picture."""

    def __init__(self, scene: Scene, layout: Layout) -> None:
        """Distribute the arrows over the sides of their boxes."""
        self._anchors, self._cells = layout.anchors, layout.cells
        leaving: dict[str, list[Arrow]] = {}
        arriving: dict[str, list[Arrow]] = {}
        for arrow in scene.arrows:
            leaving.setdefault(arrow.start, []).append(arrow)
            arriving.setdefault(arrow.end, []).append(arrow)
        self._leaving = {anchor: self._shares(arrows, "end") for anchor, arrows in leaving.items()}
        self._arriving = {anchor: self._shares(arrows, "start") for anchor, arrows in arriving.items()}

    def of(self, arrow: Arrow) -> list[Segment]:
        """Return the Bézier curves from the right side of a box to the left side of another.

        An arrow to a box that is not further right goes around the column's right side. In a grid an arrow runs between
        two rows, to or from the column of its box. Arrows that start or end at the same box are spread evenly over its
        side, in the order of their other ends.
        """
        first, last = self._anchors[arrow.start], self._anchors[arrow.end]
        points = [(first.x + first.width, _share(first, self._leaving[arrow.start], arrow))]
        cell, goal = self._cells.get(arrow.start), self._cells.get(arrow.end)
        if cell is not None and cell.after:
            points += [(cell.right + cell.after, cell.below), (cell.grid.x + cell.grid.width + _BESIDE, cell.below)]
        y = _share(last, self._arriving[arrow.end], arrow)
        forward = last.x > points[-1][0]
        end = (last.x - 1, y) if forward else (last.x + last.width + 1, y)
        way: list[Point] = []
        if goal is not None and forward and goal.before:
            way = [(goal.grid.x - _BESIDE, goal.above), (goal.left - goal.before, goal.above)]
        elif goal is not None and not forward and goal.after:
            way = [(goal.grid.x + goal.grid.width + _BESIDE, goal.above), (goal.right + goal.after, goal.above)]
        target, *rest = [*way, end]
        segments = [_across(start, stop) for start, stop in pairwise(points)]
        segments.append(_across(points[-1], target) if forward else _around(points[-1], target))
        return segments + [_across(start, stop) for start, stop in pairwise([target, *rest])]

    def _shares(self, arrows: list[Arrow], other: str) -> dict[Arrow, int]:
        """Return the positions of arrows on a side, in which those to the same column do not cross any other."""

        def order(arrow: Arrow) -> tuple[int, float]:
            first, last, far = (
                self._anchors[arrow.start],
                self._anchors[arrow.end],
                self._anchors[getattr(arrow, other)],
            )
            if last.x > first.x + first.width:
                return 1, far.y
            return (0 if far.y < self._anchors[arrow.start if other == "end" else arrow.end].y else 2), -far.y

        places: dict[Arrow, int] = {}
        for place, arrow in enumerate(sorted(arrows, key=order)):
            places.setdefault(arrow, place)
        return places


def _across(start: Point, stop: Point) -> Segment:
    middle = (start[0] + stop[0]) / 2
    return start, (middle, start[1]), (middle, stop[1]), stop


def _around(start: Point, stop: Point) -> Segment:
    out = max(start[0], stop[0]) + _NEAR + (_FAR - _NEAR) * min(1, abs(stop[1] - start[1]) / _LONG)
    return start, (out, start[1]), (out, stop[1]), stop


def _share(frame: Frame, places: dict[Arrow, int], arrow: Arrow) -> float:
    height = min(frame.height, HEAD + LINE) if len(places) == 1 else frame.height
    return frame.y + height * (places[arrow] + 1) / (len(places) + 1)
