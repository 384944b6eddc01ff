"""A page with the course of deployments: one file with a chart per service, without scripts or other files."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.plain_text import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ecr_fargate_constructs.local.service_deployments import ServiceDeployment

_LEFT, _TOP, _WIDTH, _HEIGHT, _BAND = 48, 12, 680, 180, 22  # pixels
_LETTER = 6.3  # pixels of a letter of a stage's name
_SHORTEST = 10.0  # seconds that the chart shows at least

_STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --paper: #ffffff; --line: #d1d9e0;
  --band: #eff2f5; --share: #0969da; --tasks: #1a7f37; --bad: #cf222e; }
@media (prefers-color-scheme: dark) { :root { --ink: #f0f6fc; --soft: #9198a1; --paper: #0d1117; --line: #3d444d;
  --band: #212830; --share: #4493f8; --tasks: #3fb950; --bad: #f85149; } }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto;
  max-width: 47rem; padding: 0 1rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 0; overflow-wrap: anywhere; }
p { margin: .25rem 0; overflow-wrap: anywhere; }
svg { display: block; height: auto; max-width: 100%; }
text { fill: var(--soft); font: 11px system-ui, sans-serif; }
.grid { stroke: var(--line); } .band { fill: var(--band); stroke: var(--paper); }
.share { fill: none; stroke: var(--share); stroke-width: 2.5; }
.tasks { fill: none; stroke: var(--tasks); stroke-dasharray: 5 4; stroke-width: 2; }
.key-share { color: var(--share); } .key-tasks { color: var(--tasks); } .bad { color: var(--bad); font-weight: 600; }
.soft { color: var(--soft); }
"""


@dataclass(frozen=True)
class Moment:
    """A deployment at a time, in seconds since the page was begun."""

    at: float
    deployment: ServiceDeployment


def page(courses: Mapping[str, Sequence[Moment]], *, live: bool) -> str:
    """Return the page as HTML.

    Args:
        courses: The moments of each service's newest deployment, by service, the oldest first.
        live: Whether the page is written again, so that a browser has to load it again.
    """
    refresh = '<meta http-equiv="refresh" content="1">' if live else ""
    sections = "".join(_section(service, moments) for service, moments in courses.items() if moments)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">{refresh}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Deployments</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>Deployments</h1>{sections}</body></html>\n"
    )


def _section(service: str, moments: Sequence[Moment]) -> str:
    last = moments[-1].deployment
    share = "" if last.share is None else f"{last.share:g} % of the traffic, "
    stage = f" at {_text(last.stage)}" if last.stage else ""
    alarms = ", ".join(
        f'<span class="bad">{_text(name)} is in alarm</span>' if name in last.triggered else _text(name)
        for name in last.alarms
    )
    failed = last.ended and last.status != "SUCCESSFUL"
    lines = [
        f'<span class="{"bad" if failed else "status"}">{_text(last.status)}</span>{stage}, {_text(last.strategy)}',
        f"New version: {share}{last.healthy} of {last.desired} tasks healthy",
        f"Alarms: {alarms}" if alarms else "No alarm is watched",
        f'<span class="bad">Waits for a person</span> at {_text(", ".join(last.paused_at))}' if last.paused_at else "",
        _text(last.reason),
    ]
    text = "".join(f"<p>{line}</p>" for line in lines if line)
    key = '<p><span class="key-share">— share of the traffic</span> <span class="key-tasks">- - healthy tasks</span>'
    return f"\n<section><h2>{_text(service)}</h2>{text}{_chart(moments)}{key} of the new version</p></section>"


def _chart(moments: Sequence[Moment]) -> str:
    start, end = moments[0].at, max(moments[-1].at, moments[0].at + _SHORTEST)
    scale = _WIDTH / (end - start)
    bottom = _TOP + _HEIGHT

    def x(at: float) -> float:
        return round(_LEFT + (at - start) * scale, 1)

    def steps(values: Sequence[float]) -> str:
        """Return a line that keeps each value until the next one."""
        heights = [round(bottom - value / 100 * _HEIGHT, 1) for value in values]
        path = f"M{x(start)} {heights[0]}"
        for moment, height in zip(moments[1:], heights[1:], strict=True):
            path += f" H{x(moment.at)} V{height}"
        return path

    tasks = [100 * min(1.0, each.deployment.healthy / max(1, each.deployment.desired)) for each in moments]
    shares = [share for each in moments if (share := each.deployment.share) is not None]
    lines = [f'<path class="tasks" d="{steps(tasks)}"/>']
    if len(shares) == len(moments):
        lines.append(f'<path class="share" d="{steps(shares)}"/>')
    grid = "".join(
        f'<path class="grid" d="M{_LEFT} {y} h{_WIDTH}"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{each} %</text>'
        for each in (0, 50, 100)
        for y in [round(bottom - each / 100 * _HEIGHT)]
    )
    times = f'<text x="{_LEFT}" y="{bottom + _BAND + 16}">0 s</text>'
    times += f'<text x="{_LEFT + _WIDTH}" y="{bottom + _BAND + 16}" text-anchor="end">{end - start:.0f} s</text>'
    size = f"0 0 {_LEFT + _WIDTH + 12} {bottom + _BAND + 22}"
    described = "Share of the traffic and healthy tasks of the new version over time"
    return (
        f'<svg viewBox="{size}" role="img" aria-label="{described}">'
        f"{grid}{''.join(_bands(moments, x, bottom))}{times}{''.join(lines)}</svg>"
    )


def _bands(moments: Sequence[Moment], x: Callable[[float], float], top: int) -> Iterator[str]:
    """Yield a band for each stage, with its name if it is long enough."""
    runs = [(stage, list(run)) for stage, run in groupby(moments, lambda each: _stage(each.deployment))]
    ends = [run[0].at for _, run in runs[1:]] + [moments[-1].at]
    for (stage, run), end in zip(runs, ends, strict=True):
        left, width = x(run[0].at), round(x(end) - x(run[0].at), 1)
        yield f'<rect class="band" x="{left}" y="{top + 4}" width="{width}" height="{_BAND - 6}">'
        yield f"<title>{_text(stage)}</title></rect>"
        if width > len(stage) * _LETTER:
            yield f'<text x="{left + 4}" y="{top + 16}">{_text(stage)}</text>'


def _stage(deployment: ServiceDeployment) -> str:
    return deployment.stage or deployment.status


def _text(text: str) -> str:
    return escape(plain(text))
