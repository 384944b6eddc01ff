"""What ECR answers: repositories, images, the preview of a lifecycle policy, and the registry's own protocol."""

from __future__ import annotations

import base64
import time
import urllib.error
import urllib.request
from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs._rules.simulation import simulate
from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.retention.sources import live_images, live_policy
from tests.aws.answers.asking import asked, chosen

if TYPE_CHECKING:
    from tests.aws.answers.asking import Answer, Resource, Scene

_ACCEPTED = (
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json"
)
_SECONDS = 120
_TIMEOUT = 30
_POLL = 2
_EMPTY_LAYER = "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"
"""A digest that no repository of the examples has: a mount of it cannot succeed."""


def repositories(scene: Scene) -> Answer:
    """Return each repository, its images, and what its lifecycle policy would remove now."""
    found = scene.of("AWS::ECR::Repository")
    return {each.logical: asked(_repository, scene, each) for each in found}


def _repository(scene: Scene, resource: Resource) -> Answer:
    ecr = scene.client("ecr")
    [described] = ecr.describe_repositories(repositoryNames=[resource.physical])["repositories"]
    images = ecr.describe_images(repositoryName=resource.physical)["imageDetails"]
    kinds = sorted(each.get("imageManifestMediaType", "") for each in images)
    return {
        **chosen(described, ("imageTagMutability", "imageScanningConfiguration")),
        "encryption": (described.get("encryptionConfiguration") or {}).get("encryptionType"),
        "images": kinds,
        "tags": sorted(len(each.get("imageTags", ())) for each in images),
        "preview": asked(_preview, ecr, resource.physical, calculated=scene.target.previews),
    }


def _preview(ecr: Any, repository: str, *, calculated: bool) -> Answer:  # noqa: ANN401 - boto3
    """Return what the policy would remove: by ECR's preview, which removes nothing, or by this library's simulation."""
    if not calculated:
        try:
            policy = live_policy(ecr, repository)
        except ToolError:
            return {"refused": "LifecyclePolicyNotFoundException"}
        plan = simulate(policy, live_images(ecr, repository), datetime.now(timezone.utc))
        return {"status": "COMPLETE", "removed": len(plan.expired), "archived": len(plan.archived)}
    ecr.start_lifecycle_policy_preview(repositoryName=repository)
    deadline = time.monotonic() + _SECONDS
    while True:
        preview = ecr.get_lifecycle_policy_preview(repositoryName=repository)
        if preview["status"] != "IN_PROGRESS" or time.monotonic() > deadline:
            actions = Counter(each["action"]["type"] for each in preview.get("previewResults", ()))
            return {"status": preview["status"], "removed": actions["EXPIRE"], "archived": actions["TRANSITION"]}
        time.sleep(_POLL)


def registry_answers(scene: Scene) -> Answer:
    """Return what the registry answers about the newest image of each repository: manifest, layers, a mount."""
    found = {}
    for each in scene.of("AWS::ECR::Repository"):
        images = asked(scene.client("ecr").describe_images, repositoryName=each.physical)
        tagged = [image for image in images.get("imageDetails", ()) if image.get("imageTags")]
        if tagged:
            found[each.logical] = _protocol(scene, each.physical, tagged[0])
    return found


def _protocol(scene: Scene, repository: str, image: dict[str, Any]) -> Answer:
    login = scene.client("ecr").get_authorization_token()["authorizationData"][0]
    address, token = scene.target.registry(login["proxyEndpoint"]), login["authorizationToken"]
    base = f"{address}/v2/{repository}"
    manifest = _ask("HEAD", f"{base}/manifests/{image['imageTags'][0]}", token)
    mount = _ask("POST", f"{base}/blobs/uploads/?mount={_EMPTY_LAYER}&from={repository}", token)
    upload = _ask("POST", f"{base}/blobs/uploads/", token)
    return {
        "without a token": _ask("GET", f"{address}/v2/", None)["status"],
        "with a token": _ask("GET", f"{address}/v2/", token)["status"],
        "user": base64.b64decode(token).decode().partition(":")[0],
        "manifest": {
            "status": manifest["status"],
            "type": manifest["type"],
            "digest is that of the API": manifest["digest"] == image["imageDigest"],
        },
        "tag that does not exist": _ask("HEAD", f"{base}/manifests/does-not-exist", token)["status"],
        "mount of a layer that does not exist": mount["status"],
        "start of an upload": upload["status"],
    }


def _ask(method: str, address: str, token: str | None) -> Answer:
    """Send a request; redirects to a layer's own address are not needed here."""
    headers = {"Accept": _ACCEPTED, **({"Authorization": f"Basic {token}"} if token else {})}
    request = urllib.request.Request(address, method=method, headers=headers)  # noqa: S310 - of the target
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310 - as above
            status, fields = answer.status, answer.headers
    except urllib.error.HTTPError as error:
        status, fields = error.code, error.headers
        error.close()
    except OSError:
        return {"status": 0, "type": "", "digest": ""}
    media_type = (fields.get("Content-Type") or "").partition(";")[0]
    return {"status": status, "type": media_type, "digest": fields.get("Docker-Content-Digest") or ""}
