"""Functions as targets of a load balancer, in records like MiniStack's."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from ecr_fargate_constructs.local.ministack_patches.internals import MovedError
from ecr_fargate_constructs.local.ministack_patches.template_targets import (
    TARGET_GROUP,
    limit_invocations,
    register_targets_of_templates,
)


def _handlers() -> dict[str, Any]:
    return {
        TARGET_GROUP: {
            "create": lambda logical_id, *_: (logical_id, {}),
            "update": lambda arn, *_: (arn, {}),
            "delete": None,
        }
    }


def test_targets_of_a_template_are_registered_and_changed() -> None:
    alb, handlers = SimpleNamespace(_targets={}), _handlers()
    register_targets_of_templates(alb, handlers)
    first, second = {"Targets": [{"Id": "f"}]}, {"Targets": [{"Id": "g", "Port": "8080"}]}
    assert handlers[TARGET_GROUP]["create"]("group", first, "stack") == ("group", {})
    assert alb._targets == {"group": [{"Id": "f"}]}
    alb._targets["group"].append({"Id": "10.0.0.1"})  # of somebody else
    handlers[TARGET_GROUP]["update"]("group", first, second, "stack")
    assert alb._targets == {"group": [{"Id": "10.0.0.1"}, {"Id": "g", "Port": 8080}]}
    assert handlers[TARGET_GROUP]["delete"] is None


def test_a_group_without_targets_has_none() -> None:
    alb, handlers = SimpleNamespace(_targets={}), _handlers()
    register_targets_of_templates(alb, handlers)
    handlers[TARGET_GROUP]["create"]("group", {}, "stack")
    assert alb._targets == {"group": []}


def test_a_moved_type_is_reported() -> None:
    with pytest.raises(MovedError, match="TargetGroup"):
        register_targets_of_templates(SimpleNamespace(_targets={}), {})


def test_requests_to_functions_wait_for_each_other_and_none_is_lost() -> None:
    at_once, most = 0, 0

    async def invoke(number: int) -> int:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1
        if number == 7:
            raise RuntimeError("a function that fails")
        return number

    alb: Any = SimpleNamespace(_invoke_lambda_target=invoke)
    limit_invocations(alb, at_once=3)

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(alb._invoke_lambda_target(each) for each in range(20)), return_exceptions=True)

    answers = asyncio.run(all_of_them())
    assert most == 3
    assert [each for each in answers if isinstance(each, int)] == [each for each in range(20) if each != 7]
