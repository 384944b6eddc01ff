"""P11: the commands that read a cloud assembly, next to cfn-lint on the same templates."""

from __future__ import annotations

import json
import statistics
import sys
from typing import TYPE_CHECKING

from bench.figures import ratio
from bench.goals import Goal
from bench.processes import Program, cpu, in_turn, run
from bench.programs import APART

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.processes import Sample
    from bench.programs import Assemblies

COMMANDS = ("doctor", "cost", "diagram")
SHARE, SECONDS = 0.05, 10
SERVICES, MANY = 50, 650
_PEER = "cfn-lint"
_ROUNDS = 3
"""cfn-lint takes half a minute."""


def commands(assemblies: Assemblies, rounds: int) -> list[Goal]:
    """Measure the commands and cfn-lint in turn, and then the commands on an app of more than 10,000 resources."""
    programs = _commands(_synthesized(assemblies, SERVICES), assemblies.folder)
    templates = [str(file) for file in _templates(assemblies, SERVICES)]
    lint = Program(command=[_script(_PEER), "--non-zero-exit-code", "none", "--", *templates], environment={})
    pairs = in_turn({**programs, _PEER: lint}, min(rounds, _ROUNDS))
    many = in_turn(_commands(_synthesized(assemblies, MANY), assemblies.folder), 1)
    return [
        described(
            pairs,
            {name: statistics.median(cpu(many[name])) for name in COMMANDS},
            [_resources(assemblies, services) for services in (SERVICES, MANY)],
        )
    ]


def described(pairs: dict[str, list[Sample]], many: dict[str, float], resources: Sequence[int]) -> Goal:
    """Return P11 in words, in CPU time: other work on the machine slows the short programs more than the long one.

    Args:
        pairs: The samples of the commands and of cfn-lint, by name.
        many: Seconds of CPU time on the large app, by command.
        resources: Number of resources of both apps.
    """
    shares = {name: ratio(cpu(pairs[name]), cpu(pairs[_PEER])) for name in COMMANDS}
    small, large = resources
    return Goal(
        name="P11",
        measure=f"`ecr-fargate {'`, `'.join(COMMANDS)}` on {small} resources in two stacks, against `cfn-lint` on the "
        f"same templates; on {large:,} resources",
        goal=f"CPU time ≤ {SHARE:.2f} each; ≤ {SECONDS} s each",
        figure=f"{_list(shares, '.3f')}; {_list(many, '.1f')} s",
        met=all(share <= SHARE for share in shares.values()) and all(each <= SECONDS for each in many.values()),
        ratios={f"P11 {name}": share for name, share in shares.items()},
    )


def _list(values: dict[str, float], form: str) -> str:
    return " · ".join(format(values[name], form) for name in COMMANDS)


def _commands(app: Path, folder: Path) -> dict[str, Program]:
    script = _script("ecr-fargate")
    return {
        name: Program(command=[script, name, str(app), "--output", str(folder / f"{name}.svg")], environment={})
        for name in COMMANDS
    }


def _script(name: str) -> str:
    return f"{sys.prefix}/bin/{name}"


def _synthesized(assemblies: Assemblies, services: int) -> Path:
    run(assemblies.program(APART, services))
    return assemblies.of(APART, services)


def _templates(assemblies: Assemblies, services: int) -> list[Path]:
    return sorted(assemblies.of(APART, services).glob("*.template.json"))


def _resources(assemblies: Assemblies, services: int) -> int:
    texts = (file.read_text(encoding="utf-8") for file in _templates(assemblies, services))
    return sum(len(json.loads(text)["Resources"]) for text in texts)
