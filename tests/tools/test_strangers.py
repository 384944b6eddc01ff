"""A ``cdk.out`` of anybody's: no traceback, no hang, nothing that the terminal or a browser obeys."""

from __future__ import annotations

import copy
import json
import os
import time
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from ecr_fargate_constructs._rules.plain_text import plain
from ecr_fargate_constructs.cli import main as cli
from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.cost.bill import bill_of
from ecr_fargate_constructs.tools.cost.egress import egress_costs
from ecr_fargate_constructs.tools.cost.prices import price_table
from ecr_fargate_constructs.tools.cost.report import markdown
from ecr_fargate_constructs.tools.diagram.architecture import scene_of
from ecr_fargate_constructs.tools.diagram.svg import svg
from ecr_fargate_constructs.tools.doctor.diagnosis import diagnose
from ecr_fargate_constructs.tools.errors import ToolError
from tests.tools.planting import copy_of

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "\x1b]52;c;aGVsbG8=\x07\x1b]0;owned\x1b\\\x1b[2J\x00\x9b31m\ud800\u202e<script>[bold]"


def _write(folder: Path, template: object, manifest: dict[str, Any] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "T.template.json"},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest or {"artifacts": {"T": stack}}), encoding="utf-8")
    text = template if isinstance(template, str) else json.dumps(template)
    (folder / "T.template.json").write_text(text, encoding="utf-8")
    return folder


def _read(folder: Path) -> str | None:
    """All that is read of an assembly; what was refused, or None."""
    try:
        app = load(folder)
        diagnose(app)
        drawing = svg(scene_of(app))
        ET.fromstring(drawing)  # noqa: S314 - of ours
        drawing.encode()
        table = price_table()
        markdown(bill_of(app, table), egress_costs(app, table))
    except ToolError as error:
        return error.cause
    return None


def _resources(count: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {}},
        "Gate": {"Type": "AWS::EC2::InternetGateway"},
        "L": {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": {"LoadBalancerArn": {"Ref": "LB"}}},
        "LB": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {"Scheme": "internet-facing", "SecurityGroups": [{"Ref": "G0"}]},
        },
    }
    for n in range(count // 12):
        group = {"TargetGroupArn": {"Ref": f"T{n}"}}
        network = {"Subnets": [{"Ref": f"S{n}"}], "SecurityGroups": [{"Ref": f"G{n}"}]}
        container = {"Name": "web", "Image": {"Fn::Sub": f"1.dkr.ecr.x.amazonaws.com/${{R{n}}}:1"}}
        for name, kind, properties in (
            ("S", "AWS::EC2::Subnet", {"VpcId": {"Ref": "Vpc"}}),
            (
                "A",
                "AWS::EC2::SubnetRouteTableAssociation",
                {"SubnetId": {"Ref": f"S{n}"}, "RouteTableId": {"Ref": f"Q{n}"}},
            ),
            ("Q", "AWS::EC2::RouteTable", {"VpcId": {"Ref": "Vpc"}}),
            (
                "O",
                "AWS::EC2::Route",
                {"RouteTableId": {"Ref": f"Q{n}"}, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "Gate"}},
            ),
            ("T", "AWS::ElasticLoadBalancingV2::TargetGroup", {"TargetType": "ip", "Protocol": "HTTP"}),
            (
                "U",
                "AWS::ElasticLoadBalancingV2::ListenerRule",
                {"ListenerArn": {"Ref": "L"}, "Actions": [{"Type": "forward", **group}]},
            ),
            ("G", "AWS::EC2::SecurityGroup", {"VpcId": {"Ref": "Vpc"}}),
            ("R", "AWS::ECR::Repository", {}),
            (
                "D",
                "AWS::ECS::TaskDefinition",
                {"RequiresCompatibilities": ["FARGATE"], "ContainerDefinitions": [container]},
            ),
            (
                "C",
                "AWS::ECS::Service",
                {
                    "TaskDefinition": {"Ref": f"D{n}"},
                    "LoadBalancers": [{"ContainerName": "web", "ContainerPort": 80, **group}],
                    "NetworkConfiguration": {"AwsvpcConfiguration": network},
                },
            ),
            (
                "X",
                "AWS::ApplicationAutoScaling::ScalableTarget",
                {"ResourceId": {"Fn::Sub": f"service/x/${{C{n}.Name}}"}},
            ),
            (
                "W",
                "AWS::CloudWatch::Alarm",
                {"Dimensions": [{"Value": {"Fn::GetAtt": [f"T{n}", "TargetGroupFullName"]}}]},
            ),
        ):
            found[f"{name}{n}"] = {"Type": kind, "Properties": properties}
    return found


def test_ten_thousand_resources_are_read_in_seconds(tmp_path: Path) -> None:
    folder = _write(tmp_path / "big", {"Resources": _resources(10_000)})
    began = time.perf_counter()
    assert _read(folder) is None
    assert time.perf_counter() - began < 10  # measured: 1.6 s; it was minutes


