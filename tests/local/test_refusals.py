"""What is refused of an app, and the commands that it is answered with; what is noted of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local import notes, refusals
from ecr_fargate_constructs.local.instance import Instance
from ecr_fargate_constructs.tools.assembly import stacks as assembly
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence

INSTANCE = Instance(Path.cwd(), 4600, "000000004600", "us-east-1")


def _assembly(folder: Path, stacks: dict[str, dict[str, Any]], assets: dict[str, Any] | None = None) -> Path:
    folder.mkdir()
    artifacts: dict[str, Any] = {"Assets": {"type": "cdk:asset-manifest", "properties": {"file": "assets.json"}}}
    for name, more in stacks.items():
        identifier = name.replace("/", "")
        template = {"Resources": more.pop("resources", {})}
        (folder / f"{identifier}.json").write_text(json.dumps(template), encoding="utf-8")
        artifacts[identifier] = {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "displayName": name,
            "properties": {"templateFile": f"{identifier}.json"},
            **more,
        }
    (folder / "assets.json").write_text(json.dumps(assets or {}), encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}), encoding="utf-8")
    return folder


def _in(account: str, region: str = "eu-west-1", **more: object) -> dict[str, Any]:
    return {"environment": f"aws://{account}/{region}", **more}


def _refused(folder: Path, names: Sequence[str] = (), *, running: bool = False) -> ToolError:
    with pytest.raises(ToolError) as caught:
        refusals.refuse_other_environments(folder, names, INSTANCE, running=running)
    return caught.value


def test_an_unknown_stack_lists_those_that_there_are(tmp_path: Path) -> None:
    folder = _assembly(tmp_path / "out", {"Web": {}, "Dev/Shop": {}})
    refusals.refuse_unknown(folder, ["Web", "Dev/*"])
    with pytest.raises(ToolError, match="the app has no stack Shop, Wep") as caught:
        refusals.refuse_unknown(folder, ["Shop", "Web", "Wep"])
    assert caught.value.fix == "name one of its stacks: Web, Dev/Shop"


def test_an_app_for_one_other_account_gets_the_command_that_works(tmp_path: Path) -> None:
    folder = _assembly(tmp_path / "out", {"Shop": _in("222222222222"), "Base": _in("222222222222")})
    error = _refused(folder)
    assert "Shop, Base for account 222222222222 in eu-west-1" in error.cause
    assert error.fix == "run 'ecr-fargate local up --port 4600 --account 222222222222 --region eu-west-1'"
    error = _refused(folder, running=True)
    assert str(error.fix).endswith("--region eu-west-1', after 'ecr-fargate local down --port 4600'")
    there = Instance(Path.cwd(), 4600, "222222222222", "eu-west-1")
    refusals.refuse_other_environments(folder, [], there, running=False)


def test_an_app_for_several_accounts_is_deployed_one_at_a_time(tmp_path: Path) -> None:
    folder = _assembly(tmp_path / "out", {"Dev/Shop": _in("222222222222"), "Prod/Shop": _in("333333333333")})
    first = _refused(folder)
    assert first.fix == "run 'ecr-fargate local up Dev/Shop --port 4600 --account 222222222222 --region eu-west-1'"
    named = _refused(folder, ["Prod/Shop"])
    assert named.fix == "run 'ecr-fargate local up Prod/Shop --port 4600 --account 333333333333 --region eu-west-1'"
    prod = Instance(Path.cwd(), 4600, "333333333333", "eu-west-1")
    refusals.refuse_other_environments(folder, ["Prod/Shop"], prod, running=True)
    with pytest.raises(ToolError) as caught:
        refusals.refuse_other_environments(folder, [], prod, running=True)
    assert caught.value.fix == "run 'ecr-fargate local up Prod/Shop --port 4600'", "nothing has to be ended for that"


def test_stacks_of_two_regions_that_depend_on_each_other_have_no_command(tmp_path: Path) -> None:
    folder = _assembly(
        tmp_path / "out",
        {"Edge": _in("222222222222", "us-east-1"), "Web": _in("222222222222", dependencies=["Edge"])},
    )
    assert "the same account and region" in str(_refused(folder, ["Web"]).fix)


def test_stacks_that_leave_it_open_are_everywhere_at_home(tmp_path: Path) -> None:
    refusals.refuse_other_environments(_assembly(tmp_path / "out", {"Web": {}}), [], INSTANCE, running=False)


def test_a_command_has_the_options_that_it_needs_here(tmp_path: Path) -> None:
    usual = Instance(Path.cwd(), 4566, "000000004566", "us-east-1")
    assert refusals.command(usual, "down") == "ecr-fargate local down"
    elsewhere = Instance(tmp_path / "my app", 4600, "000000004600", "us-east-1")
    assert refusals.command(elsewhere, "logs") == f"ecr-fargate local logs --app-dir '{tmp_path}/my app' --port 4600"


def test_warnings_are_found_with_their_construct_once(tmp_path: Path) -> None:
    entries = [
        {"type": "aws:cdk:warning", "data": "careful [ack: a:b]"},
        {"type": "aws:cdk:warning", "data": "careful [ack: a:b]"},
        {"type": "aws:cdk:logicalId", "data": "X"},
    ]
    folder = _assembly(tmp_path / "out", {"Web": {"metadata": {"/Web/Service": entries, "/Web/Other": entries[1:]}}})
    assert notes.warnings(assembly.stacks(folder)) == [
        "[Web/Service] careful [ack: a:b]",
        "[Web/Other] careful [ack: a:b]",
    ]


def test_a_database_is_said_to_be_a_name(tmp_path: Path) -> None:
    resources = {"Db": {"Type": "AWS::RDS::DBInstance"}, "Group": {"Type": "AWS::RDS::DBSubnetGroup"}}
    [note] = notes.notes(assembly.stacks(_assembly(tmp_path / "out", {"Shop": {"resources": resources}})), "docker")
    assert note.startswith("AWS::RDS::DBInstance (Db in Shop) is not emulated")


@pytest.mark.parametrize(
    ("engine", "source", "noted"), [("podman", "cacheTo", 1), ("podman", "x", 0), ("docker", "cacheFrom", 0)]
)
def test_a_build_cache_that_the_engine_cannot_take_is_noted(
    tmp_path: Path, engine: str, source: str, noted: int
) -> None:
    assets = {"dockerImages": {"a": {"source": {"directory": "asset.a", source: [{"type": "registry"}]}}}}
    folder = _assembly(tmp_path / "out", {"Web": {"dependencies": ["Assets"]}}, assets)
    assert len(list(notes.notes(assembly.stacks(folder), engine))) == noted
