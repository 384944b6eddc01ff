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
_SMALLEST = """import typer
app = typer.Typer(rich_markup_mode=None)
@app.command()
def only(count: int = 1): pass
@app.callback()
def group(): pass
app(["only", "--help"])"""
"""The smallest program of Typer with a command of a group: for its help, Typer imports Pydantic."""
_FLOOR = "help of the smallest command of Typer"


def first_second(rounds: int) -> list[Goal]:
    """Measure the help of all commands and of one, and the imports, in turn."""
    helps = {
        line: Program(command=[f"{sys.prefix}/bin/{line.split()[0]}", *line.split()[1:]], environment={})
        for line in HELP
    }
    peers = {
        name: Program(command=[sys.executable, "-c", text], environment={})
        for name, text in ((_PEER, _PEER), (_FLOOR, _SMALLEST))
    }
    return [described(in_turn({**helps, **peers}, rounds))]


def described(pairs: dict[str, list[Sample]]) -> Goal:
    """Return P12 in words.

    Args:
        pairs: The samples of each command line, of the imports, and of a program with one option.
    """
    shares = {line: ratio(seconds(pairs[line]), seconds(pairs[_PEER])) for line in HELP}
    in_cpu = " · ".join(f"{ratio(cpu(pairs[line]), cpu(pairs[_PEER])):.2f}" for line in HELP)
    floor = ratio(seconds(pairs[_FLOOR]), seconds(pairs[_PEER]))
    return Goal(
        name="P12",
        measure=f"`{'`, `'.join(HELP)}`, against `python -c '{_PEER}'`",
        goal=f"≤ {LONGEST:.1f} each",
        figure=f"{' · '.join(f'{share:.2f}' for share in shares.values())} (CPU time {in_cpu}); {_FLOOR} {floor:.2f}",
        met=all(share <= LONGEST for share in shares.values()),
        ratios={f"P12 {line.partition(' ')[2]}": share for line, share in shares.items()},
    )
