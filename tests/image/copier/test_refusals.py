"""What another attempt cannot mend: the copy fails at once, and says why."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.image.copier.aws import DESTINATION, HOST, SOURCE, SOURCE_HOST, Aws
from tests.image.copier.images import OCI_MANIFEST, Image, digest_of, image, index
from tests.image.copier.mishaps import answers, leads_to, refused_unread, says

if TYPE_CHECKING:
    from tests.image.copier.mishaps import Act

pytestmark = pytest.mark.integration

IMAGE = image(b"one" * 1000)
CONFIG, LAYER = IMAGE.blobs


@dataclass(frozen=True)
class Case:
    """A refusal.

    Attributes:
        name: What is refused, as a sentence.
        at: Method, path and host of the request.
        act: What is answered.
        reason: Pattern of the reason that CloudFormation gets.
        requests: How often the request is made at most: where ECR denies it, six times with two logins, since a right
            that was given a moment ago may not count yet.
    """

    name: str
    at: tuple[str, str, str]
    act: Act
    reason: str
    requests: int = 1


DENIED = says(403, "DENIED", "User: arn:aws:sts::4444:assumed-role/x is not authorized")
REFUSALS = [
    Case(
        "Pulling a manifest is not allowed", ("GET", "/manifests/abc", SOURCE_HOST), DENIED, "403 DENIED User: arn", 12
    ),
    Case(
        "Pulling a layer is not allowed", ("GET", LAYER, SOURCE_HOST), DENIED, "GET blobs/.*: 403 DENIED User: arn", 12
    ),
    Case("Looking is not allowed", ("GET", "/manifests/v1", HOST), DENIED, "403 DENIED User: arn", 12),
    Case("Looking for a layer is not allowed", ("HEAD", LAYER, HOST), DENIED, "HEAD blobs/sha256:[0-9a-f]+: 403", 12),
    Case("Beginning an upload is not allowed", ("POST", "/uploads/", HOST), DENIED, "403 DENIED User: arn", 12),
    Case("Uploading a layer is not allowed", ("PUT", f"/uploads/.*{LAYER}", HOST), DENIED, "403 DENIED User: arn", 12),
    Case(
        "Uploading a layer is refused before it is read",
        ("PUT", f"/uploads/.*{LAYER}", HOST),
        refused_unread(403, "DENIED"),
        "403 DENIED|connection",
        12,
    ),
    Case("Tagging is not allowed", ("PUT", "/manifests/v1", HOST), DENIED, "PUT manifests/v1: 403 DENIED User", 12),
    Case("A manifest needs a payment", ("GET", "/manifests/abc", ""), says(402, "", "pay"), "402 pay"),
    Case(
        "The source has no such layer",
        ("GET", LAYER, SOURCE_HOST),
        says(404, "BLOB_UNKNOWN"),
        "GET blobs/.*: 404 BLOB_UNKN",
    ),
    Case("An upload is not known any more", ("PUT", LAYER, HOST), says(404, "BLOB_UPLOAD_UNKNOWN"), "404 BLOB_UPLOAD"),
    Case(
        "The digest is not that of the bytes", ("PUT", LAYER, HOST), says(400, "DIGEST_INVALID"), "400 DIGEST_INVALID"
    ),
    Case("The repository goes away", ("PUT", "/manifests/v1", HOST), says(404, "NAME_UNKNOWN"), "404 NAME_UNKNOWN"),
    Case(
        "ECR dislikes the manifest",
        ("PUT", "/manifests/v1", HOST),
        says(400, "MANIFEST_INVALID", "no"),
        "400 MANI.* no",
    ),
    Case("An upload has no address", ("POST", "/uploads/", HOST), answers(202, {}), "answered without a location"),
    Case("A layer has moved to nowhere", ("GET", LAYER, SOURCE_HOST), answers(307, {}), "answered without a location"),
    Case(
        "A layer has moved in a circle",
        ("GET", LAYER, SOURCE_HOST),
        leads_to("/v2/assets/blobs/{}"),
        "GET blobs/sha256:[0-9a-f]+: 307",
        6,
    ),
    Case(
        "A layer has moved to where nothing is encrypted",
        ("GET", LAYER, SOURCE_HOST),
        leads_to("http://user:password@storage.example/{}"),
        "redirects to storage.example without encryption",
    ),
    Case(
        "An upload goes to where nothing is encrypted",
        ("POST", "/uploads/", HOST),
        answers(202, {"Location": "http://storage.example/upload"}),
        "redirects to storage.example without encryption",
    ),
    Case(
        "A layer has moved to no address at all", ("GET", LAYER, SOURCE_HOST), leads_to("https://[half"), "ValueError"
    ),
    Case(
        "A manifest is larger than any",
        ("GET", "/manifests/abc", SOURCE_HOST),
        answers(200, {}, b" " * (4 * 2**20 + 1)),
        "an answer has more than 4194304 bytes",
    ),
    Case(
        "A manifest is of a kind that ECR does not take",
        ("GET", "/manifests/abc", SOURCE_HOST),
        answers(200, {"Content-Type": "application/vnd.docker.distribution.manifest.v1+prettyjws"}, b"{}"),
        r"manifest.v1\+prettyjws, which ECR does not accept",
    ),
    Case(
        "A registry speaks of half a character",
        ("GET", "/manifests/abc", SOURCE_HOST),
        answers(404, {}, b'{"errors": [{"code": "NAME_UNKNOWN", "message": "\\ud800\\n\\u0000!"}]}'),
        r"does not exist: \?\?\?!",
    ),
    Case(
        "A registry is broken",
        ("GET", "/manifests/abc", SOURCE_HOST),
        answers(418, {}, b"[" * 100_000),
        r"GET manifests/abc: 418 \[\[",
    ),
]


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.name)
def test_a_refusal_ends_the_copy_at_once(aws: Aws, case: Case) -> None:
    aws.hold(IMAGE)
    aws.registry.fail(case.at[0], case.at[1], case.act, host=case.at[2], times=1000)
    outcome = aws.copy()
    assert outcome.status == "FAILED"
    assert re.search(case.reason, outcome.reason)
    assert "password" not in outcome.reason
    assert aws.registry.named(DESTINATION).tags == {}
    if not case.name.startswith("Beginning"):
        assert len(aws.registry.made(*case.at)) <= case.requests * (2 if case.at[0] == "POST" else 1)


def test_a_repository_that_does_not_exist_is_named(aws: Aws) -> None:
    aws.registry.named(SOURCE).hold(IMAGE, "abc")
    assert re.search(f"the repository {HOST}/shop/web does not exist: The repository with name", aws.copy().reason)
    aws.registry.repositories.clear()
    aws.registry.named(DESTINATION)
    assert f"the repository {SOURCE_HOST}/assets does not exist" in aws.copy().reason


def test_an_image_that_does_not_exist_is_named(aws: Aws) -> None:
    aws.hold(IMAGE)
    outcome = aws.copy(source=f"{SOURCE_HOST}/assets:other")
    assert f"the image {SOURCE_HOST}/assets:other does not exist (other is not in the repository)" in outcome.reason
    missing = digest_of(b"missing")
    outcome = aws.copy(source=f"{SOURCE}@{missing}")
    assert f"({missing} is not in the repository)" in outcome.reason


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        (image(b"1", architecture="arm64"), f"{SOURCE} is built for arm64, not for amd64"),
        (
            index(image(architecture="arm64"), platforms=[{"os": "linux", "architecture": "arm64"}]),
            "the image is not built for linux/amd64, only for linux/arm64",
        ),
        (
            index(image(), platforms=[{"os": "windows", "architecture": "amd64"}]),
            "the image is not built for linux/amd64, only for windows/amd64",
        ),
        (index(), "the image is not built for linux/amd64, only for nothing"),
        (
            index(image(architecture="arm64"), platforms=[None]),
            f"{SOURCE} is built for arm64, not for amd64",
        ),
        (
            index(image(architecture="arm64")),  # which says amd64
            f"{SOURCE} is built for arm64, not for amd64",
        ),
    ],
    ids=["image", "index", "windows", "empty index", "index that says nothing", "index that says another"],
)
def test_an_image_for_another_processor_is_not_copied(aws: Aws, held: Image, reason: str) -> None:
    aws.hold(held)
    outcome = aws.copy()
    assert reason in outcome.reason
    assert not aws.registry.made("POST", "")


def test_an_image_that_does_not_say_its_processor_is_copied(aws: Aws) -> None:
    held = aws.hold(image(b"1", architecture=None))
    assert aws.copy().digest == held.digest


def test_a_manifest_whose_layer_cannot_be_had_is_never_put(aws: Aws) -> None:
    lost = image(b"there", b"lost")
    aws.hold(Image(lost.media_type, lost.body, {k: v for k, v in lost.blobs.items() if v != b"lost"}))
    outcome = aws.copy()
    assert (outcome.status, aws.registry.made("PUT", "/manifests/")) == ("FAILED", [])


def test_a_child_of_an_index_that_the_source_does_not_have_is_named(aws: Aws) -> None:
    child = image(architecture="arm64")
    whole = index(image(b"1"), child)
    aws.hold(whole)
    del aws.registry.named(SOURCE).manifests[child.digest]
    outcome = aws.copy(architecture="all")
    assert f"({child.digest} is not in the repository)" in outcome.reason
    assert aws.registry.named(DESTINATION).tags == {}


def test_indexes_in_indexes_end_somewhere(aws: Aws) -> None:
    nested = image(b"1")
    for _ in range(6):
        nested = index(nested)
    aws.hold(nested)
    assert "nested too deep" in aws.copy(architecture="all").reason
    assert aws.copy().status == "FAILED"


def test_a_destination_without_a_tag_is_refused_before_any_request(aws: Aws) -> None:
    aws.hold(IMAGE)
    outcome = aws.copy(destination=f"{HOST}/shop/web@{IMAGE.digest}")
    assert "names no tag" in outcome.reason
    assert aws.registry.requests == []


@pytest.mark.parametrize("name", ["web:v1", f"{HOST}/web", f"{HOST}/", ""])
def test_a_short_name_is_refused(aws: Aws, name: str) -> None:
    assert "is not the full name of an image" in aws.copy(source=name).reason


def test_a_size_that_is_wrong_never_becomes_an_image(aws: Aws) -> None:
    document = json.loads(IMAGE.body)
    document["layers"][0]["size"] = 1
    lying = Image(OCI_MANIFEST, json.dumps(document).encode(), IMAGE.blobs)
    aws.hold(lying)
    outcome = aws.copy()
    assert re.search(r"the source gave \d+ bytes with sha256:[0-9a-f]+ for .* of 1 bytes", outcome.reason)
    assert LAYER not in aws.registry.named(DESTINATION).blobs


def test_a_right_that_is_seconds_old_counts_in_the_end(aws: Aws) -> None:
    """IAM is eventually consistent: the policy of the function was made right before its first call."""
    aws.hold(IMAGE)
    aws.registry.fail("GET", "/manifests/abc", DENIED, host=SOURCE_HOST, times=3)
    aws.registry.fail("POST", "/uploads/", DENIED, host=HOST, times=3)
    aws.registry.fail("PUT", "/manifests/v1", DENIED, host=HOST, times=3)
    assert aws.copy().status == "SUCCESS"
