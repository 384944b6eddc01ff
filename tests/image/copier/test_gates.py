"""Gates: a copy gets its tag only if ECR has nothing to say against the image."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from ecr_fargate_constructs.image.copier import gates, login
from tests.image.copier.aws import DESTINATION, HOST, SOURCE_HOST, Aws, Outcome
from tests.image.copier.images import image, index

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

IMAGE = image(b"one" * 1000)
ARM = image(b"arm", architecture="arm64")
SOURCE = f"{SOURCE_HOST}/shop/dev@{IMAGE.digest}"
PROFILE = "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/shop"
CLEAN = {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"findings": []}}
NO_FINDINGS = {"Gate": "NoFindings", "Severities": "HIGH,CRITICAL"}
SIGNED = {"Gate": "SignedBy", "SigningProfile": PROFILE}


def scan(*findings: tuple[str, str], status: str = "COMPLETE", **more: object) -> dict[str, Any]:
    named = [{"name": name, "severity": severity} for name, severity in findings]
    return {"imageScanStatus": {"status": status, **more}, "imageScanFindings": {"findings": named}}


class Ecr:
    """ECR's answers about scans and signatures, the next one each time, the last one for ever."""

    def __init__(self, aws: Aws, scans: list[dict[str, Any] | None], signatures: list[dict[str, Any]]) -> None:
        self._aws, self._scans, self._signatures = aws, scans, signatures
        self.asked: list[dict[str, Any]] = []

    def describe_image_scan_findings(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3's
        self.asked.append(request)
        assert "v1" not in self._aws.registry.named(DESTINATION).tags, "the tag comes after the gates"
        answer = self._scans.pop(0) if len(self._scans) > 1 else self._scans[0]
        if answer is None:
            raise ClientError({"Error": {"Code": "ScanNotFoundException"}}, "DescribeImageScanFindings")
        return {**answer}

    def describe_image_signing_status(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3's
        self.asked.append(request)
        answer = self._signatures.pop(0) if len(self._signatures) > 1 else self._signatures[0]
        return {"signingStatuses": [answer] if answer else []}


@pytest.fixture
def ecr(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ecr]:
    monkeypatch.setattr(gates, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(gates, "_BEGINS_WITHIN", 0.1)
    tokens = login.client

    def make(scans: list[dict[str, Any] | None] | None = None, signatures: list[dict[str, Any]] | None = None) -> Ecr:
        fake = Ecr(aws, scans or [CLEAN], signatures or [{}])

        def client(service: str, region: str | None = None) -> Any:  # noqa: ANN401 - boto3's
            answers = ("describe_image_scan_findings", "describe_image_signing_status")
            return SimpleNamespace(
                get_authorization_token=tokens(service, region).get_authorization_token,
                **{name: getattr(fake, name) for name in answers},
            )

        monkeypatch.setattr(login, "client", client)
        monkeypatch.setattr(gates, "client", client)
        return fake

    return make


def _copy(aws: Aws, *given: dict[str, str], source: str = SOURCE) -> Outcome:
    properties = {"Source": source, "Destination": DESTINATION, "Architecture": "all", "Gates": list(given)}
    return aws.copy(source, ResourceProperties=properties)


def _tags(aws: Aws) -> dict[str, str]:
    return dict(aws.registry.named(DESTINATION).tags)


def test_a_clean_image_is_tagged_and_asked_about_where_it_will_run(aws: Aws, ecr: Callable[..., Ecr]) -> None:
    aws.hold(IMAGE, SOURCE)
    fake = ecr([scan(("CVE-1", "MEDIUM"))])
    assert _copy(aws, NO_FINDINGS, {"Gate": "Scanned"}).digest == IMAGE.digest
    assert _tags(aws) == {"v1": IMAGE.digest}
    account, repository = HOST.partition(".")[0], "shop/web"
    wanted = {"registryId": account, "repositoryName": repository, "imageId": {"imageDigest": IMAGE.digest}}
    assert fake.asked == [wanted, wanted]


def test_a_finding_is_named_with_the_image_and_the_stage_and_nothing_is_tagged(
    aws: Aws, ecr: Callable[..., Ecr]
) -> None:
    aws.hold(IMAGE, SOURCE)
    ecr([scan(("CVE-1", "MEDIUM"), ("CVE-2", "HIGH"), ("CVE-3", "CRITICAL"))])
    outcome = _copy(aws, NO_FINDINGS)
    assert outcome.reason.startswith(
        f"the gate NoFindings refuses shop/dev@{IMAGE.digest} for {HOST}/shop/web: 2 findings of severity HIGH or "
        "CRITICAL: CVE-2 (HIGH), CVE-3 (CRITICAL)"
    )
    assert _tags(aws) == {}


def test_a_refusal_is_not_forgotten_by_the_next_attempt(aws: Aws, ecr: Callable[..., Ecr]) -> None:
    aws.hold(IMAGE, SOURCE)
    ecr([scan(("CVE-2", "HIGH"))])
    for _ in range(2):
        assert "refuses" in _copy(aws, NO_FINDINGS).reason
    assert _tags(aws) == {}


def test_an_image_that_has_passed_is_not_asked_about_again_so_that_a_rollback_succeeds(
    aws: Aws, ecr: Callable[..., Ecr]
) -> None:
    aws.hold(IMAGE, SOURCE)
    ecr([CLEAN])
    _copy(aws, NO_FINDINGS)
    later = ecr([scan(("CVE-2026-9", "CRITICAL"))])
    assert _copy(aws, NO_FINDINGS).digest == IMAGE.digest
    assert later.asked == []


def test_many_findings_are_counted_and_a_few_named(aws: Aws, ecr: Callable[..., Ecr]) -> None:
    aws.hold(IMAGE, SOURCE)
    pages = [
        {**scan(*((f"CVE-{number}", "HIGH") for number in range(4))), "nextToken": "2"},
        scan(*((f"CVE-{number}", "HIGH") for number in range(4, 8))),
    ]
    ecr(pages)
    reason = _copy(aws, NO_FINDINGS).reason
    assert "8 findings of severity HIGH or CRITICAL: CVE-0 (HIGH), CVE-1 (HIGH)" in reason
    assert "CVE-4 (HIGH) and 3 more" in reason
    assert "CVE-5" not in reason


def test_findings_of_inspector_count_unless_they_are_suppressed(aws: Aws, ecr: Callable[..., Ecr]) -> None:
    def enhanced(status: str) -> dict[str, Any]:
        finding = {
            "severity": "CRITICAL",
            "status": status,
            "packageVulnerabilityDetails": {"vulnerabilityId": "CVE-7"},
        }
        return {"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindings": {"enhancedFindings": [finding]}}

    aws.hold(IMAGE, SOURCE)
    ecr([enhanced("ACTIVE")])
    assert "CVE-7 (CRITICAL)" in _copy(aws, NO_FINDINGS).reason
    ecr([enhanced("SUPPRESSED")])
    assert _copy(aws, NO_FINDINGS).status == "SUCCESS"


def test_it_waits_for_the_scan(aws: Aws, ecr: Callable[..., Ecr]) -> None:
    aws.hold(IMAGE, SOURCE)
    fake = ecr([None, scan(status="PENDING"), scan(status="IN_PROGRESS"), CLEAN])
    assert _copy(aws, {"Gate": "Scanned"}).status == "SUCCESS"
    assert len(fake.asked) == 4


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "ECR's scan is not scanned"),
        (scan(status="FAILED", description="UnsupportedImageError"), "ECR's scan is FAILED: UnsupportedImageError"),
        (scan(status="UNSUPPORTED_IMAGE"), "ECR's scan is UNSUPPORTED_IMAGE"),
        (scan(status="SCAN_ELIGIBILITY_EXPIRED"), "ECR's scan is SCAN_ELIGIBILITY_EXPIRED"),
    ],
)
def test_without_a_result_the_image_is_refused(
    aws: Aws, ecr: Callable[..., Ecr], answer: dict[str, Any] | None, why: str
) -> None:
    aws.hold(IMAGE, SOURCE)
    ecr([answer])
    assert why in _copy(aws, {"Gate": "Scanned"}).reason
    assert _tags(aws) == {}


