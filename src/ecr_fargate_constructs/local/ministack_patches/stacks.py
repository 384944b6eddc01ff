"""Questions about a stack that is at work, for MiniStack: they are answered when it has finished.

Written for MiniStack 1.5.33, and applied by ``ministack_patches``. The CDK command line asks at once and then every
five seconds whether a stack is ready, and has no option for it. A deployment takes a second here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, TypeAlias

_Finder: TypeAlias = Callable[[object, str], Any]
_Answer: TypeAlias = Awaitable[tuple[int, dict[str, str], bytes | str]]

_LONGEST_WAIT = 10.0
"""Seconds after which a question is answered with the stack still at work."""
_POLL = 0.05
_ASKS = re.compile(rb"(?:^|&)Action=DescribeStacks(?:&|$)")
_NAMES = re.compile(rb"(?:^|&)StackName=[^&]")
# A stack in review waits for whoever made its change set.
_AT_WORK = re.compile(r"<StackStatus>(?!REVIEW_)\w+_IN_PROGRESS</StackStatus>")


def answer_when_done(cloudformation: Any, find: _Finder) -> None:  # noqa: ANN401 - the inside of an untyped package
    """Let ``DescribeStacks`` of one stack wait until nothing is at work on it, for ten seconds at most.

    The events of the stack are told at any time.
    """
    handle = find(cloudformation, "handle_request")

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
    ) -> tuple[int, dict[str, str], bytes | str]:
        async def answer() -> tuple[int, dict[str, str], bytes | str]:
            given: _Answer = handle(method, path, headers, body, query_params)
            return await given

        deadline = monotonic() + _LONGEST_WAIT
        said = await answer()
        while asks_for_one_stack(body) and at_work(said[2]) and monotonic() < deadline:
            await asyncio.sleep(_POLL)
            said = await answer()
        return said

    cloudformation.handle_request = handle_request


def asks_for_one_stack(body: bytes) -> bool:
    """Whether the body of a request, in the Query protocol, asks how one stack does."""
    return bool(_ASKS.search(body) and _NAMES.search(body))


def at_work(answer: bytes | str) -> bool:
    """Whether an answer says that something is at work on the stack."""
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return bool(_AT_WORK.search(text))
