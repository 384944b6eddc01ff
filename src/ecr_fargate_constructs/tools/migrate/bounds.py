"""Figures that AWS takes within bounds: what is outside is brought to the nearest, and listed."""

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
    """The least and the most."""

    least: int
    most: int


def bounded(fields: Fields, name: str, bound: Bound, *, unit: str = " seconds") -> int | None:
    """A duration in whole seconds, or with ``unit=""`` a number, within bounds."""
    node = fields.node(name)
    if node is None:
        return None
    found = seconds(node) if unit else number_of(node, 0, _ANY)
    if found is None:
        fields.drop(name, f"it is not a {'duration' if unit else 'number'}", "correct it, and run the command again")
        return None
    fields.carry(name)
    wanted = min(max(round(found), bound.least), bound.most)
    if wanted != found:
        fields.check(name, f"AWS takes {bound.least} to {bound.most} here, so it is {wanted}{unit}", "look at it")
    return wanted