def test_as_many_of_one_kind_too(tmp_path: Path) -> None:
    for kind, properties in (
        ("AWS::CloudFormation::Stack", {}),
        ("AWS::EC2::SecurityGroupIngress", {"GroupId": {"Ref": "R1"}}),
        ("AWS::ECR::Repository", {}),
        ("Custom::EcrFargateImageCopy", {"Source": "a", "Destination": "b"}),
    ):
        resources = {f"R{number}": {"Type": kind, "Properties": properties} for number in range(10_000)}
        began = time.perf_counter()
        assert _read(_write(tmp_path / "many", {"Resources": resources})) is None
        assert time.perf_counter() - began < 10


def _nested(*files: str) -> dict[str, Any]:
    return {
        "Resources": {
            f"N{number}": {"Type": "AWS::CloudFormation::Stack", "Metadata": {"aws:asset:path": file}}
            for number, file in enumerate(files)
        }
    }


def test_a_nested_template_that_names_itself(tmp_path: Path) -> None:
    for files in (["T.template.json"], ["T.template.json"] * 3):
        assert "contain itself" in str(_read(_write(tmp_path / "nested", _nested(*files))))


def test_nested_templates_by_the_million(tmp_path: Path) -> None:
    folder = _write(tmp_path / "nested", _nested("1.json", "1.json"))
    for number in range(1, 25):
        (folder / f"{number}.json").write_text(json.dumps(_nested(f"{number + 1}.json", f"{number + 1}.json")), "utf-8")
    began = time.perf_counter()
    assert "more than 2000 nested" in str(_read(folder))
    assert time.perf_counter() - began < 10


def test_an_assembly_in_itself(tmp_path: Path) -> None:
    inner = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "."}}
    assert "contains itself" in str(_read(_write(tmp_path, {}, {"artifacts": {"A": inner}})))


@pytest.mark.parametrize(
    "template",
    [
        "",
        "[]",
        "null",
        "1",
        '"x"',
        "{",
        "[" * 100_000,
        '{"Resources": {"A": {"Type": "AWS::ECS::Service", "Properties": {"DesiredCount": ' + "9" * 5_000 + "}}}}",
    ],
)
def test_what_is_no_template_is_refused(tmp_path: Path, template: str) -> None:
    assert _read(_write(tmp_path, template)) is not None


def test_a_deep_template_is_refused_or_read(tmp_path: Path) -> None:
    """Which of the two, Python's own limit decides, and libraries of tests raise that."""
    _read(_write(tmp_path, '{"Resources": ' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "}"))


@pytest.mark.parametrize("resources", [[], "x", 1, {"A": None}, {"A": []}, {"A": {}}, {"A": {"Type": 1}}, {"A": "x"}])
def test_resources_of_other_kinds_are_refused_or_passed_over(tmp_path: Path, resources: object) -> None:
    _read(_write(tmp_path, {"Resources": resources}))


def _values(depth: int) -> dict[str, Any]:
    """Outputs that double twice over, each by the one before: texts of 4^depth letters."""
    value: Any = "x"
    for _ in range(depth):
        value = {"Fn::Join": [",", [value, value, {"Fn::Sub": ["${a}${a}", {"a": value}]}]]}
    return {"Resources": {"A": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"ServiceName": value, "VpcId": value}}}}


def test_values_in_a_circle_and_values_that_double(tmp_path: Path) -> None:
    circle = {
        "Resources": {"A": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"ServiceName": {"Fn::ImportValue": "a"}}}},
        "Outputs": {
            "A": {"Value": {"Fn::ImportValue": "b"}, "Export": {"Name": "a"}},
            "B": {"Value": {"Fn::ImportValue": "a"}, "Export": {"Name": "b"}},
        },
    }
    assert _read(_write(tmp_path / "circle", circle)) is None
    outputs = {
        f"O{n}": {
            "Value": {"Fn::Join": ["", [{"Fn::ImportValue": f"o{n + 1}"}] * 10]},
            "Export": {"Name": f"o{n}"},
        }
        for n in range(60)
    }
    laughs = {
        "Resources": {"A": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"ServiceName": {"Fn::ImportValue": "o0"}}}},
        "Outputs": {**outputs, "Last": {"Value": "x" * 100, "Export": {"Name": "o60"}}},
    }
    began = time.perf_counter()
    assert _read(_write(tmp_path / "laughs", laughs)) is None
    _read(_write(tmp_path / "double", _values(9)))
    assert time.perf_counter() - began < 10


def test_copies_in_a_circle(tmp_path: Path) -> None:
    resources: dict[str, Any] = {
        name: {"Type": "Custom::EcrFargateImageCopy", "Properties": {"Source": source, "Destination": target}}
        for name, source, target in (("A", "a/a:1", "b/b:1"), ("B", "b/b:1", "a/a:1"))
    }
    resources["T"] = {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [{"Image": "a/a:1"}]}}
    assert _read(_write(tmp_path, {"Resources": resources})) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
