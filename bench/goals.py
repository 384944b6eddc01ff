"""The goals P1 to P12, their measured values, and the table of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One line of the table.

    Attributes:
        name: P1 to P12.
        measure: The measured quantity, and its reference.
        goal: The goal in words.
        figure: The measured values in words.
        met: Whether the goal is met; None without a goal or without a measurement.
        ratios: The values with which a later run is compared; lower is better.
    """

    name: str
    measure: str
    goal: str
    figure: str
    met: bool | None
    ratios: Mapping[str, float] = field(default_factory=dict)


def table(goals: Sequence[Goal]) -> str:
    """Return the table in Markdown."""
    word = {True: "met", False: "**missed**", None: ""}
    rows = [f"| {each.name} | {each.measure} | {each.goal} | {each.figure} | {word[each.met]} |" for each in goals]
    return "\n".join(["| # | measure | goal | figure | |", "|---|---|---|---|---|", *rows])


def between_markers(text: str, name: str, content: str) -> str:
    """Return the text with new content between ``<!-- name -->`` and ``<!-- /name -->``.

    Raises:
        ValueError: The text has no such markers.
    """
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"the text has no {begin} … {end}")
    return f"{before}{begin}\n{content}\n{end}{after}"
