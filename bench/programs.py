"""The programs that are measured: this library and its peers, for any number of services."""

from __future__ import annotations

import collections
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.processes import ROOT, Program, cdk_environment

if TYPE_CHECKING:
    from pathlib import Path

TYPESCRIPT = ROOT / "bench" / "typescript"

OURS, HANDWRITTEN, SHARED, BARE = "ours", "handwritten", "shared", "bare"
TWIN, BARE_TWIN = "twin", "bare twin"
SOLUTION = "solutions constructs"


def solutions_python() -> Path:
    """The Python that has AWS Solutions Constructs."""
    return ROOT / ".venv" / "solutions-constructs" / "bin" / "python"


@dataclass(frozen=True)
class Assemblies:
    """Where the programs write."""

    folder: Path

    def of(self, name: str, services: int) -> Path:
        """The cloud assembly of a program."""
        return self.folder / f"{name.replace(' ', '-')}-{services}"

    def program(self, name: str, services: int) -> Program:
        """A program and its environment."""
        environment = {**cdk_environment(), "CDK_OUTDIR": str(self.of(name, services))}
        if name in {TWIN, BARE_TWIN}:
            script = str(TYPESCRIPT / f"{name.replace(' ', '-')}.js")
            return Program(command=["node", script, str(services)], environment=environment)
        python = sys.executable
        if name == SOLUTION:
            python = str(solutions_python())
        module = f"bench.peers.{name.replace(' ', '_')}"
        return Program(command=[python, "-m", module, str(services)], environment=environment)

    def template(self, name: str, services: int) -> dict[str, Any]:
        """What it wrote."""
        file = self.of(name, services) / "Bench.template.json"
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found

    def size(self, name: str, services: int) -> int:
        """Bytes of its template."""
        return (self.of(name, services) / "Bench.template.json").stat().st_size

    def types(self, name: str, services: int) -> collections.Counter[str]:
        """How many resources of each type it makes."""
        return collections.Counter(item["Type"] for item in self.template(name, services)["Resources"].values())


def check_same(one: collections.Counter[str], other: collections.Counter[str], names: str) -> None:
    """Refuse to compare programs that make different things.

    Raises:
        RuntimeError: They do.
    """
    if one != other:
        raise RuntimeError(f"{names} make different resources: {dict(one - other)} and {dict(other - one)}")
