"""Where policies and images come from: files, templates, and AWS."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs._rules.lifecycle_policy import LifecyclePolicy
from ecr_fargate_constructs._rules.simulation import EcrImage
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.tools.aws_calls import call_aws
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_BATCH = 100  # images that BatchGetImage takes at once


def policy_from_file(file: Path) -> LifecyclePolicy:
    """The policy in a file.

    Raises:
        ToolError: The file holds no policy.
    """
    return _read(file.read_text(encoding="utf-8"), str(file))


def policies_from_templates(path: Path) -> dict[str, LifecyclePolicy]:
    """Every repository's policy in a template, or in the templates of a cloud assembly, by logical id.

    Raises:
        ToolError: There is none, or one holds values that only a deployment knows.
    """
    files = sorted(path.rglob("*.template.json")) if path.is_dir() else [path]
    found = {}
    for file in files:
        for logical_id, resource in json.loads(file.read_text(encoding="utf-8")).get("Resources", {}).items():
            text = resource.get("Properties", {}).get("LifecyclePolicy", {}).get("LifecyclePolicyText")
            if resource.get("Type") != "AWS::ECR::Repository" or text is None:
                continue
            if not isinstance(text, str):
                raise ToolError(f"the lifecycle policy of {logical_id} holds values that only a deployment knows")
            found[logical_id] = _read(text, f"{file.name}, {logical_id}")
    if not found:
        raise ToolError(f"{path} has no repository with a lifecycle policy")
    return found


def images_from_file(file: Path) -> list[EcrImage]:
    """Images from what ``aws ecr describe-images`` prints.

    Raises:
        ToolError: The file is something else.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        details = content["imageDetails"] if isinstance(content, dict) else content
        return [image_from(detail) for detail in details]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ToolError(
            f"{file} does not hold images ({type(error).__name__}: {error})",
            fix="give what 'aws ecr describe-images --repository-name NAME' prints",
        ) from error


def image_from(detail: dict[str, Any], manifests: Iterable[str] = ()) -> EcrImage:
    """An image as ``DescribeImages`` describes it."""
    return EcrImage(
        pushed_at=_instant(detail["imagePushedAt"]),
        tags=tuple(detail.get("imageTags", ())),
        digest=detail.get("imageDigest", ""),
        pulled_at=_optional(detail.get("lastRecordedPullTime")),
        archived_at=_optional(detail.get("lastArchivedAt")) if detail.get("imageStatus") == "ARCHIVED" else None,
        restored_at=_optional(detail.get("lastActivatedAt")),
        manifests=tuple(manifests),
    )


def live_policy(ecr: Any, repository: str) -> LifecyclePolicy:  # noqa: ANN401 - boto3 makes its clients at run time
    """The policy of a repository.

    Raises:
        ToolError: There is no such repository, or it has no policy, or the caller may not ask.
    """
    answer = call_aws(lambda: ecr.get_lifecycle_policy(repositoryName=repository), "ecr:GetLifecyclePolicy")
    return _read(answer["lifecyclePolicyText"], repository)


def live_images(ecr: Any, repository: str) -> list[EcrImage]:  # noqa: ANN401 - boto3 makes its clients at run time
    """The images of a repository, with what its image indexes refer to."""
    pages = ecr.get_paginator("describe_images").paginate(repositoryName=repository)
    details = call_aws(lambda: [detail for page in pages for detail in page["imageDetails"]], "ecr:DescribeImages")
    indexes = [d["imageDigest"] for d in details if d.get("imageManifestMediaType") in _INDEX_TYPES]
    refers = {}
    for start in range(0, len(indexes), _BATCH):
        wanted = [{"imageDigest": digest} for digest in indexes[start : start + _BATCH]]
        answer = call_aws(
            lambda wanted=wanted: ecr.batch_get_image(  # type: ignore[misc]
                repositoryName=repository, imageIds=wanted, acceptedMediaTypes=list(_INDEX_TYPES)
            ),
            "ecr:BatchGetImage",
        )
        for image in answer["images"]:
            manifest = json.loads(image["imageManifest"])
            refers[image["imageId"]["imageDigest"]] = [entry["digest"] for entry in manifest.get("manifests", [])]
    return [image_from(detail, refers.get(detail["imageDigest"], ())) for detail in details]


def _read(text: str, source: str) -> LifecyclePolicy:
    try:
        return LifecyclePolicy.from_text(text)
    except ConfigurationError as error:
        raise ToolError(f"{source}: {error}") from error


def _instant(value: object) -> datetime:
    if isinstance(value, datetime):
        found = value
    elif isinstance(value, (int, float)):
        found = datetime.fromtimestamp(value, timezone.utc)
    else:
        found = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _optional(value: object) -> datetime | None:
    return None if value is None else _instant(value)
