"""The floor: the time of a CDK program that creates nothing, step by step, and how far above it services are."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING

from bench.figures import ratio
from bench.goals import Goal
from bench.imports import CDK
from bench.processes import Program, cdk_environment, in_turn, seconds
from bench.programs import OURS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.programs import Assemblies

NODE, EMPTY = "Node by itself", "the empty stack"
STEPS = {
    "Python starts": "pass",
    "`import constructs`, for which Node starts and loads jsii's kernel": "import constructs",
    "`import aws_cdk`": "import aws_cdk",
    "the ECS modules": CDK,
    EMPTY: f"{CDK}; app = aws_cdk.App(); aws_cdk.Stack(app, 'Bench'); app.synth()",
}
"""Each program does everything that the previous one does, and one step more."""
SIZES = (1, 50)


def floor(assemblies: Assemblies, rounds: int) -> list[Goal]:
    """Measure the steps, and this library's services next to them."""
    environment = {**cdk_environment(), "CDK_OUTDIR": str(assemblies.of("empty", 0))}
    programs = {
        **{
            step: Program(command=[sys.executable, "-c", code], environment=environment) for step, code in STEPS.items()
        },
        NODE: Program(command=["node", "-e", "0"], environment={}),
        **{str(size): assemblies.program(OURS, size) for size in SIZES},
    }
    found = {name: seconds(samples) for name, samples in in_turn(programs, rounds).items()}
    return [described({name: ratio(each, found[EMPTY]) for name, each in found.items()})]


def described(shares: Mapping[str, float]) -> Goal:
    """Return the floor in words.

    Args:
        shares: The time of each program, as a multiple of the empty one's.
    """
    reached = [0.0, *(shares[step] for step in STEPS)]
    steps = [f"{step} {after - before:.0%}" for step, (before, after) in zip(STEPS, pairwise(reached), strict=True)]
    return Goal(
        name="",
        measure="the floor of P1 and P3, a program that imports the same modules of CDK and synthesizes an empty "
        f"stack: where its time goes, and {' and '.join(map(str, SIZES))} services against it",
        goal="none",
        figure=f"{', '.join(steps)} ({NODE} {shares[NODE]:.0%}); services "
        f"{' · '.join(f'{shares[str(size)]:.2f}' for size in SIZES)}",
        met=None,
    )
