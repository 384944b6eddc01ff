"""Numbers that AWS limits: one outside of its bounds becomes the nearest bound, and is listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.fields import number_of
from ecr_fargate_constructs.tools.migrate.values import seconds

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.fields import Fields

_ANY = 10**9


@dataclass(frozen=True)
class Bound:
    """The smallest and the largest number that AWS accepts."""

    least: int
    most: int


def bounded(fields: Fields, name: str, bound: Bound, *, unit: str = " seconds") -> int | None:
    """Return a duration in whole seconds, or a number with ``unit=""``, limited to the bounds."""
    node = fields.node(name)
    if node is None:
        return None
    given = seconds(node) if unit else number_of(node, 0, _ANY)
    if given is None:
        fields.drop(name, f"it is not a {'duration' if unit else 'number'}", "correct it, and run the command again")
        return None
    fields.carry(name)
    figure = min(max(round(given), bound.least), bound.most)
    if figure != given:
        fields.check(
            name,
            f"AWS takes {bound.least} to {bound.most}, so the program has {figure}{unit}",
            "check that this is acceptable",
        )
    return figure