def test_pipes_devices_and_large_files_are_not_read(tmp_path: Path) -> None:
    folder = _write(tmp_path, {"Resources": {}})
    (folder / "T.template.json").unlink()
    os.mkfifo(folder / "T.template.json")
    assert "is not a file" in str(_read(folder))
    (folder / "T.template.json").unlink()
    (folder / "T.template.json").symlink_to("/dev/zero")
    assert "is not a file" in str(_read(folder))
    (folder / "T.template.json").unlink()
    with (folder / "T.template.json").open("wb") as file:
        file.truncate(2**30)
    assert "more than 64 MiB" in str(_read(folder))


def test_a_build_context_that_is_the_whole_machine(assemblies: Path, tmp_path: Path) -> None:
    planted = copy_of(assemblies / "three_lines", tmp_path / "cdk.out")
    (tmp_path / "context").mkdir()
    for number in range(200):
        (tmp_path / "context" / f"{number}.py").write_text("x = 1\n", encoding="utf-8")
    os.mkfifo(tmp_path / "context" / "settings.py")
    (tmp_path / "context" / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    planted.image.update(directory="../context")
    planted.save()
    assert _read(planted.folder) is None


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        [HOSTILE, "", "x" * 70_000, [], {}, [[]], [{}], {"Ref": "x"}, {"Ref": 1}, {"Fn::GetAtt": []}, -1, 1e308]
    ),
    st.sampled_from(
        [{"Fn::Sub": []}, {"Fn::Join": [1, 2]}, {"Fn::ImportValue": {"Ref": "AWS::Region"}}, [None], ["a", 1]]
    ),
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    found = [path]
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found += _places(each, (*path, key))
    return found


def _planted(value: Any, path: tuple[Any, ...], junk: object) -> None:  # noqa: ANN401 - JSON
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = junk


@pytest.mark.parametrize("file", ["template", "manifest", "assets"])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_junk_anywhere(assemblies: Path, tmp_path: Path, file: str, data: st.DataObject) -> None:
    folder = tmp_path / "cdk.out"
    if not folder.exists():
        copy_of(assemblies / data.draw(st.just("three_lines")), folder)
    endings = {"template": "*.template.json", "manifest": "manifest.json", "assets": "*.assets.json"}
    (path,) = folder.glob(endings[file])
    good = path.read_text(encoding="utf-8")
    content = json.loads(good)
    changed = copy.deepcopy(content)
    places = [place for place in _places(content) if place]
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(places))
        try:
            _planted(changed, place, copy.deepcopy(data.draw(JUNK)))
        except (TypeError, LookupError, AttributeError):
            continue  # something around it is junk already
    path.write_text(json.dumps(changed), encoding="utf-8")
    try:
        _read(folder)
    finally:
        path.write_text(good, encoding="utf-8")


def _hostile(folder: Path) -> Path:
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "T.template.json"},
        "displayName": HOSTILE,
    }
    task = {
        "Type": "AWS::ECS::TaskDefinition",
        "Metadata": {"aws:cdk:path": f"T/{HOSTILE}/Resource"},
        "Properties": {"ContainerDefinitions": [{"Name": HOSTILE, "Image": f"nginx:{HOSTILE}"}]},
    }
    resources = {HOSTILE: task, "Bucket": {"Type": f"AWS::S3::{HOSTILE}"}, "VPC": {"Type": "AWS::EC2::VPC"}}
    return _write(folder, {"Resources": resources}, {"artifacts": {"T": stack}})


@pytest.mark.parametrize(
    "command",
    [
        ("doctor",),
        ("cost",),
        ("cost", "--format", "markdown"),
        ("diagram", "-o", "a.svg"),
        ("doctor", "--format", "sarif"),
    ],
)
def test_the_terminal_obeys_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    monkeypatch.chdir(tmp_path)
    name, *options = command
    done = CliRunner().invoke(cli.app, [name, str(_hostile(tmp_path / "cdk.out")), *options])
    assert not done.exception or isinstance(done.exception, (SystemExit, ToolError)), done.exception
    assert done.output
    assert not {"\x1b", "\x00", "\x9b", "\x07", "\u202e"} & set(done.output)
    if name == "diagram":
        ET.parse(tmp_path / "a.svg")  # noqa: S314 - of ours


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b]52;c;aGk=\x07b", "ab"),
        ("a\x1b]0;title\x1b\\b", "ab"),
        ("a\x1b[2J\x1b[Hb", "ab"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("one\r\ntwo\tthree", "one\ntwo\tthree"),
        ("shown\rhidden", "shown\ufffdhidden"),
        ("a\x9d0;title\x9cb", "ab"),
        ("a\u202eb\ud800", "a\ufffdb\ufffd"),
        ("grün 🚀 日本", "grün 🚀 日本"),
    ],
)
def test_plain_text(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_colours_of_an_application_may_stay() -> None:
    assert plain("\x1b[1;31mred\x1b[0m\x1b]0;x\x07\x1b[2J\ue000", colours=True) == "\x1b[1;31mred\x1b[0m\ufffd"


@given(st.text())
def test_no_text_keeps_what_a_terminal_obeys(text: str) -> None:
    assert not {"\x1b", "\x07", "\x00", "\r", "\x9b", "\x9d"} & set(plain(text))
    plain(text).encode()
