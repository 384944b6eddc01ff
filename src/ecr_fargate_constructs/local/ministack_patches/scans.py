"""Answer two requests about images that MiniStack lacks: the findings of a scan, and whether an image is signed.

A scan on push completes at once, with the findings that ``ecr-fargate local seed`` has set for the image, by default
none. So a gate lets an image pass that is scanned on push, and refuses one that is never scanned, as on AWS. Written
for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.asgi import Request, respond, whole_body
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.ministack_patches.asgi import Application, Message, Receive, Send

_Query: TypeAlias = dict[str, list[str]]

PATH = "/_ministack/verdicts"  # local/seeds/seeding.py sends seeds there
_OK, _BAD_REQUEST = 200, 400
_DESCRIPTIONS = {
    "COMPLETE": "The scan was completed successfully.",
    "FAILED": "ScanningFailed: The scan of the image failed.",
    "UNSUPPORTED_IMAGE": "UnsupportedImageError: The operating system of the image is not supported.",
}


@dataclass
class Verdicts:
    """The findings and signatures of images, which ``ecr-fargate local seed`` sets.

    Attributes:
        findings: For the digest of an image, in any repository: the severity of each finding, by its name, or the
            status of a scan that did not complete.
        signatures: For ``REPOSITORY@DIGEST``: the ARNs of the profiles with which ECR has signed the image.
    """

    findings: dict[str, dict[str, str] | str] = field(default_factory=dict)
    signatures: dict[str, list[str]] = field(default_factory=dict)

    def serve(self, application: Application) -> Application:
        """Return an application that accepts seeds; the guard admits only the user."""

        async def served(scope: Message, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or (scope["method"], scope["path"]) != ("POST", PATH):
                await application(scope, receive, send)
                return
            body, _ = await whole_body(receive)
            seeds = json.loads(body)
            self.findings.update(seeds["findings"])
            self.signatures.update(seeds["signatures"])
            await respond(Request(scope), send, _OK, [(b"content-type", b"application/json")], b"{}")

        return served

    def scan(self, digest: str) -> tuple[str, list[Properties]]:
        """Return the status and the findings of the scan of an image."""
        found = self.findings.get(digest, {})
        if isinstance(found, str):
            return found, []
        return "COMPLETE", [{"name": name, "severity": severity} for name, severity in found.items()]


class _Images:
    """The answers to requests about images."""

    def __init__(self, ecr: Any, verdicts: Verdicts) -> None:  # noqa: ANN401 - an untyped package
        self._respond, self._error = find(ecr, "json_response"), find(ecr, "error_response_json")
        self._repositories, self._find = find(ecr, "_repositories"), find(ecr, "_find_image")
        self._verdicts = verdicts

    def findings(self, request: Properties) -> object:
        """Answer ``DescribeImageScanFindings`` with the findings of basic scanning."""
        image = self._image(request)
        if image is None:
            return self._missing(request)
        name = request["repositoryName"]
        scanned = self._repositories[name].get("imageScanningConfiguration", {}).get("scanOnPush") is True
        if not scanned or "manifests" in json.loads(image.get("imageManifest") or "{}"):
            message = f"Image scan does not exist for the image with '{request['imageId']}' in the repository '{name}'"
            return self._error("ScanNotFoundException", message, _BAD_REQUEST)
        status, listed = self._verdicts.scan(image["imageDigest"])
        counts = Counter(each["severity"] for each in listed)
        scan = {
            "imageScanStatus": {"status": status, "description": _DESCRIPTIONS.get(status, "")},
            "imageScanFindings": {"findings": listed, "findingSeverityCounts": dict(counts)},
        }
        return self._respond({**self._described(request, image), **scan})

    def signing_status(self, request: Properties) -> object:
        """Answer ``DescribeImageSigningStatus`` with the profiles that have signed the image, and no others."""
        image = self._image(request)
        if image is None:
            return self._missing(request)
        profiles = self._verdicts.signatures.get(f"{request['repositoryName']}@{image['imageDigest']}", [])
        signed = [{"signingProfileArn": profile, "status": "COMPLETE"} for profile in profiles]
        return self._respond({**self._described(request, image), "signingStatuses": signed})

    def _image(self, request: Properties) -> Properties | None:
        name = request.get("repositoryName", "")
        found: Properties | None = self._find(name, request.get("imageId", {})) if name in self._repositories else None
        return found

    def _missing(self, request: Properties) -> object:
        name, image_id = request.get("repositoryName", ""), request.get("imageId", {})
        if name not in self._repositories:
            message = f"The repository with name '{name}' does not exist"
            return self._error("RepositoryNotFoundException", message, _BAD_REQUEST)
        message = f"The image with imageId {image_id} does not exist within the repository with name '{name}'"
        return self._error("ImageNotFoundException", message, _BAD_REQUEST)

    def _described(self, request: Properties, image: Properties) -> Properties:
        name = request["repositoryName"]
        owner = self._repositories[name]["registryId"]
        return {"registryId": owner, "repositoryName": name, "imageId": image["imageId"]}


def answer_scans(ecr: Any) -> Verdicts:  # noqa: ANN401 - an untyped package
    """Add the APIs for the findings of basic scanning and for signatures, and return the values of their answers."""
    handle, reset = find(ecr, "handle_request"), find(ecr, "reset")
    verdicts = Verdicts()
    images = _Images(ecr, verdicts)
    answers = {"DescribeImageScanFindings": images.findings, "DescribeImageSigningStatus": images.signing_status}

    async def handle_request(method: str, path: str, headers: Any, body: bytes, query: _Query) -> object:  # noqa: ANN401
        answer = answers.get(headers.get("x-amz-target", "").rpartition(".")[2])
        if answer is not None:
            return answer(json.loads(body or b"{}"))
        return await handle(method, path, headers, body, query)

    def reset_all() -> None:
        reset()
        verdicts.findings.clear()
        verdicts.signatures.clear()

    ecr.handle_request, ecr.reset = handle_request, reset_all
    return verdicts
