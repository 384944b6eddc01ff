"""Images of several architectures under one tag."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.image.copier.aws import DESTINATION, HOST, SOURCE_HOST, Aws, Outcome
from tests.image.copier.images import DOCKER_LIST, OCI_INDEX, image, index

if TYPE_CHECKING:
    from tests.image.copier.images import Image

pytestmark = pytest.mark.integration

AMD, ARM = image(b"amd" * 1000), image(b"arm", architecture="arm64")
AMD_URI, ARM_URI = f"{SOURCE_HOST}/assets:amd", f"{SOURCE_HOST}/assets:arm"
IMAGES = {"amd64": AMD_URI, "arm64": ARM_URI}


def _put(aws: Aws, images: dict[str, str] = IMAGES, tags: tuple[str, ...] = (), **event: Any) -> Outcome:  # noqa: ANN401 - of an event
    properties = {"Images": images, "Destination": DESTINATION, **({"Tags": list(tags)} if tags else {})}
    return aws.copy(AMD_URI, ResourceProperties=properties, **event)


def _hold(aws: Aws, amd: Image = AMD, arm: Image = ARM) -> None:
    aws.hold(amd, AMD_URI)
    aws.hold(arm, ARM_URI)


def _index(aws: Aws) -> dict[str, Any]:
    held = aws.registry.named(DESTINATION)
    document: dict[str, Any] = json.loads(held.manifests[held.tags["v1"]][1])
    return document


def test_the_index_lists_both_and_both_are_there(aws: Aws) -> None:
    _hold(aws)
    outcome = _put(aws)
    held = aws.registry.named(DESTINATION)
    assert held.tags == {"v1": outcome.digest}
    assert {AMD.digest, ARM.digest, outcome.digest} == set(held.manifests)
    document = _index(aws)
    assert document["mediaType"] == OCI_INDEX
    assert [(each["platform"], each["digest"], each["size"]) for each in document["manifests"]] == [
        ({"architecture": "amd64", "os": "linux"}, AMD.digest, len(AMD.body)),
        ({"architecture": "arm64", "os": "linux"}, ARM.digest, len(ARM.body)),
    ]


def test_the_same_images_make_the_same_digest_whatever_their_order(aws: Aws) -> None:
    _hold(aws)
    first = _put(aws).digest
    aws.registry.repositories.pop((HOST, "shop/web"))
    aws.registry.named(DESTINATION)
    assert _put(aws, dict(reversed(IMAGES.items()))).digest == first


def test_images_of_docker_make_a_list_of_docker(aws: Aws) -> None:
    _hold(aws, image(b"amd", docker=True), image(b"arm", architecture="arm64", docker=True))
    _put(aws)
    assert _index(aws)["mediaType"] == DOCKER_LIST


def test_an_index_with_provenance_gives_its_image(aws: Aws) -> None:
    built = index(
        AMD,
        image(b"provenance"),
        platforms=[{"os": "linux", "architecture": "amd64"}, {"os": "unknown", "architecture": "unknown"}],
    )
    _hold(aws, built)
    _put(aws)
    assert [each["digest"] for each in _index(aws)["manifests"]] == [AMD.digest, ARM.digest]


def test_what_is_there_is_kept_though_the_sources_are_gone(aws: Aws) -> None:
    _hold(aws)
    first = _put(aws)
    aws.registry.repositories.pop((SOURCE_HOST, "assets"))
    aws.registry.requests.clear()
    assert _put(aws, RequestType="Update", PhysicalResourceId=DESTINATION).digest == first.digest
    assert {each.method for each in aws.registry.requests} == {"GET"}


def test_an_image_of_another_processor_is_refused_and_nothing_is_tagged(aws: Aws) -> None:
    _hold(aws, arm=AMD)
    assert "assets:arm is built for amd64, not for arm64" in _put(aws).reason
    assert aws.registry.named(DESTINATION).tags == {}


@pytest.mark.parametrize("held", [AMD, index(AMD)])
def test_a_tag_of_something_else_is_not_overwritten(aws: Aws, held: Image) -> None:
    _hold(aws)
    aws.registry.named(DESTINATION).hold(held, "v1")
    assert f"exists and holds {held.digest}, which is not an index of amd64, arm64" in _put(aws).reason
    assert aws.registry.named(DESTINATION).tags == {"v1": held.digest}


def test_further_tags_name_the_index(aws: Aws) -> None:
    _hold(aws)
    digest = _put(aws, tags=("1.4.2",)).digest
    assert aws.registry.named(DESTINATION).tags == {"v1": digest, "1.4.2": digest}
