"""Lines that become one event."""

from __future__ import annotations

import re

import pytest

from ecr_fargate_constructs.local.tasks.multiline import Events, pattern_of


def _joined(pattern: str, lines: list[str]) -> list[str]:
    events = Events(re.compile(pattern))
    return [event for line in lines for event in events.take(line)] + list(events.rest())


def test_a_line_that_matches_begins_an_event() -> None:
    assert _joined("^-", ["- a", " b", "- c", "- d", "", " e"]) == ["- a\n b", "- c", "- d\n\n e"]
    assert _joined("^-", [" before", "- a"]) == [" before", "- a"]
    assert _joined("^-", []) == []


def test_an_event_is_not_longer_than_cloudwatch_takes() -> None:
    events = _joined("^-", ["- a", *["x" * 1000] * 600])
    assert len(events) == 3
    assert all(len(each) <= 256 * 1024 for each in events)


@pytest.mark.parametrize(
    ("form", "line"),
    [
        (r"\[%b %d, %Y %H:%M:%S\]", "[May 01, 2017 19:00:01] A message"),
        ("%Y-%m-%dT%H:%M:%S%L%z", "2026-11-30T09:51:15.123+0100 started"),
        ("%A, %d %B %y %I:%M %p", "Monday, 30 November 26 09:51 AM"),
        ("%a %w %j %f %Z", "Mon 1 334 000123 CEST"),
    ],
)
def test_the_codes_of_a_date(form: str, line: str) -> None:
    pattern = pattern_of({"awslogs-datetime-format": form})
    assert pattern is not None
    assert pattern.search(line)
    assert not pattern.search("  at File.read (file.js:1)")


def test_without_a_pattern_each_line_is_an_event() -> None:
    assert pattern_of({}) is None
    assert pattern_of({"awslogs-multiline-pattern": "(?<name>Go)("}) is None
