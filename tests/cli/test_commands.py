"""``doctor``, ``cost`` and ``diagram`` as they are typed."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from ecr_fargate_constructs.cli.main import app
from ecr_fargate_constructs.tools.cost.prices import price_table
from ecr_fargate_constructs.tools.doctor.registry import RULES
from ecr_fargate_constructs.tools.errors import ToolError
from tests.tools.planting import copy_of

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

LEVELS = {"error", "warning"}


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def broken(assemblies: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An app with an error."""
    copy = copy_of(assemblies / "three_lines", tmp_path_factory.mktemp("broken") / "cdk.out")
    copy.task["Memory"] = "999"
    return copy.save()


def test_status_says_how_bad_it_is(assemblies: Path, plain: Path, broken: Path) -> None:
    assert _run("doctor", assemblies / "three_lines").exit_code == 0
    assert _run("doctor", assemblies / "three_lines", "--fail-on", "warning").exit_code == 0
    assert _run("doctor", plain).exit_code == 0
    assert _run("doctor", plain, "--fail-on", "warning").exit_code == 1
    assert _run("doctor", broken).exit_code == 1
    assert _run("doctor", broken, "--ignore", "task-size-unknown").exit_code == 0


def test_text_names_rule_place_reason_fix_and_source(plain: Path) -> None:
    result = _run("doctor", plain)
    for text in (
        "warning shell-form-command Plain/Web/TaskDef\n",
        "Dockerfile:4)",
        "The shell is process 1",
        "do:  Write the exec form",
        "see: https://docs.docker.com/",
        "0 errors, 16 warnings\n",
    ):
        assert text in result.output
    assert "1 acknowledged in the code" not in result.output


def test_json(broken: Path) -> None:
    (finding,) = json.loads(_run("doctor", broken, "--format", "json").output)["findings"]
    assert (finding["rule"], finding["severity"], finding["path"]) == ("task-size-unknown", "error", "Web/Web/TaskDef")
    assert finding["logicalId"] == "WebTaskDef1C8E6ED7"


def test_sarif(plain: Path, assemblies: Path, tmp_path: Path) -> None:
    file = tmp_path / "doctor.sarif"
    assert _run("doctor", plain, "--format", "sarif", "--output", file).output == ""
    log: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.id for rule in RULES]
    for rule in rules:
        assert rule["helpUri"].startswith("https://")
        assert rule["defaultConfiguration"]["level"] in LEVELS
        assert rule["shortDescription"]["text"]
    assert len(run["results"]) == 16
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in LEVELS
        assert result["message"]["text"]
        (place,) = result["locations"]
        assert place["logicalLocations"][0]["fullyQualifiedName"].startswith("Plain/")
        physical = place["physicalLocation"]
        assert physical["artifactLocation"]["uri"].startswith("file:///"), "outside of the working directory"
        assert physical.get("region", {"startLine": 1})["startLine"] >= 1
    in_dockerfile = [
        result
        for result in run["results"]
        if result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("/Dockerfile")
    ]
    assert {result["ruleId"] for result in in_dockerfile} == {
        "base-image-not-pinned",
        "keep-alive-below-idle-timeout",
        "runs-as-root",
        "shell-form-command",
    }
    text = _run("doctor", assemblies / "three_lines", "--format", "sarif").output
    (known,) = json.loads(text)["runs"][0]["results"]
    assert known["suppressions"][0]["kind"] == "inSource"


def test_paths_are_given_from_the_working_directory(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(plain.parent)
    log = json.loads(_run("doctor", "cdk.out", "--format", "sarif").output)
    uris = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in log["runs"][0]["results"]
    }
    assert "cdk.out/Plain.template.json" in uris
    assert not any(uri.startswith(("file:", "/")) for uri in uris)


def test_rules_are_listed() -> None:
    lines = _run("doctor", "--rules").output.splitlines()
    assert sum(line.startswith(tuple(f"{rule.id} (" for rule in RULES)) for line in lines) == len(RULES)


def test_what_cannot_be_done_says_why(assemblies: Path, tmp_path: Path) -> None:
    for arguments, cause in (
        (("doctor", tmp_path), "holds no synthesized app"),
        (("doctor", assemblies / "three_lines", "--ignore", "no-such"), "there is no rule no-such"),
        (("cost", assemblies / "three_lines", "--stack", "Nope"), "no stack Nope"),
        (("diagram", assemblies / "three_lines", "-o", tmp_path / "x.gif"), "neither .svg nor .png"),
    ):
        error = _run(*arguments).exception
        assert isinstance(error, ToolError)
        assert cause in error.cause
        assert error.fix


