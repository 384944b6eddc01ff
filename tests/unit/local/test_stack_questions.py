"""A question about a stack that is at work is answered when it has finished, and in ten seconds in any case."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from ecr_fargate_constructs.local.ministack_patches import stacks

_ASK = b"Action=DescribeStacks&Version=2010-05-15&StackName=Shop"


def _stack(status: str) -> str:
    return f"<member><StackName>Shop</StackName><StackStatus>{status}</StackStatus></member>"


class _CloudFormation:
    """Answers with one status after the other, the last one for good; the clock goes on by a second a question."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *statuses: str) -> None:
        self.asked = 0
        module = SimpleNamespace(handle_request=self._handle)
        stacks.answer_when_done(module, getattr)
        self._patched = module.handle_request
        self._statuses = statuses
        monkeypatch.setattr(stacks, "_POLL", 0)
        monkeypatch.setattr(f"{stacks.__name__}.monotonic", lambda: float(self.asked))

    async def _handle(self, *_arguments: Any) -> tuple[int, dict[str, str], bytes]:  # noqa: ANN401 - MiniStack's own
        self.asked += 1
        return 200, {}, _stack(self._statuses[min(self.asked, len(self._statuses)) - 1]).encode()

    def ask(self, body: bytes) -> str:
        _, _, said = asyncio.run(self._patched("POST", "/", {}, body, {}))
        return str(said.decode())


def test_the_answer_waits_until_the_stack_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = _CloudFormation(monkeypatch, "UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    assert cloud.ask(_ASK) == _stack("UPDATE_COMPLETE")
    assert cloud.asked == 3


def test_it_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = _CloudFormation(monkeypatch, "CREATE_IN_PROGRESS")
    assert cloud.ask(_ASK) == _stack("CREATE_IN_PROGRESS")
    assert cloud.asked == stacks._LONGEST_WAIT


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (_ASK, "CREATE_COMPLETE"),
        (_ASK, "REVIEW_IN_PROGRESS"),
        (_ASK, "UPDATE_ROLLBACK_FAILED"),
        (b"Action=DescribeStacks&Version=2010-05-15", "CREATE_IN_PROGRESS"),
        (b"Action=DescribeStackEvents&StackName=Shop", "CREATE_IN_PROGRESS"),
        (b"Action=DescribeStacks&StackName=", "CREATE_IN_PROGRESS"),
    ],
)
def test_everything_else_is_answered_at_once(body: bytes, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = _CloudFormation(monkeypatch, status)
    assert cloud.ask(body) == _stack(status)
    assert cloud.asked == 1
