"""Entries of the lock file: a digest keeps what is known of it, and another one starts afresh."""

from __future__ import annotations

from datetime import datetime, timezone

from ecr_fargate_constructs.tools.lock.entry import entry_for
from ecr_fargate_constructs.tools.lock.sources import FoundImage

NOW = datetime(2026, 11, 29, 12, 30, tzinfo=timezone.utc)
DEV = FoundImage("111122223333.dkr.ecr.eu-west-1.amazonaws.com/dev", f"sha256:{'a' * 64}", "v1", ("amd64",), "label")


def test_a_first_entry_says_where_the_image_comes_from_and_runs() -> None:
    entry = entry_for("web", DEV, None, stack="Dev", revision=None, now=NOW)
    assert entry.uri == f"{DEV.repository}@{DEV.digest}"
    assert (entry.tag, entry.architectures, entry.revision) == ("v1", ("amd64",), "label")
    assert (entry.locked_at, entry.deployed_to) == ("2026-11-29T12:30:00Z", ("Dev",))
    assert entry_for("web", DEV, None, stack=None, revision="abc", now=NOW).revision == "abc"
    assert entry_for("web", DEV, None, stack=None, revision="abc", now=NOW).deployed_to == ()


def test_another_stage_that_runs_the_digest_is_added_and_the_source_stays() -> None:
    first = entry_for("web", DEV, None, stack="Dev", revision="abc", now=NOW)
    copy = FoundImage("444455556666.dkr.ecr.us-east-1.amazonaws.com/staging", DEV.digest, "v1", ("amd64",), None)
    second = entry_for("web", copy, first, stack="Staging", revision="def", now=NOW.replace(year=2027))
    assert (second.repository, second.revision, second.locked_at) == (DEV.repository, "abc", first.locked_at)
    assert second.deployed_to == ("Dev", "Staging")
    assert entry_for("web", copy, second, stack="Staging", revision=None, now=NOW) == second


def test_another_digest_has_been_nowhere() -> None:
    first = entry_for("web", DEV, None, stack="Dev", revision="abc", now=NOW)
    other = FoundImage(DEV.repository, f"sha256:{'b' * 64}", "v2", ("arm64",), None)
    assert entry_for("web", other, first, stack=None, revision=None, now=NOW).deployed_to == ()
    assert entry_for("web", other, first, stack="Dev", revision=None, now=NOW).deployed_to == ("Dev",)
