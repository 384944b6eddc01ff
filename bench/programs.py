"""The measured programs: this library and its peers, for any number of services."""

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

OURS, HANDWRITTEN, SHARED, APART, BARE = "ours", "handwritten", "shared", "apart", "bare"
TWIN, BARE_TWIN = "twin", "bare twin"
SOLUTION = "solutions constructs"


def solutions_python() -> Path:
    """Return the Python interpreter that has AWS Solutions Constructs."""
    return ROOT / ".venv" / "solutions-constructs" / "bin" / "python"


@dataclass(frozen=True)
class Assemblies:
    """The folder in which the programs write."""

    folder: Path

    def of(self, name: str, services: int) -> Path:
        """Return the cloud assembly of a program."""
        return self.folder / f"{name.replace(' ', '-')}-{services}"

    def program(self, name: str, services: int) -> Program:
        """Return a program and its environment."""
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
        """Return the template that a program wrote."""
        file = self.of(name, services) / "Bench.template.json"
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found

    def size(self, name: str, services: int) -> int:
        """Return the size of its template in bytes."""
        return (self.of(name, services) / "Bench.template.json").stat().st_size

    def types(self, name: str, services: int) -> collections.Counter[str]:
        """Return the number of resources of each type that it creates."""
        return collections.Counter(item["Type"] for item in self.template(name, services)["Resources"].values())


def check_same(one: collections.Counter[str], other: collections.Counter[str], names: str) -> None:
    """Refuse to compare programs that create different resources.

    Raises:
        RuntimeError: They create different resources.
    """
    if one != other:
        raise RuntimeError(f"{names} make different resources: {dict(one - other)} and {dict(other - one)}")