def test_cost(assemblies: Path, tmp_path: Path) -> None:
    result = _run("cost", assemblies / "three_lines")
    assert result.exit_code == 0
    assert "us-east-1 as of 2026-06" in " ".join(result.output.split())
    assert "115.15" in result.output
    assert "not priced: AWS::Lambda::Function" in result.output
    assert json.loads(_run("cost", assemblies / "three_lines", "--format", "json").output)["leastMonthly"] == "115.15"
    compared = _run("cost", assemblies / "endpoints", "--compare", assemblies / "three_lines", "--format", "markdown")
    assert "| **with tasks** | **115.15** | **93.65** | **-21.50** |" in compared.output
    assert "-21.50" in _run("cost", assemblies / "endpoints", "--compare", assemblies / "three_lines").output
    new = ("cost", assemblies / "endpoints", "--stack", "Inside", "--compare", assemblies / "three_lines")
    assert "| **with tasks** | **0.00** | **93.65** | **+93.65** |" in _run(*new, "--format", "markdown").output
    file = tmp_path / "cost.txt"
    assert _run("cost", assemblies / "three_lines", "-o", file).output == ""
    assert "115.15" in file.read_text(encoding="utf-8")


def test_cost_of_spot_is_a_range_with_its_date(assemblies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    text = " ".join(_run("cost", assemblies / "spot").output.split())
    assert "Spot tasks of" in text
    assert "with the most tasks that scaling allows" in text
    assert "AWS changes Spot prices. The highest one is the on-demand price as of 2026-06" in text
    ranged = json.loads(_run("cost", assemblies / "spot", "--format", "json").output)
    assert Decimal(ranged["spot"][0]["lowestPrice"]) < Decimal(ranged["spot"][0]["highestPrice"])
    markdown = _run("cost", assemblies / "spot", "--format", "markdown").output
    assert "| Spot tasks of " in markdown
    assert "as of 2026-06" in markdown


def test_cost_of_spot_at_a_price_of_ones_own(assemblies: Path, tmp_path: Path) -> None:
    own = {"fargate.spot.x86.vcpu-hour": "0.0127", "fargate.spot.x86.gb-hour": "0.0014"}
    prices = {name: str(price) for name, price in price_table().prices.items()} | own
    file = tmp_path / "prices.json"
    table = {"region": "eu-north-1", "date": "2026-11", "prices": prices}
    file.write_text(json.dumps(table), encoding="utf-8")
    text = " ".join(_run("cost", assemblies / "spot", "--prices", file).output.split())
    assert "eu-north-1 as of 2026-11" in text
    assert "AWS changes Spot prices" not in text
    assert "at its lowest price" not in text
    (spot,) = json.loads(_run("cost", assemblies / "spot", "--prices", file, "--format", "json").output)["spot"]
    assert spot["lowestPrice"] == spot["highestPrice"]


def test_cost_of_spot_before_and_after(assemblies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = ("cost", assemblies / "spot", "--compare", assemblies / "three_lines")
    monkeypatch.setenv("COLUMNS", "200")
    text = " ".join(_run(*compared).output.split())
    assert ", at the lowest price" in text
    assert "AWS changes Spot prices." in text
    whole = json.loads(_run(*compared, "--format", "json").output)
    alone = [json.loads(_run("cost", assemblies / name, "--format", "json").output) for name in ("three_lines", "spot")]
    before, after = (Decimal(each["leastMonthly"]) for each in alone)
    assert Decimal(whole["change"]) == after - before
    assert "AWS changes Spot prices." in _run(*compared, "--format", "markdown").output


@pytest.mark.usefixtures("font")
def test_diagram(assemblies: Path, tmp_path: Path) -> None:
    for name, start in (("a.svg", b"<svg "), ("a.png", b"\x89PNG")):
        result = _run("diagram", assemblies / "three_lines", "-o", tmp_path / name)
        assert result.exit_code == 0, result.output
        assert (tmp_path / name).read_bytes().startswith(start)


def test_they_run_without_what_the_embedded_aws_needs(assemblies: Path) -> None:
    program = (
        "import sys\n"
        "for name in ('boto3', 'botocore', 'docker', 'ministack', 'aws_cdk', 'jsii'):\n"
        "    sys.modules[name] = None\n"
        "from ecr_fargate_constructs.cli.main import main\n"
        "for command in sys.argv[1:]:\n"  # in one process, since a process takes longer than the commands
        "    sys.argv = ['ecr-fargate', *command.split('|')]\n"
        "    try:\n"
        "        main()\n"
        "    except SystemExit as leaving:\n"
        "        status = leaving.code or 0\n"
        "    for stream in (sys.stdout, sys.stderr):\n"
        "        print('', status, sep='\\0', end='\\0', file=stream, flush=True)\n"
    )
    refused = ("local|up|--port|4570", "retention|check|--repository|x", "explain|--stack|Web", "run|true", "image")
    done = subprocess.run(  # noqa: S603 - a program of ours
        [sys.executable, "-c", program, f"doctor|{assemblies / 'three_lines'}", *refused, "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    printed, statuses = done.stdout.split("\0")[::2], done.stdout.split("\0")[1::2]
    said = done.stderr.split("\0")[::2]
    assert statuses == ["0", "1", "1", "1", "1", "1", "0"], done.stderr
    assert "0 errors" in printed[0]
    for command, text in zip(refused, said[1:6], strict=True):
        assert f"'ecr-fargate {command.partition('|')[0]}' needs the package boto" in text
        assert "ecr-fargate-constructs[local]" in text
    assert "doctor" in printed[6]
    assert "".join(printed[6].split()).count("'ecr-fargate-constructs[local]'") == 6
