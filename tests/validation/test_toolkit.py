"""The plugin's findings in the pinned CDK command line: ``synth``, ``validate`` and, for editors, ``lsp``."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT
from tests.validation.language_server import LanguageServer
from tests.validation.planted import PLANTED, PROGRAM, Planted, line_of, planted_in

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ERROR = 1  # the DiagnosticSeverity of the Language Server Protocol
TASK = "Faulty/Task/Resource"


@dataclass(frozen=True)
class Project:
    """An app, and the CDK command line for it."""

    folder: Path
    program: str

    @property
    def environment(self) -> dict[str, str]:
        """Without an account, and without the validation by CDK's own rules, which takes ten seconds."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
            "CDK_VALIDATION": "false",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "NO_COLOR": "1",
        }

    def cdk(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command."""
        return subprocess.run(  # noqa: S603 - the CDK command line
            [self.program, "--no-notices", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of the program with faults, not yet synthesized."""
    program = shutil.which("cdk", path=os.pathsep.join([str(ROOT / "node_modules" / ".bin"), os.environ["PATH"]]))
    if program is None:
        assert not os.environ.get("ECR_FARGATE_REQUIRE_E2E"), "the CDK command line is missing"
        pytest.skip("the CDK command line is missing")
    pinned = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]["aws-cdk"]
    package = Path(program).resolve().parents[1] / "package.json"
    assert json.loads(package.read_text(encoding="utf-8"))["version"] == pinned
    folder = tmp_path_factory.mktemp("project").resolve()
    shutil.copy(PROGRAM, folder / "app.py")
    (folder / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} app.py"}), encoding="utf-8")
    return Project(folder, program)


@pytest.fixture(scope="module")
def synthesized(project: Project) -> subprocess.CompletedProcess[str]:
    """What ``cdk synth`` says."""
    return project.cdk("synth", "--quiet", "--debug-app")


def test_synth_fails_and_names_construct_and_line(
    project: Project, synthesized: subprocess.CompletedProcess[str]
) -> None:
    assert synthesized.returncode == 1
    assert f"app.py:{line_of(TASK)}\nERROR Fargate has no task size with this CPU and memory" in synthesized.stderr
    assert "Acknowledge with 'ecr-fargate-doctor::task-size-unknown'" in synthesized.stderr
    reports = json.loads((project.folder / "cdk.out" / "validation-report.json").read_text(encoding="utf-8"))
    (report,) = (each for each in reports["pluginReports"] if each["pluginName"] == "ecr-fargate doctor")
    assert planted_in(report) == {
        Planted(rule, construct, f"app.py:{line_of(construct)}")
        for construct, rules in PLANTED.items()
        for rule in rules
    }


def test_the_documents_show_what_is_printed(synthesized: subprocess.CompletedProcess[str]) -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```text\n(app\.py:.*?)```", page, re.DOTALL)
    assert block in synthesized.stderr


@pytest.mark.usefixtures("synthesized")
def test_validate_reports_the_findings_of_an_assembly(project: Project) -> None:
    done = project.cdk("validate", "--unstable=validate", "--no-online", "--app", "cdk.out")
    assert done.returncode == 1
    output = done.stdout + done.stderr
    for rules in PLANTED.values():
        for rule in rules:
            assert f"ecr-fargate-doctor::{rule}" in output


def _opened(server: LanguageServer, folder: Path) -> None:
    """Open a project, as an editor does."""
    options = {"processId": os.getpid(), "rootUri": folder.as_uri(), "capabilities": {}}
    assert server.request(1, "initialize", options)["serverInfo"]["name"] == "cdk-lsp"
    server.notify("initialized", {})


def _published(server: LanguageServer, folder: Path) -> list[dict[str, Any]]:
    """Return the next diagnostics of the program."""
    program = (folder / "app.py").as_uri()
    message = server.wait(
        lambda message: (
            message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == program
        )
    )
    found: list[dict[str, Any]] = message["params"]["diagnostics"]
    return found


@pytest.mark.usefixtures("synthesized")
def test_an_editor_shows_the_error_on_the_line_that_creates_the_construct(project: Project) -> None:
    with LanguageServer([project.program, "lsp"], project.folder, project.environment) as server:
        _opened(server, project.folder)
        diagnostics = _published(server, project.folder)
        assert server.end() == 0
    (error,) = (each for each in diagnostics if each["severity"] == ERROR)
    assert (error["source"], error["code"]) == ("ecr-fargate doctor", "task-size-unknown")
    assert error["range"]["start"]["line"] == line_of(TASK) - 1
    assert error["message"].startswith("Fargate has no task size with this CPU and memory: Cpu 256 with Memory 4096")
    assert "Suggested fix: Choose a pair of Fargate's table" in error["message"]


def test_the_servers_own_synthesis_names_lines_when_it_is_told_to_record_them(project: Project, tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    shutil.copy(project.folder / "cdk.json", folder)
    mended = PROGRAM.read_text(encoding="utf-8").replace("memory_limit_mib=4096", "memory_limit_mib=512")
    (folder / "app.py").write_text(mended, encoding="utf-8")
    environment = {**project.environment, "JSII_HOST_STACK_TRACES": "1"}
    with LanguageServer([project.program, "lsp"], folder, environment) as server:
        _opened(server, folder)
        server.request(2, "workspace/executeCommand", {"command": "cdk.explorer.synthNow", "arguments": []})
        diagnostics = _published(server, folder)
        assert server.end() == 0
    assert ERROR not in {each["severity"] for each in diagnostics}
    task = {each["code"] for each in diagnostics if each["range"]["start"]["line"] == line_of(TASK) - 1}
    assert task == {*PLANTED[TASK]} - {"task-size-unknown"}
