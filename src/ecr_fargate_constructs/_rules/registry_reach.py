"""Check whether VPC endpoints are enough to pull an image. Pure: no CDK objects.

The endpoints serve private repositories of their own region, but not ECR Public. Source: "Amazon ECR interface VPC
endpoints" in the Amazon ECR user guide.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ecr_fargate_constructs._rules.image_reference import ImageReference
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection

_PRIVATE = re.compile(r"\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z]{2,4}(?:-[a-z]+)+-\d+)?")
_PUBLIC = {
    "public.ecr.aws",
    "ecr-public.aws.com",
    "cgr.dev",
    "docker.elastic.co",
    "gcr.io",
    "ghcr.io",
    "lscr.io",
    "mcr.microsoft.com",
    "nvcr.io",
    "quay.io",
    "registry.access.redhat.com",
    "registry.gitlab.com",
    "registry.k8s.io",
}


class OutOfReach(NamedTuple):
    """The reason why an image cannot be pulled."""

    reason: str
    fix: str
    certain: bool
    """False if the registry might be inside the VPC."""


def out_of_reach(image: str, *, region: str | None, regions: Collection[str | None]) -> OutOfReach | None:
    """Return why VPC endpoints do not lead to an image; None if they do, or if only the deployment knows.

    Args:
        image: The image name in the task definition, without the parts that only the deployment knows.
        region: The region of the task; None if only the deployment knows it.
        regions: Regions that endpoints for ``ecr.dkr`` lead to; None stands for the region of the task.
    """
    private = _PRIVATE.search(image.partition("/")[0])
    if private is not None:
        return _of_region(private["region"], region, regions)
    try:
        reference = ImageReference.parse(image, name="image")
    except ConfigurationError:
        return None
    public = reference.on_docker_hub or reference.registry in _PUBLIC or reference.registry.endswith(".pkg.dev")
    return OutOfReach(
        f"{'is in a public registry' if public else f'comes from {reference.registry}'}, but VPC endpoints lead only "
        "to private repositories of Amazon ECR",
        f"use PrivateRepository.mirror_image({image!r}) or PullThroughCache",
        certain=public,
    )


def _of_region(image: str | None, region: str | None, regions: Collection[str | None]) -> OutOfReach | None:
    if image is None or region is None or image == region or image in regions:
        return None
    return OutOfReach(
        f"is in a repository of {image}, but the VPC's endpoints lead to those of {region}",
        f"use PrivateRepository.mirror_image(…) or a repository of {region}",
        certain=True,
    )


def text_of(value: Any) -> str:  # noqa: ANN401 - a string, or an intrinsic function
    """Return a text without the parts that only the deployment knows; empty if it knows all of it."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        if "Fn::Sub" in value:
            template = value["Fn::Sub"]
            return re.sub(r"\$\{[^}]*\}", "", template if isinstance(template, str) else template[0])
        separator, parts = value.get("Fn::Join", ("", []))
        return str(separator).join(part if isinstance(part, str) else "" for part in parts)
    return ""
