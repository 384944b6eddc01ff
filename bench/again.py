"""P2: a second synthesis in a process that has imported CDK, compared with the first one in that process."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.goals import Goal
from bench.processes import Program, run
from bench.programs import HANDWRITTEN, OURS

if TYPE_CHECKING:
    from bench.programs import Assemblies

GOAL = 0.20


def second_synthesis(assemblies: Assemblies, rounds: int) -> list[Goal]:
    """Measure one service of this library and a hand-written one, in turn."""
    found: dict[str, list[float]] = {OURS: [], HANDWRITTEN: []}
    for number in range(rounds + 1):
        for name in list(found)[:: -1 if number % 2 else 1]:
            share = _share(assemblies, name)
            if number:  # the first round warms the disk cache
                found[name].append(share)
    ours, by_hand = (statistics.median(found[name]) for name in (OURS, HANDWRITTEN))
    return [
        Goal(
            name="P2",
            measure="the second synthesis of a service in a process, as in `watch` and pytest, against the first, "
            "which imports CDK",
            goal=f"≤ {GOAL:.2f}",
            figure=f"{ours:.2f}; by hand {by_hand:.2f}",
            met=ours <= GOAL,
            ratios={"P2": ours},
        )
    ]


def _share(assemblies: Assemblies, name: str) -> float:
    """Return the time of the second synthesis as a share of the first."""
    with tempfile.TemporaryDirectory() as folder:
        times = Path(folder) / "times"
        environment = {**assemblies.program(name, 1).environment, "BENCH_TIMES": str(times)}
        run(Program(command=[sys.executable, "-m", "bench.peers.twice", name, "1"], environment=environment))
        first, second = json.loads(times.read_text(encoding="utf-8"))
    share = float(second / first)
    print(f"  {name}: {first:.2f} s, then {second:.2f} s", file=sys.stderr, flush=True)
    return share
