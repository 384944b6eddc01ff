"""Figures of others as data: each table says where it is from and when it was compared."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

import pytest

TABLES = sorted(
    (file for file in resources.files("ecr_fargate_constructs._rules.data").iterdir() if file.name.endswith(".json")),
    key=lambda file: file.name,
)


@pytest.mark.parametrize("file", TABLES, ids=lambda file: str(file.name))
def test_a_table_has_a_source_and_a_date(file: Any) -> None:  # noqa: ANN401 - a file, or one in an archive
    content = json.loads(file.read_text(encoding="utf-8"))
    assert len(content["source"]) > 20
    assert re.fullmatch(r"20\d\d-\d\d", content["date"])
    assert set(content) - {"source", "date"}


def test_there_are_tables() -> None:
    assert len(TABLES) >= 4
