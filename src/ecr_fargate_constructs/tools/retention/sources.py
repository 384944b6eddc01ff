"""Read lifecycle policies and images from files, templates and AWS."""

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
_BATCH = 100  # images that BatchGetImage takes in one call


def policy_from_file(file: Path) -> LifecyclePolicy:
    """Read the policy in a file.

    Raises:
        ToolError: The file holds no policy.
    """
    return _read(file.read_text(encoding="utf-8"), str(file))


def policies_from_templates(path: Path) -> dict[str, LifecyclePolicy]:
    """Return the lifecycle policies in a template, or in the templates of a cloud assembly, by logical id.

    Raises:
        ToolError: There is none, or a policy has values that only the deployment knows.
    """
    files = sorted(path.rglob("*.template.json")) if path.is_dir() else [path]
    policies = {}
    for file in files:
        for logical_id, resource in json.loads(file.read_text(encoding="utf-8")).get("Resources", {}).items():
            text = resource.get("Properties", {}).get("LifecyclePolicy", {}).get("LifecyclePolicyText")
            if resource.get("Type") != "AWS::ECR::Repository" or text is None:
                continue
            if not isinstance(text, str):
                raise ToolError(f"the lifecycle policy of {logical_id} has values that only the deployment knows")
            policies[logical_id] = _read(text, f"{file.name}, {logical_id}")
    if not policies:
        raise ToolError(f"{path} has no repository with a lifecycle policy")
    return policies


def images_from_file(file: Path) -> list[EcrImage]:
    """Read the images in a file with the output of ``aws ecr describe-images``.

    Raises:
        ToolError: The file holds something else.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        details = content["imageDetails"] if isinstance(content, dict) else content
        return [image_from(detail) for detail in details]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ToolError(
            f"{file} holds no list of images ({type(error).__name__}: {error})",
            fix="give a file with the output of 'aws ecr describe-images --repository-name NAME'",
        ) from error


def image_from(detail: dict[str, Any], manifests: Iterable[str] = ()) -> EcrImage:
    """Return an image from its description in ``DescribeImages``."""
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
    """Return the lifecycle policy of a repository in AWS.

    Raises:
        ToolError: There is no such repository, it has no policy, or the caller lacks a permission.
    """
    answer = call_aws(lambda: ecr.get_lifecycle_policy(repositoryName=repository), "ecr:GetLifecyclePolicy")
    return _read(answer["lifecyclePolicyText"], repository)


def live_images(ecr: Any, repository: str) -> list[EcrImage]:  # noqa: ANN401 - boto3 makes its clients at run time
    """Return the images of a repository in AWS; an image index has the digests that it refers to."""
    pages = ecr.get_paginator("describe_images").paginate(repositoryName=repository)
    details = call_aws(lambda: [detail for page in pages for detail in page["imageDetails"]], "ecr:DescribeImages")
    indexes = [d["imageDigest"] for d in details if d.get("imageManifestMediaType") in _INDEX_TYPES]
    referenced = {}
    for start in range(0, len(indexes), _BATCH):
        image_ids = [{"imageDigest": digest} for digest in indexes[start : start + _BATCH]]
        answer = call_aws(
            lambda image_ids=image_ids: ecr.batch_get_image(  # type: ignore[misc]
                repositoryName=repository, imageIds=image_ids, acceptedMediaTypes=list(_INDEX_TYPES)
            ),
            "ecr:BatchGetImage",
        )
        for image in answer["images"]:
            manifest = json.loads(image["imageManifest"])
            referenced[image["imageId"]["imageDigest"]] = [entry["digest"] for entry in manifest.get("manifests", [])]
    return [image_from(detail, referenced.get(detail["imageDigest"], ())) for detail in details]


def _read(text: str, source: str) -> LifecyclePolicy:
    try:
        return LifecyclePolicy.from_text(text)
    except ConfigurationError as error:
        raise ToolError(f"{source}: {error}") from error


def _instant(value: object) -> datetime:
    if isinstance(value, datetime):
        instant = value
    elif isinstance(value, (int, float)):
        instant = datetime.fromtimestamp(value, timezone.utc)
    else:
        instant = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)


def _optional(value: object) -> datetime | None:
    return None if value is None else _instant(value)
