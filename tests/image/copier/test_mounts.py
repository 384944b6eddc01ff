"""Layers within one registry: mounted where ECR does it, sent where it does not."""

from __future__ import annotations

import pytest

from tests.image.copier.aws import HOST, Aws
from tests.image.copier.images import image
from tests.image.copier.mishaps import says

pytestmark = pytest.mark.integration

SOURCE, DESTINATION = f"{HOST}/assets:abc", f"{HOST}/shop/web:v1"
IMAGE = image(b"one" * 1000, b"two")
MOUNT, BEGIN = r"/blobs/uploads/\?mount=", "/blobs/uploads/$"


def test_layers_that_are_mounted_are_not_sent(aws: Aws) -> None:
    aws.hold(IMAGE, SOURCE, DESTINATION)
    aws.registry.mounts = 201
    outcome = aws.copy(SOURCE, DESTINATION)
    assert outcome.digest == IMAGE.digest
    assert outcome.printed.count("is mounted") == 3
    assert aws.registry.made("PUT", "/blobs/") == []
    assert [each.path for each in aws.registry.made("GET", "/blobs/")] == [
        f"/v2/assets/blobs/{next(iter(IMAGE.blobs))}"
    ]
    wanted = {f"/v2/shop/web/blobs/uploads/?mount={blob}&from=assets" for blob in IMAGE.blobs}
    assert {each.path for each in aws.registry.made("POST", "")} == wanted


def test_an_upload_that_begins_instead_of_a_mount_is_used(aws: Aws) -> None:
    aws.hold(IMAGE, SOURCE, DESTINATION)
    aws.registry.mounts = 202
    assert aws.copy(SOURCE, DESTINATION).digest == IMAGE.digest
    assert len(aws.registry.made("POST", MOUNT)) == len(aws.registry.made("PUT", "/blobs/")) == 3
    assert aws.registry.made("POST", BEGIN) == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405])
def test_where_mounting_is_refused_layers_are_sent(aws: Aws, status: int) -> None:
    aws.hold(IMAGE, SOURCE, DESTINATION)
    aws.registry.mounts = status
    assert aws.copy(SOURCE, DESTINATION).digest == IMAGE.digest
    assert len(aws.registry.made("POST", BEGIN)) == 3


def test_a_mount_that_is_busy_is_tried_again(aws: Aws) -> None:
    aws.hold(IMAGE, SOURCE, DESTINATION)
    aws.registry.mounts = 201
    aws.registry.fail("POST", MOUNT, says(503), times=2)
    assert aws.copy(SOURCE, DESTINATION).printed.count("is mounted") == 3


def test_between_registries_nobody_asks_to_mount(aws: Aws) -> None:
    aws.hold(IMAGE)
    aws.registry.mounts = 201
    assert aws.copy().digest == IMAGE.digest
    assert aws.registry.made("POST", MOUNT) == []
