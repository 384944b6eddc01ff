"""The number of a service's tasks, as its box says it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ecr_fargate_constructs.tools.diagram.services import _tasks


@pytest.mark.parametrize(
    ("least", "most", "text"), [(1, 1, "1 task"), (2, 2, "2 tasks"), (1, 4, "1 to 4 tasks"), (0, 1, "0 to 1 tasks")]
)
def test_equal_limits_are_one_number(least: int, most: int, text: str) -> None:
    scaling = SimpleNamespace(get={"MinCapacity": least, "MaxCapacity": most}.get, template=None)
    service: Any = SimpleNamespace(
        scaling=scaling, sleeps=False, app=SimpleNamespace(text=lambda value, _template: str(value))
    )
    assert _tasks(service) == text
