"""What is compared, and what counts as a difference."""

from __future__ import annotations

from typing import Any

import pytest

from tests.aws import comparison
from tests.aws.comparison import Verdict, compare, counts
from tests.aws.known_differences import KNOWN, Known

RECORDED: dict[str, Any] = {"services": {"Web": {"status": "ACTIVE", "desiredCount": 2, "hooks": []}}}


def _verdicts(here: dict[str, Any], *, embedded: bool = False) -> dict[str, Verdict]:
    return {" / ".join(each.path): each.verdict for each in compare(here, RECORDED, embedded=embedded)}


def test_equal_values_are_equal_and_what_is_empty_is_not_compared() -> None:
    here = {"services": {"Web": {"status": "ACTIVE", "desiredCount": 2}}}
    assert set(_verdicts(here).values()) == {Verdict.EQUAL}
    assert len(_verdicts(here)) == 2


def test_another_value_and_a_missing_one_are_different() -> None:
    found = _verdicts({"services": {"Web": {"status": "DRAINING"}}})
    assert found == {
        "services / Web / status": Verdict.DIFFERENT,
        "services / Web / desiredCount": Verdict.DIFFERENT,
    }


def test_what_only_aws_says_is_no_difference() -> None:
    here = {"services": {"Web": {"status": "ACTIVE", "desiredCount": 2, "platformVersion": "1.4.0"}}}
    assert _verdicts(here)["services / Web / platformVersion"] is Verdict.UNRECORDED


def test_a_known_difference_has_its_reason_but_not_on_the_embedded_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Known(("services", "*", "desiredCount"), "a reason", recorded=2)
    monkeypatch.setattr(comparison, "KNOWN", (known,))
    here = {"services": {"Web": {"status": "ACTIVE", "desiredCount": 3}}}
    [found] = [each for each in compare(here, RECORDED, embedded=False) if each.verdict is not Verdict.EQUAL]
    assert (found.verdict, found.reason) == (Verdict.KNOWN, "a reason")
    assert _verdicts(here, embedded=True)["services / Web / desiredCount"] is Verdict.DIFFERENT


@pytest.mark.parametrize(
    ("pattern", "path", "explained"),
    [
        (("a", "*", "c"), ("a", "b", "c"), True),
        (("a", "*", "c"), ("a", "b", "c", "d"), False),
        (("a", "**"), ("a", "b", "c"), True),
        (("a", "**"), ("b", "c"), False),
        (("a", "b", "**"), ("a",), False),
    ],
)
def test_patterns_of_known_differences(pattern: tuple[str, ...], path: tuple[str, ...], *, explained: bool) -> None:
    assert Known(pattern, "").explains(path, 1, 2) is explained


def test_known_differences_have_reasons() -> None:
    for each in KNOWN:
        assert each.reason
        assert each.path


def test_values_are_counted_by_kind() -> None:
    here = {"services": {"Web": {"status": "ACTIVE", "desiredCount": 1}}, "templates": {"Web": {"types": ["A"]}}}
    assert counts(compare(here, RECORDED, embedded=False)) == {
        "services": {"equal": 1, "different": 1},
        "templates": {"only here": 1},
    }