def test_a_scan_that_does_not_end_ends_the_function_in_time(aws: Aws, ecr: Callable[..., Ecr]) -> None:
    aws.hold(IMAGE, SOURCE)
    aws.seconds = 46.5
    ecr([scan(status="IN_PROGRESS")])
    assert f"the time was over while waiting for the scan of {IMAGE.digest}" in _copy(aws, {"Gate": "Scanned"}).reason


def test_each_image_of_an_index_is_scanned_and_provenance_is_not(aws: Aws, ecr: Callable[..., Ecr]) -> None:
    both = index(
        IMAGE,
        ARM,
        image(b"provenance"),
        platforms=[
            {"os": "linux", "architecture": "amd64"},
            {"os": "linux", "architecture": "arm64"},
            {"os": "unknown", "architecture": "unknown"},
        ],
    )
    source = f"{SOURCE_HOST}/shop/dev@{both.digest}"
    aws.hold(both, source)
    fake = ecr([CLEAN])
    assert _copy(aws, {"Gate": "Scanned"}, source=source).digest == both.digest
    assert [each["imageId"]["imageDigest"] for each in fake.asked] == [IMAGE.digest, ARM.digest]


def test_a_signature_is_asked_for_at_the_source_before_anything_is_sent(aws: Aws, ecr: Callable[..., Ecr]) -> None:
    aws.hold(IMAGE, SOURCE)
    fake = ecr(signatures=[{"signingProfileArn": PROFILE, "status": "COMPLETE"}])
    assert _copy(aws, SIGNED).status == "SUCCESS"
    account = SOURCE_HOST.partition(".")[0]
    image_id = {"imageDigest": IMAGE.digest}
    assert fake.asked == [{"registryId": account, "repositoryName": "shop/dev", "imageId": image_id}]


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({}, "is not signed"),
        ({"signingProfileArn": f"{PROFILE}2", "status": "COMPLETE"}, "is not signed"),
        (
            {"signingProfileArn": PROFILE, "status": "FAILED", "failureReason": "no permission"},
            "is FAILED: no permission",
        ),
    ],
)
def test_an_unsigned_image_is_refused_and_not_sent(
    aws: Aws, ecr: Callable[..., Ecr], status: dict[str, Any], why: str
) -> None:
    aws.hold(IMAGE, SOURCE)
    ecr(signatures=[status])
    reason = _copy(aws, SIGNED).reason
    assert f"ECR's status for {PROFILE} {why}" in reason
    assert aws.registry.made("PUT", "", HOST) == []


def test_it_waits_for_a_signature(aws: Aws, ecr: Callable[..., Ecr]) -> None:
    aws.hold(IMAGE, SOURCE)
    under_way, done = ({"signingProfileArn": PROFILE, "status": each} for each in ("IN_PROGRESS", "COMPLETE"))
    ecr(signatures=[under_way, done])
    assert _copy(aws, SIGNED).status == "SUCCESS"
