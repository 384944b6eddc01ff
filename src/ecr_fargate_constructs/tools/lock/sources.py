"""Find the image to lock: the one that a service of a stack runs, or the one of a name."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import urllib3

from ecr_fargate_constructs._rules.lock_file import ARCHITECTURES
from ecr_fargate_constructs.tools.aws_calls import call_aws, resources_of_stack
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_DOMAINS = (
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
    "on.aws",
    "on.amazonwebservices.com.cn",
    "on.amazonwebservices.eu",
)
"""Domains of AWS's partitions: ECR's login is sent to no other domain."""

_PRIVATE = re.compile(
    r"(?P<repository>(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\."
    rf"(?:{'|'.join(map(re.escape, _DOMAINS))})/(?P<name>[a-z0-9._/-]+))"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_ACCEPTED = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
]
_TIMEOUT = urllib3.Timeout(connect=5, read=20)


@dataclass(frozen=True)
class PrivateImage:
    """A name of an image in ECR.

    Attributes:
        repository: Repository, registry included.
        account: Account of the registry.
        region: Region of the registry.
        name: Name of the repository.
        tag: The tag; None if the name has only a digest.
        digest: The digest; None if the name has only a tag.
    """

    repository: str
    account: str
    region: str
    name: str
    tag: str | None
    digest: str | None

    @classmethod
    def parse(cls, text: str) -> PrivateImage:
        """Read a full name.

        Raises:
            ToolError: The image is not in ECR, or the name has no version.
        """
        match = _PRIVATE.fullmatch(text)
        if match is None:
            raise ToolError(
                f"{text} is not an image in a private repository of ECR",
                fix="use 111122223333.dkr.ecr.REGION.amazonaws.com/NAME:TAG, or @DIGEST",
            )
        if match["tag"] is None and match["digest"] is None:
            raise ToolError(f"{text} names no version", fix="add :TAG or @DIGEST")
        return cls(match["repository"], match["account"], match["region"], match["name"], match["tag"], match["digest"])


@dataclass(frozen=True)
class FoundImage:
    """An image as ECR has it.

    Attributes:
        repository: Repository, registry included.
        digest: Digest of its manifest or index.
        tag: Its tag; None if it has none.
        architectures: Its architectures, as images name them.
        revision: The label ``org.opencontainers.image.revision``; None if it has none.
    """

    repository: str
    digest: str
    tag: str | None
    architectures: tuple[str, ...]
    revision: str | None


def image_of_service(clients: Callable[[str], Any], stack: str, service: str | None, container: str | None) -> str:
    """Return the image that a service of a stack runs, as its task definition names it.

    Args:
        clients: Returns the client of an AWS service.
        stack: Name of the stack.
        service: Logical id or name of the service, or the beginning of one; None if the stack has one service.
        container: Name of the container; None if one container has an image in a private repository.

    Raises:
        ToolError: There is no such service or container, more than one, or the service's deployment is not completed.
    """
    resources = resources_of_stack(clients("cloudformation"), stack)
    services = {
        each["PhysicalResourceId"]: (each["LogicalResourceId"], each["PhysicalResourceId"].rpartition("/")[2])
        for each in resources
        if each["ResourceType"] == "AWS::ECS::Service" and each.get("PhysicalResourceId")
    }
    matching = [arn for arn, names in services.items() if service is None or any(n.startswith(service) for n in names)]
    arn = _one(matching, "service", f"the stack {stack}", [logical for logical, _ in services.values()], service)
    ecs = clients("ecs")
    [described] = call_aws(
        lambda: ecs.describe_services(cluster=arn.split("/")[-2], services=[arn])["services"], "ecs:DescribeServices"
    )
    _check_steady(described)
    definition = call_aws(
        lambda: ecs.describe_task_definition(taskDefinition=described["taskDefinition"])["taskDefinition"],
        "ecs:DescribeTaskDefinition",
    )
    images = {each["name"]: each["image"] for each in definition["containerDefinitions"]}
    private = [name for name, image in images.items() if _PRIVATE.fullmatch(image)]
    named = [name for name in private if container in {None, name}]
    return str(images[_one(named, "container", described["serviceName"], private, container)])


def _check_steady(service: dict[str, Any]) -> None:
    """Refuse a service that is in the middle of a deployment, whose last one failed, or that has no task."""
    deployments = service.get("deployments", [])
    done = (
        len(deployments) == 1
        and deployments[0].get("rolloutState", "COMPLETED") == "COMPLETED"
        and service["runningCount"] >= service["desiredCount"]
    )
    if not done:
        states = ", ".join(f"{each['status']} {each.get('rolloutState', '')}".strip() for each in deployments)
        raise ToolError(
            f"the service {service['serviceName']} has not completed a deployment ({states or 'no deployment'}, "
            f"{service['runningCount']} of {service['desiredCount']} tasks run)",
            fix="lock the image when the deployment has completed",
        )
    if not service["runningCount"]:
        raise ToolError(
            f"no task of the service {service['serviceName']} runs, so there is no evidence that the image does",
            fix="lock it while a task runs, or by its name with --image",
        )


def _one(found: Sequence[str], what: str, place: str, there: Sequence[str], wanted: str | None) -> str:
    if len(found) == 1:
        return found[0]
    described = (
        f"{what} {wanted!r}" if wanted is not None else f"{what} with a private image" * (what == "container") or what
    )
    if not found:
        raise ToolError(f"{place} has no {described}", fix=f"it has {', '.join(sorted(there))}" if there else None)
    raise ToolError(
        f"{place} has more than one {what} to lock: {', '.join(sorted(there))}", fix=f"name one with --{what}"
    )


def look_up(ecr: Any, image: PrivateImage, endpoint: str | None = None) -> FoundImage:  # noqa: ANN401 - boto3
    """Ask ECR for the digest, the architectures and the revision of an image.

    Args:
        ecr: Client of ECR in the image's region.
        image: The image.
        endpoint: Address of an embedded AWS that answers in place of the registry; None on AWS.

    Raises:
        ToolError: ECR does not have the image, or it is built for no architecture that tasks can have.
    """
    wanted = {"imageDigest": image.digest} if image.digest else {"imageTag": image.tag}
    digest, manifest = _manifest(ecr, image, wanted)
    where = f"{image.repository}@{digest}"
    children = [
        each
        for each in manifest.get("manifests", ())
        if each.get("platform", {}).get("os") == "linux" and each["platform"].get("architecture") in ARCHITECTURES
    ]
    first = _manifest(ecr, image, {"imageDigest": children[0]["digest"]})[1] if children else manifest
    config = _config(ecr, image, first, endpoint)
    architectures = [each["platform"]["architecture"] for each in children] or [config.get("architecture")]
    if not set(architectures) <= set(ARCHITECTURES):
        raise ToolError(
            f"{where} is built for {', '.join(map(str, architectures))}", fix=f"lock an image for {ARCHITECTURES}"
        )
    labels = (config.get("config") or {}).get("Labels") or {}
    return FoundImage(
        image.repository,
        digest,
        image.tag or _tag_of(ecr, image, digest),
        tuple(dict.fromkeys(architectures)),
        labels.get("org.opencontainers.image.revision"),
    )


def _manifest(ecr: Any, image: PrivateImage, wanted: dict[str, Any]) -> tuple[str, dict[str, Any]]:  # noqa: ANN401 - boto3
    answer = call_aws(
        lambda: ecr.batch_get_image(
            registryId=image.account, repositoryName=image.name, imageIds=[wanted], acceptedMediaTypes=_ACCEPTED
        ),
        "ecr:BatchGetImage",
    )
    if not answer.get("images"):
        reason = next((each.get("failureReason", "") for each in answer.get("failures", ())), "")
        raise ToolError(f"{image.repository} has no image {' '.join(map(str, wanted.values()))}: {reason}".rstrip(": "))
    found = answer["images"][0]
    return found["imageId"]["imageDigest"], json.loads(found["imageManifest"])


def _tag_of(ecr: Any, image: PrivateImage, digest: str) -> str | None:  # noqa: ANN401 - boto3
    answer = call_aws(
        lambda: ecr.describe_images(
            registryId=image.account, repositoryName=image.name, imageIds=[{"imageDigest": digest}]
        ),
        "ecr:DescribeImages",
    )
    tags = sorted(answer["imageDetails"][0].get("imageTags", ()))
    return tags[0] if tags else None


def _config(ecr: Any, image: PrivateImage, manifest: dict[str, Any], endpoint: str | None) -> dict[str, Any]:  # noqa: ANN401 - boto3
    """Return the configuration of an image, which the registry serves like a layer."""
    token = call_aws(lambda: ecr.get_authorization_token()["authorizationData"][0], "ecr:GetAuthorizationToken")
    host = image.repository.partition("/")[0]
    base, headers = (f"https://{host}", {}) if endpoint is None else (endpoint.rstrip("/"), {"Host": host})
    try:
        response = urllib3.PoolManager().request(  # follows ECR to its storage, without the login
            "GET",
            f"{base}/v2/{image.name}/blobs/{manifest['config']['digest']}",
            headers={**headers, "Authorization": f"Basic {token['authorizationToken']}"},
            timeout=_TIMEOUT,
        )
    except urllib3.exceptions.HTTPError as error:
        raise ToolError(
            f"the registry {host} cannot be reached: {type(error).__name__}", fix="check the network"
        ) from error
    if response.status != 200:  # noqa: PLR2004 - OK
        raise ToolError(f"the registry {host} answered with {response.status}", fix="allow ecr:GetDownloadUrlForLayer")
    config: dict[str, Any] = json.loads(response.data)
    return config
