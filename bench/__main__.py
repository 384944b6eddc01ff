"""Measure P1 to P12: ``make bench``, or ``python -m bench --only P1,P4``; ``make bench-check`` compares."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.again import GOAL as AGAIN
from bench.again import second_synthesis
from bench.command_help import LONGEST, first_second
from bench.copier import SLOWEST, copies
from bench.deployments import GOAL as DEPLOYMENTS
from bench.deployments import deployments
from bench.figures import regressions
from bench.floor import floor
from bench.goals import Goal, between_markers, table
from bench.growth import growth
from bench.imports import GOAL as IMPORTS
from bench.imports import imports
from bench.layers import layers
from bench.processes import ROOT
from bench.programs import Assemblies
from bench.resting import resting
from bench.suite import suite
from bench.synthesis import P1, Synthesis
from bench.templates import code_changes, rollouts
from bench.tools import SHARE, commands
from bench.versions import versions
from bench.watching import watching

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Points = dict[str, list[tuple[float, float]]]

ALL = ("P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11", "P12")
CHECKED = ("P1", "P2", "P3", "P4", "P5", "P6", "P9", "P11", "P12")
"""All but P7 and P10, whose times vary by more than the tolerance, and P8, which has no ratio. P6 reads templates."""
BASELINE, PAGE, DOCS = ROOT / "bench" / "baseline.json", ROOT / "bench" / "README.md", ROOT / "docs"
TOLERANCE = 0.1


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", default=",".join(ALL), help="goals, separated by commas")
    parser.add_argument("--rounds", type=int, default=9, help="rounds of whole processes (default: 9)")
    parser.add_argument("--deployments", type=int, default=4, help="rounds of P7, half of them backwards (default: 4)")
    parser.add_argument("--copies", type=int, default=4, help="rounds of P10, half of them backwards (default: 4)")
    parser.add_argument("--image", type=int, default=2048, help="MiB of the image of P10 (default: 2048)")
    parser.add_argument("--port", type=int, default=4777, help="port of the embedded AWS of P6, P7 (default: 4777)")
    parser.add_argument("--p8", type=Path, help="JUnit report of 'make test', for its time")
    parser.add_argument("--check", action="store_true", help="compare with the baseline, and write nothing")
    chosen = parser.parse_args(arguments)
    chosen.only = [name.strip().upper() for name in chosen.only.split(",")]
    unknown = sorted(set(chosen.only) - set(ALL))
    if unknown:
        parser.error(f"--only has {', '.join(unknown)}; it takes {', '.join(ALL)}")
    if chosen.check:
        chosen.only = [name for name in chosen.only if name in CHECKED]
    return chosen


def measure(chosen: argparse.Namespace) -> tuple[list[Goal], Points, dict[str, dict[str, float]]]:
    """Measure the chosen goals; return them, the points of the growth, and medians of this machine."""
    points: Points = {}
    found: list[Goal] = []
    with tempfile.TemporaryDirectory() as folder:
        assemblies = Assemblies(Path(folder))
        synthesis = Synthesis(assemblies, chosen.only, chosen.rounds)
        found += synthesis.goals()
        parts: dict[str, Callable[[], list[Goal]]] = {
            "P2": lambda: second_synthesis(assemblies, chosen.rounds),
            "P4": lambda: imports(chosen.rounds) + floor(assemblies, chosen.rounds),
            "P5": lambda: rollouts(assemblies),
            "P6": lambda: code_changes(assemblies) + ([] if chosen.check else layers(chosen.port)),
            "P7": lambda: [*deployments(chosen.port, chosen.deployments), resting(chosen.port), watching(chosen.port)],
            "P8": lambda: suite(chosen.p8),
        }
        for name, part in parts.items():
            if name in chosen.only:
                print(name, file=sys.stderr, flush=True)
                found += part()
        if "P9" in chosen.only:
            goals, points = growth(assemblies, chosen.rounds)
            found += goals
        if "P10" in chosen.only:
            print("P10", file=sys.stderr, flush=True)
            found += copies(chosen.copies, chosen.image)
        if "P11" in chosen.only:
            print("P11", file=sys.stderr, flush=True)
            found += commands(assemblies, chosen.rounds)
        if "P12" in chosen.only:
            print("P12", file=sys.stderr, flush=True)
            found += first_second(chosen.rounds)
    return found, points, synthesis.medians()


def ratios_of(goals: Sequence[Goal]) -> dict[str, float]:
    """Return the values with which a later run is compared."""
    return {name: round(value, 4) for goal in goals for name, value in goal.ratios.items()}


def bars_of(ratios: dict[str, float]) -> list[tuple[str, float, float]]:
    """Return the ratios that the chart shows, with their goals."""
    shown = {
        "P1 1": ("1 service, by hand", P1),
        "P1 50": ("50 services, by hand", P1),
        "P2": ("second synthesis, first", AGAIN),
        "P4": ("import", IMPORTS),
        "P7 first": ("first deployment, bare pattern", DEPLOYMENTS),
        "P7 code change": ("code change, bare pattern", DEPLOYMENTS),
        "P7 no change": ("no change, bare pattern", DEPLOYMENTS),
        "P10 time": ("copy of an image, skopeo", SLOWEST),
        "P11 doctor": ("doctor, cfn-lint", SHARE),
        "P12 --help": ("help, its imports", LONGEST),
    }
    return [(label, ratios[name], goal) for name, (label, goal) in shown.items() if name in ratios]


def check(ratios: dict[str, float], again: Callable[[list[str]], dict[str, float]]) -> int:
    """Compare with the committed baseline; a ratio has to be worse twice, because a machine has slow minutes.

    Args:
        ratios: The measured ratios.
        again: Measures goals once more.
    """
    before: dict[str, float] = json.loads(BASELINE.read_text(encoding="utf-8"))["ratios"]
    worse = regressions(before, ratios, TOLERANCE)
    if worse:
        print("\n".join(["measured again:", *worse.values()]), flush=True)
        second = again(sorted({name.split()[0] for name in worse}))
        worse = regressions(before, {name: min(ratios[name], second[name]) for name in worse}, TOLERANCE)
    print("\n".join(worse.values()) or f"no ratio is more than {TOLERANCE:.0%} above the baseline")
    return 1 if worse else 0


def write(goals: Sequence[Goal], points: Points) -> None:
    """Write table, baseline and chart; the baseline keeps its values for goals that were not measured."""
    from bench.chart import draw  # noqa: PLC0415 - matplotlib, which checks do without

    before = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.is_file() else {}
    kept: dict[str, Any] = {
        "versions": versions(),
        "ratios": {**before.get("ratios", {}), **ratios_of(goals)},
        "goals": {**before.get("goals", {}), **_rows(goals)},
        "growth": points or before.get("growth", {}),
    }
    BASELINE.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    rows = [Goal(**row) for _, row in sorted(kept["goals"].items(), key=_by_number)]
    said = ", ".join(f"{name} {version}" for name, version in kept["versions"].items())
    page = between_markers(PAGE.read_text(encoding="utf-8"), "table", f"{table(rows)}\n\nMeasured on: {said}.")
    PAGE.write_text(page, encoding="utf-8")
    draw(bars_of(kept["ratios"]), kept["growth"], DOCS)


def _by_number(named: tuple[str, object]) -> tuple[int, str]:
    """Sort P10 after P9."""
    number, _, beside = named[0].removeprefix("P").partition(" ")
    return int(number), beside


def _rows(goals: Sequence[Goal]) -> dict[str, dict[str, object]]:
    """Return the table's rows by a name that sorts; a row without a goal follows the one before it."""
    found: dict[str, dict[str, object]] = {}
    last = ""
    for goal in goals:
        last = goal.name or f"{last} beside"
        found[last] = {
            "name": goal.name,
            "measure": goal.measure,
            "goal": goal.goal,
            "figure": goal.figure,
            "met": goal.met,
        }
    return found


def _narrowed(chosen: argparse.Namespace, only: list[str]) -> argparse.Namespace:
    return argparse.Namespace(**{**vars(chosen), "only": only})


def main() -> int:
    """Measure, print, and write or compare."""
    chosen = options()
    goals, points, medians = measure(chosen)
    print(table(goals))
    if medians:
        print(json.dumps(medians, indent=2), file=sys.stderr)
    if chosen.check:
        return check(ratios_of(goals), lambda only: ratios_of(measure(_narrowed(chosen, only))[0]))
    write(goals, points)
    return 0


if __name__ == "__main__":
    sys.exit(main())
