"""The suite behind ``pytest --aws``, for real, with the smallest example: deployed, asked, compared, deleted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_an_example_on_the_embedded_aws_answers_as_recorded(tmp_path: Path) -> None:
    options = ["--aws=embedded", "--aws-examples=retention", f"--aws-report={tmp_path}"]
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "no:cacheprovider", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    [example] = report["examples"].values()
    assert example["left"] == example["problems"] == example["differences"] == []
    assert example["answers"]["repositories"]["Repo02AC86CF"]["preview"]["status"] == "COMPLETE"
    assert set(report["totals"]) == {"deployment", "removal", "repositories", "stack events", "templates"}
    assert {verdict for each in report["totals"].values() for verdict in each} == {"equal"}
    assert "1 passed" in done.stdout
