"""P9: how time, memory and template grow with the number of services behind one load balancer."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from bench.figures import Line
from bench.goals import Goal
from bench.processes import in_turn, seconds
from bench.programs import SHARED

if TYPE_CHECKING:
    from bench.programs import Assemblies

SIZES = (1, 10, 50, 100)
STRAIGHT = 0.98
"""Share of the variance that a line has to explain to be called straight."""


def growth(assemblies: Assemblies, rounds: int) -> tuple[list[Goal], dict[str, list[tuple[float, float]]]]:
    """Measure; return the goal, and the points as shares of the last, by what they show."""
    programs = {str(size): assemblies.program(SHARED, size) for size in SIZES}
    samples = in_turn(programs, rounds)
    points: dict[str, list[tuple[float, float]]] = {
        # The fastest, where nothing is compared: other programs on the machine can only make a run slower.
        "seconds": [(size, min(seconds(samples[str(size)]))) for size in SIZES],
        "MiB of memory": [(size, statistics.median(each.memory for each in samples[str(size)])) for size in SIZES],
        "KB of template": [(size, assemblies.size(SHARED, size) / 1000) for size in SIZES],
    }
    lines = {what: Line.through(found) for what, found in points.items()}
    further, beside = _resources(assemblies)
    described = "; ".join(
        f"{_grows(what, line)} (R² {line.r_squared:.4f}, at most {line.deviation:.1%} of the largest away)"
        for what, line in lines.items()
    )
    goal = Goal(
        name="P9",
        measure=f"growth over {', '.join(map(str, SIZES))} services behind one load balancer, each with a repository "
        "and a copy of its own",
        goal="linear; ≤ 15 resources a further service",
        figure=f"{described}; {further} resources a further service, and {beside} policies of the role that copies "
        f"into the {SIZES[-1]} repositories",
        met=all(line.r_squared >= STRAIGHT for line in lines.values()) and further <= 15,  # noqa: PLR2004 - the goal
        ratios={
            "P9 resources a service": further + beside / (SIZES[-1] - SIZES[0]),
            "P9 KB a service": lines["KB of template"].slope,
            "P9 memory, 100 to 1": points["MiB of memory"][-1][1] / points["MiB of memory"][0][1],
        },
    )
    shares = {what: [(size, round(y / found[-1][1], 4)) for size, y in found] for what, found in points.items()}
    return [goal], {what.rpartition(" ")[2]: found for what, found in shares.items()}


def _grows(what: str, line: Line) -> str:
    """What a service adds; of time as a share, since seconds are this machine's."""
    if what == "seconds":
        return f"time: a service adds {line.slope / line.start:.1%} of what the start takes"
    return f"{line.start:.3g} + {line.slope:.3g} a service {what}"


def _resources(assemblies: Assemblies) -> tuple[int, int]:
    """Resources that every further service adds, and those that a stack needs more of now and then."""
    more = assemblies.types(SHARED, SIZES[-1]) - assemblies.types(SHARED, SIZES[0])
    services = SIZES[-1] - SIZES[0]
    return sum(count // services for count in more.values()), sum(count % services for count in more.values())
