"""Call AWS, and report a refusal as an error of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable


def call_aws(call: Callable[[], Any], permission: str) -> Any:  # noqa: ANN401 - boto3 returns untyped dictionaries
    """Make a call to AWS and return its result; when AWS denies it, name the missing permission.

    Raises:
        ToolError: AWS refuses the call, or cannot be reached.
    """
    try:
        return call()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if "AccessDenied" in code or "Unauthorized" in code:
            raise ToolError(f"AWS denied the call: the caller lacks {permission}", fix=f"allow {permission}") from error
        raise ToolError(f"AWS answered with {code}: {error.response.get('Error', {}).get('Message', '')}") from error
    except BotoCoreError as error:
        raise ToolError(
            f"AWS cannot be called: {error}", fix="check the region, the credentials and the network"
        ) from error


def resources_of_stack(cloudformation: Any, stack: str) -> list[dict[str, Any]]:  # noqa: ANN401 - boto3's
    """Return all resources of a stack, page by page: ``DescribeStackResources`` answers with the first 100.

    Raises:
        ToolError: There is no such stack, or the caller lacks the permission.
    """
    resources: list[dict[str, Any]] = call_aws(
        lambda: [
            each
            for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
            for each in page["StackResourceSummaries"]
        ],
        "cloudformation:ListStackResources",
    )
    return resources
