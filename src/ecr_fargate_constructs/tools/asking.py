"""Questions to AWS, and its refusals in the words of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ecr_fargate_constructs.tools.errors import LocalError

if TYPE_CHECKING:
    from collections.abc import Callable


def asked(call: Callable[[], Any], permission: str) -> Any:  # noqa: ANN401 - what AWS answers
    """What AWS answers; a refusal names the permission that is missing.

    Raises:
        LocalError: AWS refuses, or cannot be reached.
    """
    try:
        return call()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if "AccessDenied" in code or "Unauthorized" in code:
            raise LocalError(f"the caller may not ask: {permission} is missing", fix=f"allow {permission}") from error
        raise LocalError(f"AWS answers {code}: {error.response.get('Error', {}).get('Message', '')}") from error
    except BotoCoreError as error:
        raise LocalError(f"AWS cannot be asked: {error}", fix="look at region, credentials and network") from error
