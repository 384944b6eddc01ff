"""P9: how time, memory and template grow with the number of services behind one load balancer."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from bench.figures import Line, in_shares
from bench.goals import Goal
from bench.processes import LISTEN_TO_HEAPS, Program, in_turn, seconds
from bench.programs import SHARED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.programs import Assemblies

SIZES = (1, 10, 25, 50, 75, 100)
STRAIGHT = 0.98
"""Share of the variance that a line has to explain for the growth to count as linear."""
FURTHER = 14
TIME, HELD, PEAK, TEMPLATE = "seconds", "MiB of memory", "MiB of peak", "KB of template"
_MEMORY_ROUNDS = 2
"""One round is enough for memory, because it is nearly the same every time."""


def growth(assemblies: Assemblies, rounds: int) -> tuple[list[Goal], dict[str, list[tuple[float, float]]]]:
    """Measure; return the goal, and the points as shares of the last one, by the measured quantity."""
    programs = {str(size): assemblies.program(SHARED, size) for size in SIZES}
    timed = in_turn(programs, rounds)
    heard = in_turn({name: _heard(program) for name, program in programs.items()}, _MEMORY_ROUNDS)
    points: dict[str, list[tuple[float, float]]] = {
        TIME: list(zip(SIZES, in_shares([seconds(timed[str(size)]) for size in SIZES]), strict=True)),
        HELD: [(size, statistics.median(each.held for each in heard[str(size)])) for size in SIZES],
        PEAK: [(size, statistics.median(each.memory for each in timed[str(size)])) for size in SIZES],
        TEMPLATE: [(size, assemblies.size(SHARED, size) / 1000) for size in SIZES],
    }
    goal = described(points, *_resources(assemblies))
    del points[PEAK]
    shares = {what: [(size, round(y / found[-1][1], 4)) for size, y in found] for what, found in points.items()}
    return [goal], {what.rpartition(" ")[2]: found for what, found in shares.items()}


def described(points: Mapping[str, Sequence[tuple[float, float]]], further: int, beside: int) -> Goal:
    """Return P9 in words.

    Memory means the memory that is held. The peak is not linear: V8 lets its heap grow in steps until it collects.

    Args:
        points: Services and value, by the measured quantity.
        further: Resources that each further service adds.
        beside: Resources that are added now and then.
    """
    lines = {what: Line.through(found) for what, found in points.items()}
    added = lines[TIME].slope / lines[TIME].start  # a share, because seconds depend on the machine
    said = {
        TIME: f"time: a service adds {added:.1%} of what the start takes",
        HELD: f"memory that is held (Python's process, Node's heap after a collection): {_grows(lines[HELD])} MiB",
        TEMPLATE: f"template: {_grows(lines[TEMPLATE])} KB",
    }
    figures = [f"{words} ({_fit(lines[what])})" for what, words in said.items()]
    peak = f"the peak of all processes, {_grows(lines[PEAK])} MiB ({_fit(lines[PEAK])}), takes the steps of Node's heap"
    return Goal(
        name="P9",
        measure=f"growth over {', '.join(map(str, SIZES))} services behind one load balancer, each with a repository "
        "and a copy of its own",
        goal=f"linear; ≤ {FURTHER} resources a further service",
        figure=f"{'; '.join(figures)}; {peak}; {further} resources a further service, and {beside} policies of the "
        f"role that copies into the {SIZES[-1]} repositories",
        met=all(lines[what].r_squared >= STRAIGHT for what in said) and further <= FURTHER,
        ratios={
            "P9 resources a service": further + beside / (SIZES[-1] - SIZES[0]),
            "P9 KB a service": lines[TEMPLATE].slope,
            "P9 memory, 100 to 1": points[PEAK][-1][1] / points[PEAK][0][1],
            "P9 held memory, 100 to 1": points[HELD][-1][1] / points[HELD][0][1],
        },
    )


def _heard(program: Program) -> Program:
    return Program(command=program.command, environment={**program.environment, **LISTEN_TO_HEAPS})


def _grows(line: Line) -> str:
    return f"{line.start:.3g} + {line.slope:.3g} a service"


def _fit(line: Line) -> str:
    return f"R² {line.r_squared:.4f}, at most {line.deviation:.1%} of the largest away"


def _resources(assemblies: Assemblies) -> tuple[int, int]:
    """Return the resources that every further service adds, and those that are added now and then."""
    more = assemblies.types(SHARED, SIZES[-1]) - assemblies.types(SHARED, SIZES[0])
    services = SIZES[-1] - SIZES[0]
    return sum(count // services for count in more.values()), sum(count % services for count in more.values())
