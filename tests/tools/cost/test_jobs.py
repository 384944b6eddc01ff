"""The price of the task of a scheduled job."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.cost.bill import bill_of
from ecr_fargate_constructs.tools.cost.prices import price_table

if TYPE_CHECKING:
    from pathlib import Path


def test_the_task_of_a_job_costs_by_the_hour_of_a_run(assemblies: Path) -> None:
    usage = {each.what: each.price for each in bill_of(load(assemblies / "scheduled_job"), price_table()).usage}
    hourly = Decimal("0.25") * Decimal("0.04048") + Decimal("0.5") * Decimal("0.004445")
    for name in ("Report", "CleanUp"):
        line = f"task of the job Jobs/{name} (0.25 vCPU, 0.5 GB, X86_64), per hour of a run"
        assert usage[line] == round(hourly, 6)
