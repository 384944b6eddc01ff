"""The stacks of previews in an account and region, by their tag."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs._rules import previews
from ecr_fargate_constructs.tools.aws_calls import call_aws
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

_POLL = 3.0  # seconds
_PATIENCE = 45 * 60  # seconds; draining, and deletion of network interfaces
_FAILED = "DELETE_FAILED"
_GONE = "DELETE_COMPLETE"


@dataclass(frozen=True)
class PreviewStack:
    """A stack of a preview.

    Attributes:
        preview: Name of the preview.
        name: Name of the stack.
        id: ARN of the stack.
        status: CloudFormation's status.
        expires: When it is deleted; None for never, and if it is not known yet.
        url: First output that is a URL; None without one.
    """

    preview: str
    name: str
    id: str
    status: str
    expires: datetime | None
    url: str | None

    @classmethod
    def of(cls, stack: dict[str, Any]) -> PreviewStack | None:
        """Read an answer of CloudFormation; None if the stack is not one of a preview."""
        tags = {each["Key"]: each["Value"] for each in stack.get("Tags") or ()}
        if previews.TAG not in tags:
            return None
        outputs = {each["OutputKey"]: each.get("OutputValue", "") for each in stack.get("Outputs") or ()}
        urls = (each for each in outputs.values() if each.startswith(("http://", "https://")))
        return cls(
            preview=tags[previews.TAG],
            name=stack["StackName"],
            id=stack["StackId"],
            status=stack["StackStatus"],
            expires=previews.read(outputs.get(previews.EXPIRES, "")),
            url=next(urls, None),
        )

    def expired(self, now: datetime) -> bool:
        """Return whether its time is over."""
        return self.expires is not None and self.expires <= now

    def as_json(self) -> dict[str, str | None]:
        """Return what ``preview list --format json`` prints of it; times are in UTC."""
        return {
            "preview": self.preview,
            "stack": self.name,
            "id": self.id,
            "status": self.status,
            "expires": None if self.expires is None else previews.written(self.expires),
            "url": self.url,
        }


def preview_stacks(cloudformation: Any) -> list[PreviewStack]:  # noqa: ANN401 - boto3's
    """Return the stacks of all previews, by name.

    Raises:
        ToolError: AWS refuses the call.
    """
    answers = call_aws(
        lambda: [
            stack
            for page in cloudformation.get_paginator("describe_stacks").paginate()
            for stack in page["Stacks"]
            if stack["StackStatus"] != _GONE
        ],
        "cloudformation:DescribeStacks",
    )
    found = [stack for each in answers if (stack := PreviewStack.of(each)) is not None]
    return sorted(found, key=lambda each: (each.preview, each.name))


def chosen(stacks: Sequence[PreviewStack], names: Iterable[str]) -> list[PreviewStack]:
    """Return the stacks of these previews.

    Raises:
        ToolError: There is no preview of a name.
    """
    wanted = list(dict.fromkeys(names))
    missing = [name for name in wanted if all(each.preview != name for each in stacks)]
    if missing:
        existing = ", ".join(dict.fromkeys(each.preview for each in stacks)) or "none"
        raise ToolError(f"there is no preview {', '.join(missing)}", fix=f"name one of the previews: {existing}")
    return [each for each in stacks if each.preview in wanted]


def delete(
    cloudformation: Any,  # noqa: ANN401 - boto3's
    stacks: Sequence[PreviewStack],
    gone: Callable[[PreviewStack], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Delete stacks at once, and wait until they are gone.

    Args:
        cloudformation: Client.
        stacks: The stacks.
        gone: Is called with each that is gone.
        sleep: Waits for seconds; tests set it.

    Raises:
        ToolError: AWS refuses a call, or could not delete a stack.
    """
    for stack in stacks:
        call_aws(partial(cloudformation.delete_stack, StackName=stack.id), "cloudformation:DeleteStack")
    waiting, failed, waited = list(stacks), [], 0.0
    while waiting:
        for stack in tuple(waiting):
            describe = partial(cloudformation.describe_stacks, StackName=stack.id)
            found = call_aws(describe, "cloudformation:DescribeStacks")["Stacks"][0]
            if found["StackStatus"] == _GONE:
                gone(stack)
            elif found["StackStatus"] == _FAILED:
                failed.append(f"{stack.name} ({found.get('StackStatusReason') or 'CloudFormation gives no reason'})")
            else:
                continue
            waiting.remove(stack)
        if waiting:
            if waited > _PATIENCE:
                raise ToolError(f"not deleted after {_PATIENCE // 60} minutes: {', '.join(s.name for s in waiting)}")
            sleep(_POLL)
            waited += _POLL
    if failed:
        raise ToolError(
            f"CloudFormation could not delete {'; '.join(failed)}",
            fix="look at the stack's events, empty or delete what is named there, and run the command again",
        )
