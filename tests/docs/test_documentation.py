"""What the documents show is what runs."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command

import demo_picture
import deployment_picture
import ecr_fargate_constructs
from ecr_fargate_constructs import compliance, testing
from ecr_fargate_constructs.cli.main import app as command_line
from links import check_markdown, check_site, documents
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MIGRATION = ROOT / "tests" / "tools" / "migrate"
EXAMPLES = {
    file.name: file.read_text(encoding="utf-8")
    for folder in (ROOT / "examples", MIGRATION / "golden")
    for file in sorted(folder.rglob("*.py"))
}
NAMES = ecr_fargate_constructs.__all__
BLOCKS = [
    (document.name, block)
    for document in DOCUMENTS
    for block in re.findall(r"```python\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
]


@pytest.mark.parametrize(("document", "block"), BLOCKS)
def test_python_in_the_documents_is_part_of_an_example_that_a_test_runs(document: str, block: str) -> None:
    assert any(block in text for text in EXAMPLES.values()), f"{document} shows code that stands in no example"


@pytest.mark.parametrize("document", [file for file in DOCUMENTS if file.name.startswith("migrate-from-co")])
def test_yaml_in_the_documents_is_a_file_that_is_migrated_in_a_test(document: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    assert block in {file.read_text(encoding="utf-8") for file in (MIGRATION / "fixtures").glob("*.yml")}


def test_the_findings_in_the_documents_are_those_of_a_test() -> None:
    (block,) = re.findall(
        r"```text\n(.*?)```", (ROOT / "docs" / "migrate-from-compose.md").read_text("utf-8"), re.DOTALL
    )
    known = (MIGRATION / "golden" / "compose_hardened.txt").read_text(encoding="utf-8")
    assert block
    assert all(line in known for line in block.splitlines())


def test_the_readme_shows_python() -> None:
    assert [document for document, _ in BLOCKS].count("README.md") == 3


def test_the_recipes_run_with_the_tests(pytestconfig: pytest.Config) -> None:
    assert "examples/testing" in pytestconfig.getini("testpaths")
    assert [document for document, _ in BLOCKS].count("testing.md") >= 8


def test_links_inside_the_repository_lead_somewhere() -> None:
    found = check_markdown(documents())
    assert not found.problems
    assert found.inside > 100


def test_every_public_name_is_in_the_reference_once() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "api").glob("*.md"))
    shown = re.findall(r"^::: (\S+)$", text, re.MULTILINE)
    assert len(shown) == len(set(shown))
    modules = (ecr_fargate_constructs, testing, compliance)
    names = {f"{module.__name__}.{name}" for module in modules for name in module.__all__}
    assert names - set(shown) == {f"{compliance.__name__}.{name}" for name in ("DEFAULT_PACKS", "Pack")}


def test_the_navigation_names_pages_that_exist() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:- |: )([\w/-]+\.md)$", text.partition("\nnav:")[2], re.MULTILINE))
    written = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    assert named - written == {"examples.md", "changelog.md", "contributing.md"}  # made by docs/hooks.py


def test_decisions_are_numbered_without_a_gap_and_each_is_in_the_navigation() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("*.md"))
    for number, file in enumerate(decisions, 1):
        assert file.name.startswith(f"{number:04}-")
        assert file.read_text(encoding="utf-8").startswith(f"# {number}. ")
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert [file.name for file in decisions] == re.findall(r"- adr/(.*)", navigation)


def test_the_pictures_are_up_to_date() -> None:
    assert deployment_picture.PICTURE.read_text(encoding="utf-8") == deployment_picture.draw(
        deployment_picture.curves()
    )
    record = demo_picture.RECORD.read_text(encoding="utf-8")
    assert demo_picture.PICTURE.read_text(encoding="utf-8") == demo_picture.draw(record)


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "here.html").write_text(
        '<h1 id="top"></h1><a href="#top">1</a><a href="there.html#part">2</a><a href="gone.html">3</a>'
        '<a href="#gone">4</a><a href="https://example.com">5</a><img src="gone.png">'
        '<script src="https://cdn.example.com/x.js"></script><link rel="canonical" href="https://example.com/here">',
        encoding="utf-8",
    )
    (tmp_path / "there.html").write_text('<p id="part"></p>', encoding="utf-8")
    (tmp_path / "site.css").write_text("@font-face { src: url(https://fonts.example.com/f.woff2) }", encoding="utf-8")
    found = check_site(tmp_path)
    assert sorted(found.problems) == [
        "here.html loads https://cdn.example.com/x.js, which is not on this machine",
        "here.html: #gone has no such anchor",
        "here.html: gone.html leads nowhere",
        "here.html: gone.png leads nowhere",
        "site.css loads https://fonts.example.com/f.woff2, which is not on this machine",
    ]
    assert "https://example.com" in found.elsewhere


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)
def test_every_command_in_a_console_block_exists(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for block in re.findall(r"```console\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["make"]:
                assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE), line
            for command in " ".join(words).split(" | "):  # README.md names several in a line
                if words[:1] == ["ecr-fargate"] and command.startswith("ecr-fargate"):
                    _check_command(command.split()[1:])


def _check_command(words: Sequence[str]) -> None:
    words = words[: words.index("--")] if "--" in words else words  # what follows is a command of the container
    found: Any = get_command(command_line)
    while hasattr(found, "commands"):
        assert words[0] in found.list_commands(None), words
        found, words = found.get_command(None, words[0]), words[1:]
    options = {option for parameter in found.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options, words


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)
def test_every_call_in_the_text_can_be_made(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    for snippet in re.findall(r"`([^`\n]*\([^`\n]*\))`", text):
        try:
            tree = ast.parse(snippet.replace("…", "..."))
        except SyntaxError:
            continue  # an option that is named like ``Scaling(capacity)`` parses, prose does not
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
                taken = inspect.signature(getattr(ecr_fargate_constructs, node.func.id).__init__).parameters
                assert {keyword.arg for keyword in node.keywords} <= set(taken), snippet
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in NAMES:
                assert hasattr(getattr(ecr_fargate_constructs, node.value.id), node.attr), snippet
