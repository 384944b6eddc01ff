"""Edits are noticed where somebody edits, and nowhere else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local.watching.files import Edits, excluded_patterns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def edits(tmp_path: Path) -> Iterator[Edits]:
    for folder in ("app", "node_modules/x", ".ecr-fargate/4566", "cdk.out", "tests", "venv"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    watching = Edits([tmp_path], ("tests", "**/*.md"))
    yield watching
    watching.close()


def _until(edits: Edits, file: Path) -> set[Path]:
    """Return all edits until that of a file."""
    found: set[Path] = set()
    for _ in range(100):
        found |= edits.get(1.0)
        if file in found:
            return found
    raise AssertionError(found)


def test_edits_are_noticed_but_not_in_folders_of_programs(edits: Edits, tmp_path: Path) -> None:
    ignored = ("node_modules/x/a.js", ".ecr-fargate/4566/aws.log", "cdk.out/a.json", "tests/t.py", "app/notes.md",
               "venv/a.py", "app/.server.py.swp")  # fmt: skip
    for name in ignored:
        (tmp_path / name).write_text("1", encoding="utf-8")
    last = tmp_path / "app" / "server.py"
    last.write_text("1", encoding="utf-8")
    assert _until(edits, last) == {last}


def test_files_in_a_new_folder_are_noticed(edits: Edits, tmp_path: Path) -> None:
    first, second = (tmp_path / "app" / "new" / "deep" / name for name in ("one.py", "two.py"))
    first.parent.mkdir(parents=True)
    first.write_text("1", encoding="utf-8")
    _until(edits, first)
    second.write_text("1", encoding="utf-8")
    _until(edits, second)


def test_a_moved_file_is_noticed(edits: Edits, tmp_path: Path) -> None:
    """As editors write: a new file takes the place of the old one."""
    file = tmp_path / "app" / "server.py"
    file.with_suffix(".tmp").write_text("1", encoding="utf-8")
    file.with_suffix(".tmp").rename(file)
    _until(edits, file)


@pytest.mark.parametrize(
    ("settings", "patterns"),
    [
        ({"watch": {"exclude": ["tests", "**/*.md"]}}, ("tests", "**/*.md")),
        ({"watch": {"exclude": "tests"}}, ("tests",)),
        ({"watch": {}}, ()),
        ({}, ()),
        ([], ()),
    ],
)
def test_cdk_json_excludes(tmp_path: Path, settings: object, patterns: tuple[str, ...]) -> None:
    (tmp_path / "cdk.json").write_text(json.dumps(settings), encoding="utf-8")
    assert excluded_patterns(tmp_path) == patterns
