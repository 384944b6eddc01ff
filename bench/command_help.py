"""P12: the first second of the command line, next to the import of what it is made of."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bench.figures import ratio
from bench.goals import Goal
from bench.processes import Program, cpu, in_turn, seconds

if TYPE_CHECKING:
    from bench.processes import Sample

LONGEST = 2.0
HELP = ("ecr-fargate --help", "ecr-fargate doctor --help")
_PEER = "import typer, rich"


def first_second(rounds: int) -> list[Goal]:
    """Measure the help of all commands and of one, and the imports, in turn."""
    helps = {
        line: Program(command=[f"{sys.prefix}/bin/{line.split()[0]}", *line.split()[1:]], environment={})
        for line in HELP
    }
    peer = Program(command=[sys.executable, "-c", _PEER], environment={})
    return [described(in_turn({**helps, _PEER: peer}, rounds))]


def described(pairs: dict[str, list[Sample]]) -> Goal:
    """Return P12 in words.

    Args:
        pairs: The samples of each command line, and of the imports.
    """
    shares = {line: ratio(seconds(pairs[line]), seconds(pairs[_PEER])) for line in HELP}
    in_cpu = " · ".join(f"{ratio(cpu(pairs[line]), cpu(pairs[_PEER])):.2f}" for line in HELP)
    return Goal(
        name="P12",
        measure=f"`{'`, `'.join(HELP)}`, against `python -c '{_PEER}'`",
        goal=f"≤ {LONGEST:.1f} each",
        figure=f"{' · '.join(f'{share:.2f}' for share in shares.values())} (CPU time {in_cpu})",
        met=all(share <= LONGEST for share in shares.values()),
        ratios={f"P12 {line.partition(' ')[2]}": share for line, share in shares.items()},
    )
