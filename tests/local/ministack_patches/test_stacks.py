"""``DescribeStacks`` of the embedded AWS: it waits for a stack that is being changed, and for nothing else."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest

from ecr_fargate_constructs.local.ministack_patches import stacks

ARN = "arn:aws:cloudformation:us-east-1:1:stack/Web/1"


def _asked(status: str, body: str, *, until: str | None = None) -> tuple[str, float]:
    """What the stack ``Web`` was in when the answer came, and after how many seconds; it changes after a moment."""
    stack = {"StackId": ARN, "StackStatus": status}

    async def handle(*_: Any) -> str:  # noqa: ANN401 - as MiniStack calls it
        return stack["StackStatus"]

    cloudformation: Any = SimpleNamespace(handle_request=handle, _stacks={"Web": stack})
    stacks.answer_when_settled(cloudformation)

    async def run() -> str:
        if until is not None:
            asyncio.get_running_loop().call_later(0.1, stack.update, {"StackStatus": until})
        found: str = await cloudformation.handle_request("POST", "/", {}, body.encode(), {})
        return found

    begun = time.monotonic()
    return asyncio.run(run()), time.monotonic() - begun


@pytest.mark.parametrize("name", ["Web", ARN])
@pytest.mark.parametrize(
    ("status", "until"),
    [
        ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"),
        ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
        ("DELETE_IN_PROGRESS", "DELETE_COMPLETE"),
    ],
)
def test_it_answers_when_the_change_is_done(name: str, status: str, until: str) -> None:
    assert _asked(status, f"Action=DescribeStacks&StackName={name}", until=until)[0] == until


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("UPDATE_COMPLETE", "Action=DescribeStacks&StackName=Web"),
        ("REVIEW_IN_PROGRESS", "Action=DescribeStacks&StackName=Web"),  # waits for whoever executes the change set
        ("UPDATE_IN_PROGRESS", "Action=DescribeStacks&StackName=Other"),
        ("UPDATE_IN_PROGRESS", "Action=DescribeStacks"),
        ("UPDATE_IN_PROGRESS", "Action=DescribeStackEvents&StackName=Web"),
        ("UPDATE_IN_PROGRESS", ""),
    ],
)
def test_all_else_is_answered_at_once(status: str, body: str) -> None:
    found, seconds = _asked(status, body)
    assert found == status
    assert seconds < stacks._LONGEST_WAIT / 2


def test_a_client_is_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "_LONGEST_WAIT", 0.2)
    assert _asked("UPDATE_IN_PROGRESS", "Action=DescribeStacks&StackName=Web")[0] == "UPDATE_IN_PROGRESS"
