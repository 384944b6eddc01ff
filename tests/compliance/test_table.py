"""The table of ``docs/compliance.md`` says what is so; what checkov says of it takes an environment of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.compliance import packs
from tests.compliance import table as compliance_table

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    return compliance_table.rows([tmp_path_factory.mktemp("program") for _ in compliance_table.PROGRAMS])


def test_the_document_has_these_figures(table: dict[str, list[str]]) -> None:
    known = compliance_table.committed()
    assert {name: cells for name, cells in known.items() if name != "checkov"} == table
    assert list(known) == [*list(table)[:-1], "checkov", list(table)[-1]]


def test_the_promises_are_in_the_figures(table: dict[str, list[str]]) -> None:
    """STANDARD leaves nothing of AwsSolutions unacknowledged, REGULATED nothing of six packs."""
    for pack in packs.NAMES:
        _, standard, regulated = table[f"cdk-nag {pack}"]
        found, acknowledged = regulated.split(" / ")
        assert found == acknowledged
        assert pack != "AwsSolutions" or standard == "5 / 5"
    found, acknowledged = compliance_table.committed()["checkov"][2].split(" / ")
    assert int(found) - int(acknowledged) <= 2
    assert table["reliability conditions kept"][1:] == ["18 of 18"] * 2


def test_the_table_is_written_as_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "document.md"
    known = compliance_table.committed()
    text = compliance_table.render(known)
    document.write_text(f"{compliance_table.BEGIN}\n\n{text}\n\n{compliance_table.END}\n", encoding="utf-8")
    monkeypatch.setattr(compliance_table, "DOCUMENT", document)
    assert compliance_table.committed() == known
