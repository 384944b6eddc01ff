"""The table of bad inputs: what CDK makes of each, and what this library does.

``python -m tests.bad_input.table`` gives every input to both, and writes ``docs/bad-input.md``.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

os.environ["CDK_VALIDATION"] = "false"  # its rules are read in this process

from tests.bad_input.case import Case, Passes, Warned
from tests.bad_input.running import CASES, CRASHED, NOTHING, RAISES, SILENT, WARNS, cell_of, run_bare, run_ours
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = ROOT / "docs" / "bad-input.md"
_ROW = re.compile(r"^\| (?P<what>.+?) \| (?P<bare>.+?) \| (?P<ours>.+) \|$")
_HEAD = """\
# Bad input

This page shows what happens to inputs that cannot work or that will cause trouble later. It compares CDK's own
constructs (`ApplicationLoadBalancedFargateService`, `DockerImageAsset`, `ecr.Repository`, `elbv2`, `ec2.Vpc`) with this
library (the column "Here"). In this library:

- An input that cannot work is a `ConfigurationError` in the constructor, with the path of the construct, the option,
  the value, what is allowed and the fix. Nothing is left in the tree.
- An input that may cause trouble is a warning with an id, which you can acknowledge with
  `cdk.Annotations.of(…).acknowledge_warning(id)`.
- A value that only the deployment knows (a CDK token) passes. If CDK has to know it earlier, an error says so.

`python -m tests.bad_input.table` gives each input in `tests/bad_input/` to both and writes this page;
`tests/bad_input/test_table.py` compares this library with its column. "Warns at synth" means CloudFormation's
validation, which CDK runs by default: the deployment continues. The table also has correct inputs, which have to pass.
"""


def key_of(case: Case) -> tuple[str, str]:
    """Where a case stands on the page."""
    return case.family, case.what


def page(bare: Mapping[tuple[str, str], str], ours: Mapping[tuple[str, str], str]) -> str:
    """The page, from what either did."""
    parts = [_HEAD, *_summary(bare)]
    for family in dict.fromkeys(case.family for case in CASES):
        parts += ["", f"## {family}", "", "| Input | CDK | Here |", "|---|---|---|"]
        for case in CASES:
            if case.family == family:
                parts.append(f"| {case.what} | {bare[key_of(case)]} | {ours[key_of(case)]} |")
    return "\n".join(parts) + "\n"


def recorded(text: str) -> dict[tuple[str, str], str]:
    """What the page says that CDK does."""
    found, family = {}, ""
    for line in text.splitlines():
        if line.startswith("## "):
            family = line.removeprefix("## ")
        elif (row := _ROW.match(line)) and family and not line.startswith(("| Input |", "|---")):
            found[family, row["what"]] = row["bare"]
    return found


def _summary(bare: Mapping[tuple[str, str], str]) -> list[str]:
    wrong = [case for case in CASES if not isinstance(case.expected, Passes)]
    theirs = Counter(_kind(bare[key_of(case)]) for case in wrong)
    warned = sum(isinstance(case.expected, Warned) for case in wrong)
    return [
        f"{len(CASES)} inputs, of which {len(wrong)} are wrong or hazardous:",
        "",
        "| | CDK | Here |",
        "|---|---|---|",
        f"| refused | {theirs[RAISES]} | {len(wrong) - warned} |",
        f"| warned of | {theirs[WARNS]} | {warned} |",
        f"| accepted silently | {theirs[SILENT]} | 0 |",
        f"| not available | {theirs[NOTHING]} | |",
    ]


def _kind(cell: str) -> str:
    return next(kind for kind in (RAISES, WARNS, SILENT, NOTHING) if cell.startswith(kind))


def _bare(number: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return run_bare(CASES[number], Path(folder))


def _ours(number: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return cell_of(CASES[number], run_ours(CASES[number], Path(folder)))


def main() -> int:
    """Run both sides and write the page."""
    bare, ours = {}, {}
    pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))
    for number, case in enumerate(CASES):
        bare[key_of(case)] = pool.submit(_bare, number).result()
        if bare[key_of(case)].startswith(CRASHED):  # Node is gone, and with it this process's CDK
            pool.shutdown()
            pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))
        ours[key_of(case)] = _ours(number)
    pool.shutdown()
    PAGE.write_text(page(bare, ours), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
