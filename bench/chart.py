"""The chart: ratios against the goals, and growth with the number of services."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.figures import Line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

PAPER, INK, FAINT = "#ffffff", "#1f2328", "#d1d9e0"  # a background of its own: readable on light and on dark pages
MET, MISSED = "#1a7f37", "#bc4c00"
LINES = ("#0969da", "#8250df", "#1a7f37")


def draw(
    bars: Sequence[tuple[str, float, float]], growth: Mapping[str, Sequence[tuple[float, float]]], folder: Path
) -> None:
    """Write ``bench.svg`` and ``bench.png``.

    Args:
        bars: The name of a comparison, its ratio, and the goal.
        growth: Points (services, value) by the measured quantity.
        folder: The folder of the files.
    """
    with mpl.rc_context({"svg.hashsalt": "bench", "svg.fonttype": "path", "font.size": 9, "text.color": INK}):
        figure = Figure(figsize=(9, 3.6), facecolor=PAPER, layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[1.25, 1])
        _bars(left, bars)
        _growth(right, growth)
        figure.savefig(folder / "bench.svg", metadata={"Date": None})
        figure.savefig(folder / "bench.png", dpi=160, metadata={"Software": None})


def _bars(axes: Axes, bars: Sequence[tuple[str, float, float]]) -> None:
    _plain(axes, "Time, as a ratio; the mark is the goal")
    places = range(len(bars))
    axes.barh(
        places, [value for _, value, _ in bars], color=[MET if v <= g else MISSED for _, v, g in bars], height=0.6
    )
    for place, (_, value, goal) in zip(places, bars, strict=True):
        axes.plot([goal, goal], [place - 0.42, place + 0.42], color=INK, linewidth=2)
        axes.annotate(f"{value:.2f}", (max(value, goal), place), (5, 0), textcoords="offset points", va="center")
    axes.set_yticks(places, [name for name, _, _ in bars])
    axes.set_xlim(0, 1.15 * max((max(value, goal) for _, value, goal in bars), default=1))
    axes.invert_yaxis()


def _growth(axes: Axes, growth: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    _plain(axes, "Growth, as a share of 100 services")
    for colour, (what, points) in zip(LINES, growth.items(), strict=False):
        most = points[-1][1]
        line = Line.through(points)
        axes.plot([x for x, _ in points], [y / most for _, y in points], "o", color=colour, markersize=5)
        ends = [0, points[-1][0]]
        label = f"{what}, R² {line.r_squared:.3f}"
        axes.plot(ends, [(line.start + line.slope * x) / most for x in ends], color=colour, linewidth=1, label=label)
    axes.set_xlabel("services", color=INK)
    axes.set_ylim(0, 1.1)
    if growth:
        axes.legend(frameon=False, loc="lower right", fontsize=8)


def _plain(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=9, color=INK)
    axes.set_facecolor(PAPER)
    axes.tick_params(colors=INK, length=0)
    axes.grid(color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(FAINT)
