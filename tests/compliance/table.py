"""The table of ``docs/compliance.md``: what rule packs, checkov and the reliability conditions say of three programs.

``python -m tests.compliance.table`` prints it; ``--write`` puts it into the document. checkov has hundreds of pinned
dependencies and so an environment of its own, ``.checkov``, made when it is first needed (300 MB, a minute); without
``--checkov`` its row stays as it is in the document.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("CDK_VALIDATION", "false")  # packs are what counts here

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns

from tests.compliance import packs
from tests.compliance.promises import CONDITIONS, holds, merged
from tests.support import ROOT, example_apps

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENT = ROOT / "docs" / "compliance.md"
CHECKOV = "3.3.30"
BEGIN, END = "<!-- tests/compliance/table.py writes this -->", "<!-- until here -->"
_HEAD = ["| | the bare pattern | STANDARD | REGULATED |", "|---|---|---|---|"]
_CHECKOV_ROW = "checkov"


def _bare(outdir: Path) -> cdk.App:
    """What ``examples/three_lines.py`` does, by CDK's own pattern with its own defaults."""
    app = cdk.App(outdir=str(outdir), context={"@aws-cdk/core:failSynthOnValidationErrors": False})
    ecs_patterns.ApplicationLoadBalancedFargateService(
        cdk.Stack(app, "Web"),
        "Web",
        task_image_options=ecs_patterns.ApplicationLoadBalancedTaskImageOptions(
            image=ecs.ContainerImage.from_asset(str(ROOT / "app")), container_port=8080
        ),
    )
    return app


def _example(name: str) -> Callable[[Path], cdk.App]:
    return lambda outdir: example_apps.build(ROOT / "examples" / f"{name}.py", outdir)


PROGRAMS: tuple[Callable[[Path], cdk.App], ...] = (_bare, _example("three_lines"), _example("regulated"))


def rows(programs: list[Path]) -> dict[str, list[str]]:
    """The rows that need no checkov, by their names; assemblies are left in the folders."""
    checked = [packs.check(make(outdir), outdir) for make, outdir in zip(PROGRAMS, programs, strict=True)]
    table = {}
    for name in packs.NAMES:
        cells = []
        for each in checked:
            open_ = {finding for finding in each.found if finding[1].startswith(f"{name}::")}
            acknowledged = {finding for finding in each.suppressed if finding[1].startswith(f"{name}::")}
            cells.append(f"{len(open_ | acknowledged)} / {len(acknowledged)}")
        table[f"cdk-nag {name}"] = cells
    kept = [sum(holds(condition, _template(outdir)) for condition in CONDITIONS.values()) for outdir in programs]
    table["reliability conditions kept"] = [f"{number} of {len(CONDITIONS)}" for number in kept]
    return table


def _template(outdir: Path) -> dict[str, Any]:
    return merged({file.name: json.loads(file.read_text(encoding="utf-8")) for file in outdir.glob("*.template.json")})


def checkov_row(programs: list[Path]) -> list[str]:
    """The row of checkov."""
    cells = []
    for outdir in programs:
        failed, skipped = _checkov(outdir)
        for file in outdir.glob("*.template.json"):
            template = json.loads(file.read_text(encoding="utf-8"))
            for resource in template["Resources"].values():
                resource.get("Metadata", {}).pop("checkov", None)
            file.write_text(json.dumps(template), encoding="utf-8")
        found, _ = _checkov(outdir)
        if found != failed + skipped:
            raise SystemExit(f"checkov finds {found} without acknowledgements, and {skipped} were for {failed} others")
        cells.append(f"{found} / {skipped}")
    return cells


def _checkov(outdir: Path) -> tuple[int, int]:
    tool = ROOT / ".checkov" / "bin" / "checkov"
    if not tool.exists():
        venv.create(tool.parent.parent, with_pip=True)
        _run(str(tool.parent / "pip"), "install", "--quiet", f"checkov=={CHECKOV}")
    files = [word for file in sorted(outdir.glob("*.template.json")) for word in ("--file", str(file))]
    output = _run(
        str(tool), *files, "--framework", "cloudformation", "--skip-download", "--soft-fail", "--output", "json"
    )
    summary = json.loads(output)["summary"]
    return summary["failed"], summary["skipped"]


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - programs of ours


def render(table: dict[str, list[str]]) -> str:
    """The table in Markdown."""
    lines = [f"| {name} | {' | '.join(cells)} |" for name, cells in table.items()]
    return "\n".join([*_HEAD, *lines])


def committed() -> dict[str, list[str]]:
    """The table that the document has."""
    text = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    lines = [line.strip("|").split("|") for line in text.strip().splitlines()[len(_HEAD) :]]
    return {name.strip(): [cell.strip() for cell in cells] for name, *cells in lines}


def main(*options: str) -> None:
    """Print the table, or write it."""
    with tempfile.TemporaryDirectory() as folder:
        programs = [Path(folder) / str(number) for number in range(len(PROGRAMS))]
        table = rows(programs)
        known = committed().get(_CHECKOV_ROW, ["?"] * len(PROGRAMS))
        last = table.popitem()
        table[_CHECKOV_ROW] = checkov_row(programs) if "--checkov" in options else known
        table |= dict([last])
    print(render(table))
    if "--write" in options:
        before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        DOCUMENT.write_text(f"{before}{BEGIN}\n\n{render(table)}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
