"""What all commands have in common: help, exit codes, JSON, and no colours where nobody sees them."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from ecr_fargate_constructs.cli import cost as cost_cli
from ecr_fargate_constructs.cli import main
from ecr_fargate_constructs.cli.printing import may_colour
from ecr_fargate_constructs.tools.doctor.registry import RULES
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8").partition("## For scripts")[2]
PROGRAM = Path(sys.executable).parent / "ecr-fargate"
WIDTH = 80


def _commands(group: Any = None, *before: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - typer's own
    group = get_command(main.app) if group is None else group
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        if hasattr(command, "list_commands"):
            yield from _commands(command, *before, name)
        else:
            yield " ".join((*before, name)), command


COMMANDS = dict(_commands())
TABLE = {
    name: row
    for row in re.findall(r"^\| (`.+?) \|$", PAGE, re.MULTILINE)
    for name in re.findall(r"`([a-z ]+)`", row.partition(" | ")[0])
}
FAILING = {  # arguments with which a command cannot do its work in an empty directory
    "cost": [],
    "diagram": [],
    "doctor": [],
    "explain": [],
    "image lock": ["web"],
    "local cdk": ["ls"],
    "local certificate": [],
    "local deployments": [],
    "local env": [],
    "local explain": [],
    "local grants": [],
    "local interrupt": [],
    "local logs": [],
    "local run": ["--", "true"],
    "local seed": ["--stubs", "."],
    "local start": ["--account", "1"],
    "local status": [],
    "local up": ["--account", "1"],
    "local url": [],
    "migrate": ["compose.yaml"],
    "preview down": ["pr-1"],
    "preview list": [],
    "preview up": ["feature/Log-In"],
    "retention check": ["--repository", "x", "--lock", "compose.yaml"],
    "retention simulate": [],
    "run": ["--", "true"],
}


def _main(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["ecr-fargate", *arguments])
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # the handlers of pytest's own process stay
    with pytest.raises(SystemExit) as leaving:
        main.main()
    return int(leaving.value.code or 0)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory with no app, in which no AWS is asked."""
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv(
        "AWS_ENDPOINT_URL", "http://127.0.0.1:9"
    )  # the port of the discard service, where nobody answers
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    (tmp_path / "compose.yaml").write_text("nothing\n", encoding="utf-8")
    return tmp_path


def test_the_table_of_exit_codes_has_every_command() -> None:
    assert set(TABLE) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_short_and_plain(name: str) -> None:
    done = CliRunner().invoke(main.app, [*name.split(), "--help"], terminal_width=WIDTH)
    assert done.exit_code == 0
    assert done.output.startswith(f"Usage: ecr-fargate {name} ")
    lines = done.output.splitlines()
    assert len(lines) <= 45
    assert max(map(len, lines)) <= WIDTH
    assert "\x1b" not in done.output
    summary = lines[2].strip()
    assert re.match(r"[A-Z][a-z]+,? ", summary), summary
    assert "  --help" in lines[-1]


def test_the_list_of_commands_imports_none_of_them() -> None:
    modules = ("boto3", "docker", "ministack", "yaml", "ecr_fargate_constructs.cli.doctor")
    program = (
        "import sys; from ecr_fargate_constructs.cli.main import app\n"
        "try: app(['--help'])\n"
        f"except SystemExit: print(*(name for name in {modules} if name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    *shown, imported = done.stdout.splitlines()
    assert imported == ""
    listed = re.findall(r"^  ([a-z]+)  ", "\n".join(shown), re.MULTILINE)
    assert listed == get_command(main.app).list_commands(None)  # type: ignore[attr-defined]


def test_the_list_begins_as_each_commands_own_help() -> None:
    with_help = CliRunner().invoke(main.app, ["--help"], terminal_width=300).output
    for name, summary in re.findall(r"^  ([a-z]+)  +(.+)$", with_help.partition("Commands:")[2], re.MULTILINE):
        own = CliRunner().invoke(main.app, [name, "--help"], terminal_width=300).output
        assert own.splitlines()[2].strip().startswith(summary[:-1]), name


@pytest.mark.parametrize(
    "name", [name for name in COMMANDS if name not in {"local cdk", "preview up"}]
)  # they pass options on
def test_an_option_that_is_not_there_is_2(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _main(monkeypatch, *name.split(), "--no-such-option") == 2


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "local down"])  # it succeeds where nothing runs
def test_what_cannot_be_done_is_1(
    name: str, empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = _main(monkeypatch, *name.split(), *FAILING[name])
    assert code == (125 if name in {"run", "local run"} else 1)
    assert str(code) in TABLE[name] or code == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("✗ ")
    assert printed.out == ""
    assert sorted(each.name for each in empty.iterdir()) == ["compose.yaml"]


def test_nothing_to_end_is_0(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _main(monkeypatch, "local", "down", "--app-dir", str(empty)) == 0


def test_an_interrupted_command_is_130(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cost_cli, "price_table", interrupted)
    assert empty
    assert _main(monkeypatch, "cost") == 130


def test_every_command_that_prints_data_has_one_option_for_its_format() -> None:
    formats = {}
    for name in COMMANDS:
        shown = CliRunner().invoke(main.app, [*name.split(), "--help"], terminal_width=WIDTH).output
        assert "--json" not in shown
        for choices in re.findall(r"^  --format <(.*?)>", shown, re.MULTILINE):
            formats[name] = choices.split("|")
    text = PAGE.partition("With `--format json`")[2].partition("Notes")[0]
    for name, choices in formats.items():
        assert choices[:2] == ["text", "json"], name
        assert name.startswith("local ") or f"`{name}`" in text, name
    assert set(formats) >= {f"local {name}" for name in ("status", "url", "logs", "deployments", "grants", "env")}


def test_the_rules_as_json() -> None:
    rules = json.loads(CliRunner().invoke(main.app, ["doctor", "--rules", "--format", "json"]).stdout)
    assert [each["rule"] for each in rules] == [rule.id for rule in RULES]
    assert all(each["source"].startswith("https://") for each in rules)


def _on_a_terminal(*arguments: str | Path, **environment: str) -> str:
    leader, follower = pty.openpty()
    names = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "CI"}}
    with subprocess.Popen(  # noqa: S603 - our own command
        [PROGRAM, *arguments], stdout=follower, stderr=follower, env={**names, "TERM": "xterm-256color", **environment}
    ):
        os.close(follower)
        shown = b""
        try:
            while block := os.read(leader, 65536):
                shown += block
        except OSError:  # Linux reports the end of a terminal so
            pass
        finally:
            os.close(leader)
    return shown.decode()


def test_colours_are_for_a_terminal_and_only_without_no_color(plain: Path) -> None:
    coloured = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    assert coloured.search(_on_a_terminal("doctor", plain))
    assert not coloured.search(_on_a_terminal("doctor", plain, NO_COLOR="1"))
    done = subprocess.run([PROGRAM, "doctor", plain], capture_output=True, text=True, check=True)  # noqa: S603
    assert "\x1b" not in done.stdout


def test_lines_of_containers_follow_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert may_colour() is None
    monkeypatch.setenv("NO_COLOR", "1")
    assert may_colour() is False
