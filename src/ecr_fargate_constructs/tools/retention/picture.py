"""Draw what a lifecycle policy would do: a timeline with a dot for each image."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from ecr_fargate_constructs._rules.simulation import Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from ecr_fargate_constructs._rules.simulation import Decision, Plan

_COLOURS = {Outcome.KEPT: "#2f855a", Outcome.ARCHIVED: "#b7791f", Outcome.EXPIRED: "#c53030"}
_WIDTH, _LEFT, _RIGHT, _ROW, _TOP = 960, 250, 30, 26, 56
_MAX_LABEL = 26  # characters


def timeline(plan: Plan, now: datetime) -> str:
    """Return the plan as SVG: a row for each rule, and a dot for each image at the time of its push."""
    rows: dict[float, list[Decision]] = {}
    for decision in plan.decisions:
        rows.setdefault(math.inf if decision.rule is None else decision.rule.priority, []).append(decision)
    ordered = sorted(rows.items())
    oldest = min((decision.image.pushed_at for decision in plan.decisions), default=now)
    span = max((now - oldest).total_seconds(), 1)

    def x(instant: datetime) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (instant - oldest).total_seconds() / span

    height = _TOP + _ROW * len(ordered) + 40
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
            f'aria-label="{len(plan.kept)} images kept, {len(plan.archived)} archived, {len(plan.expired)} expired">'
        ),
        "<style>text{font:13px system-ui,sans-serif;fill:#1a202c}.s{font-size:11px;fill:#4a5568}</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for index, outcome in enumerate(Outcome):
        count = sum(decision.outcome is outcome for decision in plan.decisions)
        left = 24 + 140 * index
        parts.append(f'<circle cx="{left}" cy="24" r="6" fill="{_COLOURS[outcome]}"/>')
        parts.append(f'<text x="{left + 12}" y="28">{count} {outcome.value}</text>')
    for index, (priority, decisions) in enumerate(ordered):
        name = f"rule {priority}" if decisions[0].rule is not None else "no rule"
        y = _TOP + _ROW * index + _ROW / 2
        selection = decisions[0].rule.selection if decisions[0].rule is not None else "no rule selects them"
        parts.append(f'<text x="16" y="{y + 4}">{escape(name)}</text>')
        parts.append(f'<text x="76" y="{y + 4}" class="s">{escape(str(selection)[:_MAX_LABEL])}</text>')
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" stroke="#e2e8f0"/>')
        parts += [
            f'<circle cx="{x(decision.image.pushed_at):.1f}" cy="{y}" r="5" fill="{_COLOURS[decision.outcome]}" '
            f'fill-opacity="0.75"><title>{escape(decision.explain())}</title></circle>'
            for decision in decisions
        ]
    bottom = height - 14
    parts.append(f'<text x="{_LEFT}" y="{bottom}" class="s">pushed {oldest:%Y-%m-%d}</text>')
    parts.append(f'<text x="{_WIDTH - _RIGHT}" y="{bottom}" class="s" text-anchor="end">now {now:%Y-%m-%d}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
