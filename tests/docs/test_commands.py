"""The documents show what the commands print."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rules_table
from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.cost import report
from ecr_fargate_constructs.tools.cost.bill import bill_of
from ecr_fargate_constructs.tools.cost.egress import egress_costs
from ecr_fargate_constructs.tools.cost.prices import price_table
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_the_table_of_rules_is_up_to_date() -> None:
    assert rules_table.PAGE.read_text(encoding="utf-8") == rules_table.page(), "run: python scripts/rules_table.py"


def test_the_cost_of_the_front_page_app_is_what_the_page_says(assemblies: Path) -> None:
    app, table = load(assemblies / "three_lines"), price_table()
    assert report.markdown(bill_of(app, table), egress_costs(app, table)) in (ROOT / "docs" / "commands.md").read_text(
        encoding="utf-8"
    )
