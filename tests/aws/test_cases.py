"""The table of the examples is complete, and fits the examples as they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.aws.cases import CASES, EXAMPLES
from tests.aws.comparison import RECORDS, record_of
from tests.aws.options import Wish
from tests.aws.removal import DELETE
from tests.aws.session import QUESTIONS
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

SNAPSHOTS = ROOT / "tests" / "snapshot" / "__snapshots__" / "test_examples"


def test_every_example_is_in_the_table() -> None:
    assert set(CASES) == {file.stem for file in EXAMPLES}


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.replace])
def test_texts_to_replace_are_in_the_example(name: str) -> None:
    source = CASES[name].file.read_text(encoding="utf-8")
    for old, _ in CASES[name].replace:
        assert old in source


@pytest.mark.parametrize("name", CASES)
def test_names_of_secrets_are_in_the_example(name: str) -> None:
    source = CASES[name].file.read_text(encoding="utf-8")
    for each in (*CASES[name].secrets, *CASES[name].parameters):
        assert f'"{each}"' in source


def test_everything_that_examples_keep_can_be_deleted() -> None:
    kept = {
        resource["Type"]
        for file in SNAPSHOTS.glob("*.json")
        for resource in _resources(json.loads(file.read_text(encoding="utf-8")))
        if resource.get("DeletionPolicy", "Delete") != "Delete"
    }
    assert kept, "the examples keep repositories and logs"
    assert kept <= set(DELETE)


def _resources(node: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    if isinstance(node, dict):
        if isinstance(node.get("Type"), str) and "::" in node["Type"]:
            yield node
        for each in node.values():
            yield from _resources(each)
    elif isinstance(node, list):
        for each in node:
            yield from _resources(each)


@pytest.mark.parametrize("file", sorted(RECORDS.glob("*.json")), ids=lambda file: file.stem)
def test_a_record_is_of_an_example_that_was_deployed_and_deleted(file: Any) -> None:  # noqa: ANN401 - a path
    record = record_of(file.stem)
    assert record is not None
    assert Wish("embedded").impediment(CASES[file.stem]) == ""
    assert record["deployment"]["exit status"] == record["removal"]["exit status"] == 0
    assert set(record) <= {"deployment", "removal", *QUESTIONS}
    for stack in record["stack events"].values():
        assert stack["status"] == "CREATE_COMPLETE"
        assert not stack["failures"]


def test_the_records_are_of_no_account() -> None:
    for file in RECORDS.glob("*.json"):
        text = file.read_text(encoding="utf-8")
        for part in ("efc-", "us-east-1", "localhost", "made-for-a-test"):
            assert part not in text, file
