"""Answer ``DescribeImageScanFindings``, which MiniStack lacks: scans of images end at once, and find nothing.

So a gate on scans lets an image pass that is scanned on push, and refuses one that nobody scans, as on AWS. Written for
MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

_Query: TypeAlias = dict[str, list[str]]
_BAD_REQUEST = 400


def answer_scans(ecr: Any) -> None:  # noqa: ANN401 - an untyped package
    """Add the API for the findings of basic scanning."""
    handle, respond, error = find(ecr, "handle_request"), find(ecr, "json_response"), find(ecr, "error_response_json")
    repositories, find_image = find(ecr, "_repositories"), find(ecr, "_find_image")

    def findings(request: Properties) -> object:
        name, image_id = request.get("repositoryName", ""), request.get("imageId", {})
        if name not in repositories:
            message = f"The repository with name '{name}' does not exist"
            return error("RepositoryNotFoundException", message, _BAD_REQUEST)
        image = find_image(name, image_id)
        if image is None:
            message = f"The image with imageId {image_id} does not exist within the repository with name '{name}'"
            return error("ImageNotFoundException", message, _BAD_REQUEST)
        scanned = repositories[name].get("imageScanningConfiguration", {}).get("scanOnPush") is True
        if not scanned or "manifests" in json.loads(image.get("imageManifest") or "{}"):
            message = f"Image scan does not exist for the image with '{image_id}' in the repository '{name}'"
            return error("ScanNotFoundException", message, _BAD_REQUEST)
        return respond(
            {
                "registryId": repositories[name]["registryId"],
                "repositoryName": name,
                "imageId": image["imageId"],
                "imageScanStatus": {"status": "COMPLETE", "description": "The scan was completed successfully."},
                "imageScanFindings": {"findings": [], "findingSeverityCounts": {}},
            }
        )

    async def handle_request(method: str, path: str, headers: Any, body: bytes, query: _Query) -> object:  # noqa: ANN401
        if headers.get("x-amz-target", "").rpartition(".")[2] == "DescribeImageScanFindings":
            return findings(json.loads(body or b"{}"))
        return await handle(method, path, headers, body, query)

    ecr.handle_request = handle_request
