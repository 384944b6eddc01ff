"""What the documents show is what runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MIGRATION = ROOT / "tests" / "migration"
EXAMPLES = {
    file.name: file.read_text(encoding="utf-8")
    for folder in (ROOT / "examples", MIGRATION / "golden")
    for file in sorted(folder.rglob("*.py"))
}
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


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)
def test_links_inside_the_repository_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"make (\w+)", (ROOT / "README.md").read_text(encoding="utf-8")):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
