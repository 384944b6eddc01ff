"""P1 and P3: synthesis of one and of many services, compared with the peers in the same run."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from bench.figures import ratio
from bench.goals import Goal
from bench.messages import each_service
from bench.processes import at_once, cpu, in_turn, seconds
from bench.programs import BARE, BARE_TWIN, HANDWRITTEN, OURS, SOLUTION, TWIN, check_same, solutions_python

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.processes import Program, Sample
    from bench.programs import Assemblies

Key = tuple[str, int]
MANY = 50
P1, MESSAGES = 1.00, 74
P3 = [(OURS, MANY), (TWIN, MANY), (HANDWRITTEN, MANY), (BARE, MANY), (BARE_TWIN, MANY)]
PEER = [(OURS, 1), (SOLUTION, 1), (OURS, MANY), (SOLUTION, MANY)]


class Synthesis:
    """P1's pairs run at the same time, because they take equally long; each other program runs once per round."""

    def __init__(self, assemblies: Assemblies, wanted: Sequence[str], rounds: int) -> None:
        """Measure the programs that the chosen goals need."""
        peer = PEER if solutions_python().is_file() else []
        keys = dict.fromkeys(key for name, needed in (("P1", peer), ("P3", P3)) if name in wanted for key in needed)
        self._wanted = wanted
        self._assemblies = assemblies
        self._pairs: dict[int, Mapping[str, Sequence[Sample]]] = {
            count: at_once(self._programs([(OURS, count), (HANDWRITTEN, count)]), rounds)
            for count in (1, MANY)
            if "P1" in wanted
        }
        self._samples = in_turn(self._programs(keys), rounds) if keys else {}

    def goals(self) -> list[Goal]:
        """Return the measured goals."""
        makers = {"P1": self._p1, "P3": self._p3}
        return [goal for name, maker in makers.items() if name in self._wanted for goal in maker()]

    def medians(self) -> dict[str, dict[str, float]]:
        """Return seconds and MiB of each program, for the chart of one run: every machine has others."""
        return {
            name: {
                "seconds": round(statistics.median(seconds(samples)), 3),
                "cpu": round(statistics.median(cpu(samples)), 3),
                "memory": round(statistics.median(sample.memory for sample in samples), 1),
            }
            for name, samples in self._samples.items()
        }

    def _p1(self) -> list[Goal]:
        for count in (1, MANY):
            ours, other = (self._assemblies.types(name, count) for name in (OURS, HANDWRITTEN))
            check_same(ours, other, f"{OURS} and {HANDWRITTEN}")
        resources = sum(self._assemblies.types(OURS, MANY).values())
        found = [_ratio(pair, (OURS, count), (HANDWRITTEN, count)) for count, pair in self._pairs.items()]
        messages, by_hand = (sum(each_service(name).values()) for name in (OURS, HANDWRITTEN))
        made = [
            Goal(
                name="P1",
                measure=f"synthesis, 1 and {MANY} services, against hand-written L2 code that makes the same "
                f"{resources} resources",
                goal=f"≤ {P1:.2f}; ≤ {MESSAGES} messages a service",
                figure=" · ".join(f"{wall:.2f} (CPU time {used:.2f})" for wall, used in found)
                + f"; {messages:g} messages a service, by hand {by_hand:g}",
                met=all(wall <= P1 for wall, _ in found) and messages <= MESSAGES,
                ratios={
                    **{f"P1 {count}": wall for count, (wall, _) in zip((1, MANY), found, strict=True)},
                    "P1 messages": messages,
                },
            )
        ]
        return [*made, self._solutions()] if _name((SOLUTION, 1)) in self._samples else made

    def _solutions(self) -> Goal:
        peers = [_ratio(self._samples, (OURS, count), (SOLUTION, count)) for count in (1, MANY)]
        return Goal(
            name="",
            measure=f"1 and {MANY} services, against aws-solutions-constructs.aws-alb-fargate, which makes no "
            "repository, no image and no alarm",
            goal="none",
            figure=" · ".join(f"{wall:.2f} (CPU time {used:.2f})" for wall, used in peers),
            met=None,
        )

    def _p3(self) -> list[Goal]:
        for name in (OURS, HANDWRITTEN):
            check_same(
                self._assemblies.types(name, MANY), self._assemblies.types(TWIN, MANY), f"{name} and the TypeScript"
            )
        wall, used = _ratio(self._samples, (OURS, MANY), (TWIN, MANY))
        by_hand, _ = _ratio(self._samples, (HANDWRITTEN, MANY), (TWIN, MANY))
        bare, _ = _ratio(self._samples, (BARE, MANY), (BARE_TWIN, MANY))
        return [
            Goal(
                name="P3",
                measure=f"{MANY} services, against the same program in TypeScript",
                goal="none",
                figure=f"{wall:.2f} (CPU time {used:.2f}); hand-written Python {by_hand:.2f}, bare pattern to bare "
                f"pattern {bare:.2f}",
                met=None,
                ratios={"P3": wall},
            )
        ]

    def _programs(self, keys: Iterable[Key]) -> dict[str, Program]:
        return {_name(key): self._assemblies.program(*key) for key in keys}


def _ratio(samples: Mapping[str, Sequence[Sample]], one: Key, other: Key) -> tuple[float, float]:
    """Return the ratios of wall times and of CPU times."""
    ours, theirs = samples[_name(one)], samples[_name(other)]
    return ratio(seconds(ours), seconds(theirs)), ratio(cpu(ours), cpu(theirs))


def _name(key: Key) -> str:
    return f"{key[0]}, {key[1]}"
