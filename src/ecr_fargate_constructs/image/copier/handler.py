"""The entry point: one event of CloudFormation, one answer, no exception."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .cloudformation import CloudFormation
from .connections import new_pool
from .copying import ALL_ARCHITECTURES, Copy
from .deadline import Deadline
from .errors import CopyError
from .gates import Gates
from .indexing import Index
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
    if "Images" in properties:
        digest = put_together(properties["Images"], target, deadline, tuple(properties.get("Tags", ())))
        return physical_id or target, {"Digest": digest}
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
    registries = _Registries(deadline)
    user = deadline.retry(lambda: user_of(secret_arn)) if secret_arn and not registries.uses_iam(source) else None
    origin, target = registries.of(source, user), registries.of(destination)
    checked = Gates(gates, origin.reference, target.reference, deadline) if gates else None
    return Copy(origin, target, architecture, deadline, checked, further_tags).make()


def put_together(
    images: Mapping[str, str], destination: str, deadline: Deadline, further_tags: tuple[str, ...] = ()
) -> str:
    """Copy images of several architectures, and put an index of them under the tag; return its digest.

    Args:
        images: Full name of the image of each architecture, as images name it.
        destination: Full name of the index, with a tag.
        deadline: Time limit.
        further_tags: Tags that the index gets too.

    Raises:
        CopyError: An image cannot be copied, or the tag belongs to something else.
    """
    registries = _Registries(deadline)
    sources = {architecture: registries.of(name) for architecture, name in images.items()}
    target = registries.of(destination)
    copy_of_index = Copy(target, target, ALL_ARCHITECTURES, deadline, further_tags=further_tags)
    return Index(sources, copy_of_index).make()


class _Registries:
    """Clients of registries that share connections, and one token for every registry of a region."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline, self._pool = deadline, new_pool(deadline)
        self._tokens: dict[str, Login] = {}

    @staticmethod
    def uses_iam(name: str) -> bool:
        return Reference.parse(name).ecr_region is not None

    def of(self, name: str, user: tuple[str, str] | None = None) -> Registry:
        reference = Reference.parse(name)
        region = reference.ecr_region
        if region is None:
            login: Login = TokenLogin(self._pool, user)
        else:
            login = self._tokens.setdefault(region, EcrLogin(region))
        return Registry(reference, self._pool, self._deadline, login, endpoint_of(reference))
