"""What the code host and its robots read: workflows, forms, hooks, and the licences of dependencies."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import licences
from release_tag import fault
from tests.support import ROOT
from tests.support.linting import actionlint
from tests.support.pipelines import WORKFLOW as EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = ROOT / ".github"
WORKFLOWS = sorted((HOST / "workflows").glob("*.yml"))
FORMS = [file for file in sorted((HOST / "ISSUE_TEMPLATE").glob("*.yml")) if file.name != "config.yml"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PYTHONS = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', PROJECT)
TOOLS = {"apt-get", "echo"}
"""Programs in workflows that are not this project's."""


def _read(file: Path) -> dict[Any, Any]:
    read: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return read


def _steps(file: Path) -> Iterator[dict[str, Any]]:
    for job in _read(file)["jobs"].values():
        yield from job.get("steps", ())


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_actionlint_finds_nothing(file: Path, tmp_path: Path) -> None:
    assert actionlint(file) == []
    faulty = tmp_path / file.name
    faulty.write_text(file.read_text(encoding="utf-8").replace("runs-on:", "runs-in:"), encoding="utf-8")
    assert actionlint(faulty)


def _own_command_exists(line: str) -> bool:
    words = line.split()
    match words:
        case ["make", target, *_]:
            return re.search(rf"^{re.escape(target)}:", MAKEFILE, re.MULTILINE) is not None
        case ["python", script, *_]:
            return (ROOT / script).is_file()
        case [program, *_]:
            return program in TOOLS or (program.startswith(".") and os.access(ROOT / program, os.X_OK))
    return False


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_every_command_of_a_workflow_exists(file: Path) -> None:
    lines = [line for step in _steps(file) for line in re.split(r" && |\n", step.get("run", "")) if line]
    assert [line for line in lines if not _own_command_exists(line)] == []
    assert lines
    assert not any("${{" in line for line in lines), "text of others reaches no command as part of it"


def test_a_command_that_does_not_exist_is_found() -> None:
    assert not _own_command_exists("make nothing")
    assert not _own_command_exists("python scripts/nothing.py")
    assert not _own_command_exists(".ci/nothing")


def test_actions_are_pinned_to_commits_and_each_has_one_version() -> None:
    used: dict[str, tuple[str, ...]] = {}
    for file in [*WORKFLOWS, EXAMPLE]:
        for line in re.findall(r"uses: (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE):
            if line.startswith("./"):
                assert (ROOT / line).is_file()
                continue
            pinned = re.fullmatch(r"([\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)", line)
            assert pinned is not None, line
            assert used.setdefault(pinned[1], pinned.group(2, 3)) == pinned.group(2, 3), line


def test_the_distribution_is_tried_on_every_supported_python() -> None:
    ci = _read(HOST / "workflows" / "ci.yml")
    assert ci["jobs"]["dist"]["strategy"]["matrix"]["python"] == PYTHONS
    assert {step["run"] for job in ci["jobs"].values() for step in job["steps"] if "run" in step} >= {
        ".ci/run",
        "make dist",
    }


def test_only_the_job_that_publishes_gets_a_token_and_nothing_stores_a_secret() -> None:
    for file in WORKFLOWS:
        text, read = file.read_text(encoding="utf-8"), _read(file)
        assert "secrets." not in text
        assert read["permissions"] == {"contents": "read"}
        for name, job in read["jobs"].items():
            assert job.get("permissions") == ({"id-token": "write"} if name == "publish" else None)
            assert ("run" not in str(job["steps"])) if name == "publish" else True
    release = _read(HOST / "workflows" / "release.yml")
    assert (release["jobs"]["publish"]["needs"], release["jobs"]["build"]["needs"]) == ("build", "ci")
    assert release[True] == {"push": {"tags": ["v[0-9]+.[0-9]+.[0-9]+"]}}  # YAML 1.1 reads its key `on` as true


def test_a_tag_is_the_version_that_the_changelog_describes() -> None:
    project, changelog = 'version = "1.2.3"\n', "## [1.2.3] - 2026-12-24\n"
    assert fault("v1.2.3", project, changelog) is None
    assert fault("v1.2.4", project, changelog) == "the tag is v1.2.4, and pyproject.toml has version 1.2.3"
    assert fault("v1.2.3", project, "## [Unreleased]\n") == "CHANGELOG.md has no heading '## [1.2.3] - DATE'"
    assert fault("v1.2.3", project, "## [11203] - 2026-12-24\n") is not None


def test_updates_are_asked_for_everything_that_is_pinned() -> None:
    updates = {each["package-ecosystem"]: each for each in _read(HOST / "dependabot.yml")["updates"]}
    folders = [folder.removeprefix("/") for folder in updates["npm"]["directories"]]
    locks = [file for depth in ("", "*/", "*/*/") for file in ROOT.glob(f"{depth}package-lock.json")]
    assert sorted(folders) == sorted(file.parent.relative_to(ROOT).as_posix().replace(".", "", 1) for file in locks)
    for folder in updates["github-actions"]["directories"]:
        assert list((ROOT / folder.removeprefix("/") / ".github" / "workflows").glob("*.yml"))
    assert updates["pip"]["directory"] == "/"


@pytest.mark.parametrize("form", FORMS, ids=lambda file: file.name)
def test_a_form_has_what_the_code_host_needs(form: Path) -> None:
    read = _read(form)
    assert {"name", "description", "body"} <= set(read)
    assert len({part["id"] for part in read["body"]}) == len(read["body"])
    for part in read["body"]:
        assert part["type"] in {"textarea", "dropdown", "input"}
        assert part["attributes"]["label"]
        assert ("options" in part["attributes"]) == (part["type"] == "dropdown")


def test_commits_are_checked_by_what_make_check_runs() -> None:
    recipe = MAKEFILE.partition("\ncheck: ")[2].partition("\n\n")[0]
    made = {
        line.strip().partition('PATH" ')[2] or line.strip() for line in recipe.splitlines()[1:]
    }  # without the variable PATH before the program
    made = {line.replace("$(BIN)/", ".venv/bin/").removesuffix(" .").replace(" --check", "") for line in made}
    hooks = [hook for repo in _read(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    assert {hook["entry"].replace(" --force-exclude", "") for hook in hooks} == made


def test_the_container_for_development_runs_what_exists() -> None:
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    read = json.loads(re.sub(r"^//.*$", "", text, flags=re.MULTILINE))
    assert _own_command_exists(read["postCreateCommand"])


def test_the_licences_are_those_that_the_packages_declare() -> None:
    """On another Python than that of the page, some packages are others."""
    written = {each.name: each for each in licences.rows(licences.PAGE.read_text(encoding="utf-8"))}
    here = {each.name: each for each in licences.listed()}
    assert len(here) > 40
    for name in written.keys() & here.keys():
        assert written[name] == here[name], "run: python scripts/licences.py"
    if sys.version_info[:2] == (3, 11):
        assert written.keys() == here.keys(), "run: python scripts/licences.py"


def test_the_licence_is_in_the_distribution() -> None:
    assert 'license = "Apache-2.0"\nlicense-files = ["LICENSE"]' in PROJECT
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").lstrip().startswith("Apache License")
