"""The page of ``local deployments --page``: a chart of what was seen."""

from __future__ import annotations

import re
from dataclasses import replace

from ecr_fargate_constructs.local.deployment_page import Moment, page
from ecr_fargate_constructs.local.service_deployments import ServiceDeployment

DEPLOYMENT = ServiceDeployment(
    "Shop/Web", "arn", "CANARY", "IN_PROGRESS", "", "SCALE_UP", 0, 0, 2, alarms=("Web-Errors", "Web-Latency")
)
BAKING = replace(DEPLOYMENT, stage="PRODUCTION_TRAFFIC_SHIFT", share=20, healthy=2)
ROLLED_BACK = replace(
    DEPLOYMENT, status="ROLLBACK_SUCCESSFUL", stage=None, reason="because of <alarms>", triggered=("Web-Errors",)
)
COURSE = (Moment(0, DEPLOYMENT), Moment(5, BAKING), Moment(20, ROLLED_BACK))


def _paths(text: str, name: str) -> list[str]:
    return re.findall(rf'<path class="{name}" d="([^"]*)"', text)


def test_lines_keep_a_value_until_the_next_one() -> None:
    text = page({"Shop/Web": COURSE}, live=False)
    # 680 pixels are 20 seconds, and 180 pixels are 100 %.
    assert _paths(text, "share") == ["M48.0 192.0 H218.0 V156.0 H728.0 V192.0"]
    assert _paths(text, "tasks") == ["M48.0 192.0 H218.0 V12.0 H728.0 V192.0"]


def test_each_stage_has_a_band_and_a_long_one_its_name() -> None:
    text = page({"Shop/Web": COURSE}, live=False)
    bands = re.findall(r'<rect class="band" x="([\d.]+)" y="196" width="([\d.]+)" height="16"><title>(\w+)<', text)
    assert bands == [
        ("48.0", "170.0", "SCALE_UP"),
        ("218.0", "510.0", "PRODUCTION_TRAFFIC_SHIFT"),
        ("728.0", "0.0", "ROLLBACK_SUCCESSFUL"),
    ]
    assert re.findall(r'y="208">(\w+)<', text) == ["SCALE_UP", "PRODUCTION_TRAFFIC_SHIFT"]


def test_it_says_what_the_terminal_says_and_no_text_is_markup() -> None:
    text = page({"Shop/<Web>": COURSE}, live=False)
    assert "<h2>Shop/&lt;Web&gt;</h2>" in text
    assert "because of &lt;alarms&gt;" in text
    assert '<span class="bad">Web-Errors is in alarm</span>, Web-Latency' in text
    assert '<span class="bad">ROLLBACK_SUCCESSFUL</span>' in text
    waiting = page({"Web": [Moment(0, replace(DEPLOYMENT, paused_at=("hook-1",)))]}, live=True)
    assert "Waits for a person</span> at hook-1" in waiting


def test_a_browser_loads_it_again_only_while_it_changes() -> None:
    assert 'http-equiv="refresh"' in page({"Web": COURSE}, live=True)
    assert "refresh" not in page({"Web": COURSE}, live=False)


def test_it_loads_nothing_and_runs_nothing() -> None:
    text = page({"Web": COURSE}, live=True)
    assert not re.search(r"<script|<link|<img|src=|href=|url\(|https?:", text)


def test_a_rolling_deployment_has_no_share() -> None:
    rolling = replace(DEPLOYMENT, strategy="ROLLING", stage=None, share=None)
    text = page({"Web": [Moment(0, rolling), Moment(1, replace(rolling, healthy=1))]}, live=False)
    assert _paths(text, "share") == []
    assert _paths(text, "tasks") == ["M48.0 192.0 H116.0 V102.0"]
    assert "New version: 0" not in text
