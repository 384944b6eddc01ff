"""The entry point: one event of CloudFormation, one answer, no exception."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .cloudformation import CloudFormation
from .connections import new_pool
from .copying import Copy
from .deadline import Deadline
from .errors import CopyError
from .gates import Gates
from .login import EcrLogin, Login, TokenLogin, ask_aws, user_of
from .mounting import set_mounting
from .reference import Reference
from .registry import Registry, endpoint_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOUNTING = "Custom::EcrFargateBlobMounting"
_MARGIN = 45
"""Seconds by which the answer precedes the function's own limit."""


def handler(event: dict[str, Any], context: Any) -> None:  # noqa: ANN401 - Lambda's
    """Do what CloudFormation asks for."""
    cloudformation = CloudFormation(
        event, f"{getattr(context, 'log_group_name', '')} {getattr(context, 'log_stream_name', '')}".strip()
    )
    deadline = Deadline(max(1.0, context.get_remaining_time_in_millis() / 1000 - _MARGIN))
    try:
        physical_id, attributes = deadline.run(lambda: _do(event, deadline))
    except Exception as error:  # noqa: BLE001 - CloudFormation waits for an answer in any case
        cloudformation.fail(str(error) if isinstance(error, CopyError) else f"{type(error).__name__}: {error}")
    else:
        cloudformation.succeed(physical_id, attributes)


def _do(event: dict[str, Any], deadline: Deadline) -> tuple[str, dict[str, str]]:
    """Return physical id and attributes of the resource."""
    request, physical_id = event["RequestType"], event.get("PhysicalResourceId")
    if event["ResourceType"] == MOUNTING:
        return deadline.retry(lambda: ask_aws(lambda: set_mounting(request, physical_id))), {}
    properties = event["ResourceProperties"]
    target = properties["Destination"]
    if request == "Delete":  # other stacks may run the image; the retention policy expires it
        return physical_id or target, {}
    digest = copy(
        properties["Source"],
        target,
        properties["Architecture"],
        deadline,
        properties.get("Credentials"),
        gates=properties.get("Gates", ()),
        further_tags=tuple(properties.get("Tags", ())),
    )
    return physical_id or target, {"Digest": digest}


def copy(
    source: str,
    destination: str,
    architecture: str,
    deadline: Deadline,
    secret_arn: str | None = None,
    *,
    gates: Sequence[Mapping[str, str]] = (),
    further_tags: tuple[str, ...] = (),
) -> str:
    """Copy an image, and return the digest of the copy.

    Args:
        source: Full name of the image: registry, repository, tag or digest.
        destination: Full name of the copy, with a tag.
        architecture: An architecture as images name it, such as ``amd64``; ``all`` copies an index as it is.
        deadline: Time limit.
        secret_arn: Secret with the login for the source's registry; None for anonymous access. ECR uses the function's
            role instead.
        gates: Conditions that the image has to meet before it gets the tag.
        further_tags: Tags that the copy gets too.

    Raises:
        CopyError: The image cannot be copied.
    """
    pool = new_pool(deadline)
    login: Login
    ecr: dict[str, Login] = {}  # one token serves every registry of a region
    registries = []
    for name in (source, destination):
        reference = Reference.parse(name)
        region = reference.ecr_region
        if region is None:
            user = deadline.retry(lambda: user_of(secret_arn)) if secret_arn and name == source else None
            login = TokenLogin(pool, user)
        else:
            login = ecr.setdefault(region, EcrLogin(region))
        registries.append(Registry(reference, pool, deadline, login, endpoint_of(reference)))
    checked = Gates(gates, registries[0].reference, registries[1].reference, deadline) if gates else None
    return Copy(registries[0], registries[1], architecture, deadline, checked, further_tags).make()
