"""P7: ``cdk deploy`` on the embedded AWS, compared with the bare pattern on the same one."""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from bench.embedded import App, Deployment
from bench.figures import ratio
from bench.goals import Goal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PHASES = ("first", "code change", "no change")
PROGRAMS = ("ours", "direct", "handwritten", "bare")
PARTS = ("start", "synthesis", "assets", "stacks")
GOAL = 1.15
_SETTLES = 10
"""Seconds to wait before a phase, so that the tasks that the previous phase's last deployment stops have ended."""

Found: TypeAlias = "Mapping[tuple[str, str], Sequence[Deployment]]"


def deployments(port: int, rounds: int) -> list[Goal]:
    """Deploy each program three times per round, in turn; every round has its own embedded AWS.

    Its repositories share layers, which ``RegistrySettings`` sets once for a registry: a new repository then gets the
    base image from one that has it. The bare pattern's repository has the base image from the start.

    The hand-written program has an embedded AWS of its own, so that its copy function was not packed before either.
    """
    found: dict[tuple[str, str], list[Deployment]] = {(name, phase): [] for name in PROGRAMS for phase in PHASES}
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
            apps: dict[str, App] = {}
            for names, at in ((("ours", "direct", "bare"), port), (("handwritten",), port + 1)):
                app = App(Path(folder) / str(at), at)
                for name in ("warm", *names):
                    app.add(name)
                    apps[name] = app
                running.callback(app.local, "warm", "down")
                app.local("warm", "up")
                app.deploy("sharing")
            for phase in PHASES:
                time.sleep(_SETTLES)
                for name in PROGRAMS if number % 2 == 0 else reversed(PROGRAMS):
                    if phase == "code change":
                        apps[name].edit(name)
                    found[name, phase].append(apps[name].deploy(name))
                    _say(f"  {name}, {phase}: {found[name, phase][-1].seconds:.1f} s")
    _say(seconds_table(found))
    return [times(found)]


def times(found: Found) -> Goal:
    """Return P7."""
    ratios, direct, by_hand = (
        {phase: ratio(_seconds(found[name, phase]), _seconds(found["bare", phase])) for phase in PHASES}
        for name in ("ours", "direct", "handwritten")
    )
    return Goal(
        name="P7",
        measure="`cdk deploy` on the embedded AWS: first, code change, no change, against the bare pattern on the "
        "same one",
        goal=f"≤ {GOAL} each",
        figure=f"copy {_listed(ratios)}; direct {_listed(direct)}; "
        f"the resources of the copy, written by hand, {_listed(by_hand)}",
        met=all(each <= GOAL for each in (*ratios.values(), *direct.values())),
        ratios={
            **{f"P7 {phase}": each for phase, each in ratios.items()},
            **{f"P7 direct, {phase}": each for phase, each in direct.items()},
        },
    )


def seconds_table(found: Found) -> str:
    """Print where the seconds go, as the command line reports them: medians, one line per program and phase."""
    rows = [
        f"| {phase}, {name} | {' | '.join(_median(found[name, phase], part) for part in ('seconds', *PARTS))} |"
        for phase in PHASES
        for name in PROGRAMS
    ]
    return "\n".join([f"| | all | {' | '.join(PARTS)} |", f"|---|{'---:|' * (1 + len(PARTS))}", *rows])


def _median(deployed: Sequence[Deployment], part: str) -> str:
    return f"{statistics.median(float(getattr(each, part)) for each in deployed):.2f}"


def _seconds(deployed: Sequence[Deployment]) -> list[float]:
    return [each.seconds for each in deployed]


def _listed(ratios: Mapping[str, float]) -> str:
    return " · ".join(f"{ratios[phase]:.2f}" for phase in PHASES)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
