"""``ecr-fargate doctor --against``: what an update would do to the traffic that ECS shifts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from ecr_fargate_constructs.cli.main import app
from ecr_fargate_constructs.tools.errors import ToolError
from tests.tools.planting import Copy, copy_of

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

RULE = "WebLBPublicListenerProductionRule"


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["doctor", *(str(argument) for argument in arguments)])


@pytest.fixture
def copy(assemblies: Path, tmp_path: Path) -> Copy:
    """An app whose rule has changed."""
    found = copy_of(assemblies / "blue_green", tmp_path / "cdk.out")
    found.named(RULE)["Priority"] = 7
    found.save()
    return found


def test_a_changed_rule_is_an_error_with_both_values(assemblies: Path, copy: Copy) -> None:
    result = _run(copy.folder, "--against", assemblies / "blue_green")
    assert result.exit_code == 1
    assert "error traffic-rule-changed" in result.output
    assert "Priority: 50000 -> 7" in result.output
    assert _run(copy.folder).exit_code == 0
    assert _run(copy.folder, "--against", copy.folder).exit_code == 0
    ignored = _run(copy.folder, "--against", assemblies / "blue_green", "--ignore", "traffic-rule-changed")
    assert ignored.exit_code == 0


@pytest.mark.parametrize("wrapped", [False, True], ids=["template", "answer of get-template"])
def test_a_template_is_compared_with_the_stack_that_it_is_of(
    assemblies: Path, copy: Copy, tmp_path: Path, *, wrapped: bool
) -> None:
    (file,) = (assemblies / "blue_green").glob("*.template.json")
    old = json.loads(file.read_text(encoding="utf-8"))
    deployed = tmp_path / "deployed.json"
    deployed.write_text(json.dumps({"TemplateBody": old} if wrapped else old), encoding="utf-8")
    assert "Priority: 50000 -> 7" in _run(copy.folder, "--against", deployed).output


def test_tags_of_the_stack_are_a_warning(assemblies: Path, tmp_path: Path) -> None:
    copy = copy_of(assemblies / "blue_green", tmp_path / "cdk.out")
    _tag_stacks(copy, {"release": "2"})
    result = _run(copy.folder, "--against", assemblies / "blue_green")
    assert result.exit_code == 0
    assert "warning traffic-stack-tags-changed" in result.output
    assert "release: absent -> 2" in result.output


def test_what_cannot_be_read_says_why(assemblies: Path, copy: Copy, tmp_path: Path) -> None:
    empty, wrong = tmp_path / "empty.json", tmp_path / "wrong.json"
    empty.write_text("{}", encoding="utf-8")
    wrong.write_text("Resources:\n", encoding="utf-8")
    several = copy_of(assemblies / "shared_load_balancer", tmp_path / "several")
    for app_folder, old, cause in (
        (copy.folder, tmp_path / "nowhere", "neither a folder that 'cdk synth' wrote nor a template"),
        (copy.folder, tmp_path, "holds no synthesized app"),
        (copy.folder, empty, "has no Resources"),
        (copy.folder, wrong, "nor a template in JSON"),
        (several.folder, _template_of(assemblies, tmp_path), "could be the template of any of these stacks"),
    ):
        error = _run(app_folder, "--against", old).exception
        assert isinstance(error, ToolError), old
        assert cause in error.cause
        assert error.fix


def _template_of(assemblies: Path, tmp_path: Path) -> Path:
    (file,) = (assemblies / "blue_green").glob("*.template.json")
    copied = tmp_path / "old.json"
    copied.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    return copied


def _tag_stacks(copy: Copy, tags: dict[str, str]) -> None:
    file = copy.folder / "manifest.json"
    manifest: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    for artifact in manifest["artifacts"].values():
        if artifact["type"] == "aws:cloudformation:stack":
            artifact["properties"]["tags"] = tags
    file.write_text(json.dumps(manifest), encoding="utf-8")
