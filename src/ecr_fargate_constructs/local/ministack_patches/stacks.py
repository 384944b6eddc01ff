"""Delay ``DescribeStacks`` until a changing stack has settled.

The CDK command line sleeps for five seconds whenever a stack is not finished: little on AWS, but most of a deployment
on the embedded AWS. Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from ecr_fargate_constructs.local.ministack_patches.internals import find

_Query: TypeAlias = dict[str, list[str]]
_POLL = 0.05
_LONGEST_WAIT = 20.0  # seconds; clients time out after sixty


def answer_when_settled(cloudformation: Any) -> None:  # noqa: ANN401 - an untyped package
    """Let ``DescribeStacks`` of one stack wait while the stack is changing, but no longer than clients wait."""
    handle, stacks = find(cloudformation, "handle_request"), find(cloudformation, "_stacks")

    def changing(name: str) -> bool:
        matching = [stack for key, stack in list(stacks.items()) if name in {key, stack.get("StackId")}]
        states = [str(stack.get("StackStatus")) for stack in matching]
        return any(state.endswith("_IN_PROGRESS") and not state.startswith("REVIEW_") for state in states)

    async def handle_request(method: str, path: str, headers: Any, body: bytes, query: _Query) -> object:  # noqa: ANN401
        parameters = {**query, **parse_qs(body.decode("utf-8", errors="replace"))}
        if parameters.get("Action") == ["DescribeStacks"] and "StackName" in parameters:
            for _ in range(round(_LONGEST_WAIT / _POLL)):
                if not changing(parameters["StackName"][0]):
                    break
                await asyncio.sleep(_POLL)
        return await handle(method, path, headers, body, query)

    cloudformation.handle_request = handle_request
