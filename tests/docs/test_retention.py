"""The picture and the example in docs/retention.md are what the command and the example give."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from ecr_fargate_constructs.cli import retention as retention_cli
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def _example() -> Any:  # noqa: ANN401 - a module
    spec = importlib.util.spec_from_file_location("retention_example", ROOT / "examples" / "retention.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_is_up_to_date(tmp_path: Path) -> None:
    policy, picture = tmp_path / "policy.json", tmp_path / "plan.svg"
    policy.write_text(_example().retention.protect(["stable"]).policy_text(), encoding="utf-8")
    images = str(ROOT / "examples" / "retention-images.json")
    arguments = ["simulate", "--policy", str(policy), "--images", images, "--at", "2026-06-01", "--svg", str(picture)]
    result = CliRunner().invoke(retention_cli.retention, arguments)
    assert result.exit_code == 0, result.output
    assert "33 kept, 4 archived, 19 expired" in result.output
    assert picture.read_text(encoding="utf-8") == (ROOT / "docs" / "retention.svg").read_text(encoding="utf-8")


def test_the_example_explains_what_expires() -> None:
    expired = _example().explain().splitlines()
    assert len(expired) == 5
    assert expired[0] == "release-4: expired because of rule 1 (expire images tagged release-* beyond the newest 20)"
