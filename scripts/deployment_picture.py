"""Draws how traffic moves in the four kinds of deployment, out of their own schedules with the default figures.

``python scripts/deployment_picture.py`` writes docs/deployments.svg; a test holds the file to what this draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from ecr_fargate_constructs import BlueGreen, Canary, Linear, PublicHttp, Rolling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.service.deployment.schedule import Schedule

PICTURE = Path(__file__).parent.parent / "docs" / "deployments.svg"
_WIDTH, _LEFT, _RIGHT, _TOP, _PANEL, _PLOT = 600, 58, 14, 44, 136, 72
_BEFORE = 0.08  # part of the width for the time before the first shift
_WATCHED = 2  # minutes: RollbackAlarms() says why
_STYLE = (
    "text{font:13px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#1a202c}"
    ".t{font-weight:600;font-size:14px}.s{font-size:11px;fill:#4a5568}"
)
_NEW, _OLD, _INK = "#2f855a", "#a0aec0", "#4a5568"


@dataclass(frozen=True)
class Curve:
    """One deployment.

    Attributes:
        title: Its name and defaults.
        steps: Minute, and the share of the traffic in percent that the new version has from then on.
        bake_time: Minutes from when to when the old version can still take the traffic back, or alarms are watched.
        ready: What is said of that time.
    """

    title: str
    steps: Sequence[tuple[float, float]]
    bake_time: tuple[float, float]
    ready: str

    @property
    def end(self) -> float:
        """The last minute that is drawn."""
        return self.bake_time[1]


def curves() -> list[Curve]:
    """The four, with their defaults."""
    return [_rolling(), _shift("BlueGreen()", BlueGreen().schedule, ()), _canary(), _linear()]


def _rolling() -> Curve:
    assert Rolling().max_healthy_percent == 200  # both versions serve for a moment, half of the tasks each
    way = PublicHttp()
    healthy = way.health_check.interval.to_seconds() * way.health_check.healthy_threshold / 60
    drained = healthy + way.deregistration_delay.to_seconds() / 60
    steps = [(0, 0), (healthy, 50), (drained, 100)]
    return Curve(
        "Rolling(): task by task", steps, (drained, drained + _WATCHED), "then 2 minutes of watching the alarms"
    )


def _canary() -> Curve:
    canary = Canary()
    return _shift("Canary()", canary.schedule, (canary.percent,))


def _linear() -> Curve:
    linear = Linear()
    schedule = linear.schedule
    assert schedule is not None
    shares = [linear.step_percent * (step + 1) for step in range(schedule.waits)]
    return _shift("Linear()", schedule, shares)


def _shift(title: str, schedule: Schedule | None, shares: Sequence[float]) -> Curve:
    assert schedule is not None  # the defaults are no tokens
    assert len(shares) == schedule.waits
    steps = [(index * schedule.wait_minutes, share) for index, share in enumerate(shares)]
    moved = schedule.waits * schedule.wait_minutes
    assert moved + schedule.bake_minutes == schedule.total_minutes
    ready = f"then {schedule.bake_minutes} minutes of bake"
    return Curve(f"{title}: {schedule.shifts}", [*steps, (moved, 100)], (moved, schedule.total_minutes), ready)


def draw(found: Sequence[Curve]) -> str:
    """The picture."""
    height = _TOP + _PANEL * len(found)
    what = "Share of the traffic that the new version gets, over time, in the four kinds of deployment"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{what}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{height}" rx="8" fill="#f7fafc"/>',
        _square(_LEFT, 16, _NEW),
        _text(_LEFT + 18, 27, "new version"),
        _square(_LEFT + 110, 16, _OLD),
        _text(_LEFT + 128, 27, "old version"),
        _text(_WIDTH - _RIGHT, 27, "minutes; the starting of tasks is left out", kind="s", anchor="end"),
    ]
    for index, curve in enumerate(found):
        parts += _panel(curve, _TOP + index * _PANEL)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(curve: Curve, top: float) -> list[str]:
    plot, width, bottom = top + 24, _WIDTH - _LEFT - _RIGHT, top + 24 + _PLOT

    def x(minute: float) -> float:
        return _LEFT + width * (_BEFORE + (1 - _BEFORE) * minute / curve.end)

    outline = [f"M{x(0):.1f} {bottom}"]
    ends = [*(minute for minute, _ in curve.steps[1:]), curve.end]
    for (start, share), end in zip(curve.steps, ends, strict=True):
        tall = bottom - _PLOT * share / 100
        outline += [f"L{x(start):.1f} {tall:.1f}", f"L{x(end):.1f} {tall:.1f}"]
    parts = [
        _text(_LEFT, top + 14, curve.title, kind="t"),
        f'<rect x="{_LEFT}" y="{plot}" width="{width}" height="{_PLOT}" fill="{_OLD}" fill-opacity="0.45"/>',
        f'<path d="{" ".join(outline)} L{x(curve.end):.1f} {bottom}Z" fill="{_NEW}" fill-opacity="0.8"/>',
        _text(_LEFT - 8, plot + 10, "100 %", kind="s", anchor="end"),
        _text(_LEFT - 8, bottom, "0", kind="s", anchor="end"),
    ]
    baked, done = curve.bake_time
    place = f'x1="{x(baked) + 1:.1f}" x2="{x(done):.1f}" y1="{bottom + 5}" y2="{bottom + 5}"'
    parts += [
        f'<line {place} stroke="{_INK}" stroke-width="2"/>',
        _text(_WIDTH - _RIGHT, top + 14, curve.ready, kind="s", anchor="end"),
    ]
    for tick in sorted({0, *(minute for minute, share in curve.steps if share in {0, 100}), done}):
        parts.append(_text(x(tick), bottom + 20, _minutes(tick), kind="s", anchor="end" if tick == done else "middle"))
    return parts


def _minutes(value: float) -> str:
    """Whole minutes, or minutes and seconds."""
    whole, seconds = divmod(round(value * 60), 60)
    return f"{whole}:{seconds:02}" if seconds else str(whole)


def _square(x: float, y: float, colour: str) -> str:
    return f'<rect x="{x}" y="{y}" width="12" height="12" rx="2" fill="{colour}"/>'


def _text(x: float, y: float, text: str, *, kind: str = "", anchor: str = "start") -> str:
    classed = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{classed} text-anchor="{anchor}">{escape(text)}</text>'


if __name__ == "__main__":
    PICTURE.write_text(draw(curves()), encoding="utf-8")
