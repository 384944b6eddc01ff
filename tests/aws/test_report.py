"""The report: what was compared, for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.aws.comparison import compare
from tests.aws.report import Report, Result

if TYPE_CHECKING:
    from pathlib import Path


def test_the_report_counts_lists_and_says_why(tmp_path: Path) -> None:
    recorded = {"services": {"Web": {"status": "ACTIVE"}}, "templates": {"Web": {"types": ["A"]}}}
    answers = {"services": {"Web": {"status": "DRAINING"}}, "templates": {"Web": {"types": ["A"]}}}
    compared = compare(answers, recorded, embedded=False)
    report = Report(tmp_path / "report", "account 123456789012 in eu-west-1")
    report.costs = {"three_lines": 0.16, "spot": 0.16}
    report.results.append(
        Result("three_lines", {"deploy": 61.2}, answers, compared, ["AWS::S3::Bucket logs: not empty"], [])
    )
    report.skipped["https"] = "needs a hosted zone of yours: --aws-zone"
    report.write()

    text = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    assert "Together they cost about 0.32 US dollars per hour" in text
    assert "| services | 0 | 0 | 0 | 1 |" in text
    assert "| all | 1 | 0 | 0 | 1 |" in text
    assert "| three_lines | 61 s | 2 | 1 | 1 |" in text
    assert '- three_lines: different: services / Web / status: "DRAINING"; the embedded AWS: "ACTIVE"' in text
    assert "- three_lines: AWS::S3::Bucket logs: not empty" in text
    assert "- https: needs a hosted zone of yours: --aws-zone" in text

    written = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert written["totals"] == {"services": {"different": 1}, "templates": {"equal": 1}}
    [difference] = written["examples"]["three_lines"]["differences"]
    assert difference["path"] == ["services", "Web", "status"]
    assert difference["verdict"] == "different"
