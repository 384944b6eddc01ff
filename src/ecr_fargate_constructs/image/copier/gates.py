"""Gates of a locked image: what ECR has to say about it before its copy gets a tag."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from .errors import CopyError, TransientError
from .login import ask_aws, client

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .deadline import Deadline
    from .manifest import Manifest
    from .reference import Reference

SCANNED, NO_FINDINGS, SIGNED_BY = "Scanned", "NoFindings", "SignedBy"
_ENDED = {"COMPLETE", "ACTIVE"}
_UNDER_WAY = {"IN_PROGRESS", "PENDING"}
_POLL_SECONDS = 5.0
_BEGINS_WITHIN = 120.0
"""Seconds after a push within which a scan on push begins; without one the registry does not scan this repository."""

_NAMED = 5
"""Findings that a refusal names; CloudFormation cuts long reasons."""


@dataclass(frozen=True)
class Gates:
    """The gates of one copy.

    Attributes:
        properties: The gates, as the custom resource names them.
        source: The image to copy.
        destination: The copy.
        deadline: Time limit.
    """

    properties: Sequence[Mapping[str, str]]
    source: Reference
    destination: Reference
    deadline: Deadline

    def check_source(self, digest: str) -> None:
        """Refuse an image that was not signed where it comes from.

        Raises:
            CopyError: A signature is missing, or failed.
        """
        for gate in self.properties:
            if gate["Gate"] == SIGNED_BY:
                self._check_signature(digest, gate["SigningProfile"])

    def check_copy(self, manifest: Manifest) -> None:
        """Wait until the copy has been scanned, and refuse it for its findings.

        Raises:
            CopyError: The registry does not scan the image, or the scan found something.
        """
        for gate in self.properties:
            if gate["Gate"] in {SCANNED, NO_FINDINGS}:
                severities = [each for each in gate.get("Severities", "").split(",") if each]
                for digest in _scanned_digests(manifest):
                    self._check_scan(gate["Gate"], digest, severities)

    def _check_signature(self, digest: str, profile: str) -> None:
        self.deadline.doing = f"asking whether {self.source} is signed"
        host = self.source.host.partition(".")[0]

        def ask() -> dict[str, Any]:
            status = ask_aws(
                lambda: client("ecr", self.source.ecr_region).describe_image_signing_status(
                    registryId=host, repositoryName=self.source.repository, imageId={"imageDigest": digest}
                )
            )
            by_profile = [each for each in status["signingStatuses"] if each["signingProfileArn"] == profile]
            if by_profile and by_profile[0]["status"] == "IN_PROGRESS":
                raise TransientError(f"{self.source} is being signed")
            return by_profile[0] if by_profile else {"status": "not signed"}

        state = self.deadline.retry(ask)
        if state["status"] != "COMPLETE":
            reason = state.get("failureReason", "")
            raise self._refusal(
                SIGNED_BY, digest, f"ECR's status for {profile} is {state['status']}{': ' if reason else ''}{reason}"
            )
        print(f"{digest} is signed by {profile}")

    def _check_scan(self, gate: str, digest: str, severities: Sequence[str]) -> None:
        self.deadline.doing = f"waiting for the scan of {digest}"
        began = time.monotonic()
        while True:
            answer = self.deadline.retry(lambda: self._findings(digest))
            status = "not scanned" if answer is None else answer["imageScanStatus"]["status"]
            if answer is not None and status in _ENDED:
                break
            waiting = status in _UNDER_WAY or (answer is None and time.monotonic() - began < _BEGINS_WITHIN)
            if not waiting:
                why = "" if answer is None else answer["imageScanStatus"].get("description", "")
                raise self._refusal(gate, digest, f"ECR's scan is {status}{': ' if why else ''}{why}")
            self.deadline.pause(_POLL_SECONDS)
        named = [text for severity, text in _listed(answer) if severity in severities]
        if named:
            more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
            count = f"{len(named)} finding{'s' if len(named) > 1 else ''} of severity {' or '.join(severities)}"
            raise self._refusal(gate, digest, f"{count}: {', '.join(named[:_NAMED])}{more}")
        print(f"{digest} is scanned: {len(_listed(answer))} findings, none that counts")

    def _findings(self, digest: str) -> dict[str, Any] | None:
        """Return ECR's answer with the findings of all pages; None if no scan of the image is known."""
        ecr = client("ecr", self.destination.ecr_region)
        request = {
            "registryId": self.destination.host.partition(".")[0],
            "repositoryName": self.destination.repository,
            "imageId": {"imageDigest": digest},
        }
        try:
            answer: dict[str, Any] = ask_aws(lambda: ecr.describe_image_scan_findings(**request))
            token, findings = answer.get("nextToken"), answer.setdefault("imageScanFindings", {})
            while token:
                following = {**request, "nextToken": token}
                page = ask_aws(lambda following=following: ecr.describe_image_scan_findings(**following))  # type: ignore[misc]
                token = page.get("nextToken")
                for kind in ("findings", "enhancedFindings"):
                    findings.setdefault(kind, []).extend(page.get("imageScanFindings", {}).get(kind, ()))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ScanNotFoundException":
                return None
            raise
        return answer

    def _refusal(self, gate: str, digest: str, why: str) -> CopyError:
        place = f"{self.destination.host}/{self.destination.repository}"
        return CopyError(f"the gate {gate} refuses {self.source.repository}@{digest} for {place}: {why}")


def _scanned_digests(manifest: Manifest) -> Iterable[str]:
    """Return what ECR scans: the image, or the images that an index lists; provenance is not an image."""
    if not manifest.is_index:
        return [manifest.digest]
    return [each.digest for each in manifest.children if each.platform != ("unknown", "unknown")]


def _listed(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return severity and text of the findings; those that Amazon Inspector suppresses or has closed do not count."""
    findings = answer.get("imageScanFindings", {})
    listed = [(each["severity"], f"{each['name']} ({each['severity']})") for each in findings.get("findings", ())]
    for each in findings.get("enhancedFindings", ()):
        if each.get("status", "ACTIVE") == "ACTIVE":
            title = each.get("packageVulnerabilityDetails", {}).get("vulnerabilityId") or each.get("title", "unnamed")
            listed.append((each["severity"], f"{title} ({each['severity']})"))
    return listed
