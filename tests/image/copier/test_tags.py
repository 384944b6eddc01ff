"""Tags that are there already, are put by somebody else meanwhile, or by an answer that was lost."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.image.copier.aws import DESTINATION, HOST, LOG, SOURCE, SOURCE_HOST, Aws, Outcome
from tests.image.copier.images import Image, image, index
from tests.image.copier.mishaps import after, says, unanswered

pytestmark = pytest.mark.integration

IMAGE = image(b"one" * 1000)
OTHER = image(b"other")
ARM = image(b"arm", architecture="arm64")
TAG = "PUT", "/manifests/v1"


def test_what_is_there_is_not_copied_again(aws: Aws) -> None:
    aws.hold(IMAGE)
    first = aws.copy()
    aws.registry.requests.clear()
    assert aws.copy().digest == first.digest == IMAGE.digest
    assert {each.method for each in aws.registry.requests} == {"GET"}
    assert aws.registry.made("GET", "", SOURCE_HOST) == [], "the source need not be there"


def test_a_rollback_to_a_tag_whose_source_is_gone_succeeds_without_an_upload(aws: Aws) -> None:
    aws.hold(IMAGE)
    old = aws.copy()
    aws.hold(OTHER, f"{SOURCE_HOST}/assets:new", f"{HOST}/shop/web:v2")
    aws.copy(f"{SOURCE_HOST}/assets:new", f"{HOST}/shop/web:v2", PhysicalResourceId=DESTINATION)
    aws.registry.repositories.pop((SOURCE_HOST, "assets"))
    aws.registry.requests.clear()
    outcome = aws.copy(RequestType="Update", PhysicalResourceId=DESTINATION)
    assert outcome.digest == old.digest
    assert {each.method for each in aws.registry.requests} == {"GET"}


def test_an_update_to_another_tag_keeps_the_physical_id_so_that_nothing_is_deleted(aws: Aws) -> None:
    aws.hold(IMAGE)
    outcome = aws.copy(RequestType="Update", PhysicalResourceId=f"{HOST}/shop/web:v0")
    assert outcome.answers[0]["PhysicalResourceId"] == f"{HOST}/shop/web:v0"
    assert aws.copy().answers[0]["PhysicalResourceId"] == DESTINATION


def test_a_deletion_makes_no_request(aws: Aws) -> None:
    aws.hold(IMAGE)
    aws.copy()
    aws.registry.requests.clear()
    outcome = aws.copy(RequestType="Delete", PhysicalResourceId=DESTINATION)
    assert (outcome.status, outcome.answers[0]["PhysicalResourceId"]) == ("SUCCESS", DESTINATION)
    assert aws.registry.requests == []
    assert aws.registry.named(DESTINATION).tags == {"v1": IMAGE.digest}


def test_a_tag_of_another_processor_is_not_overwritten_and_both_are_named(aws: Aws) -> None:
    aws.hold(IMAGE)
    aws.registry.named(DESTINATION).hold(ARM, "v1")
    outcome = aws.copy()
    assert outcome.reason == (
        f"{DESTINATION} exists and holds {ARM.digest} instead of {IMAGE.digest} (amd64), and its tags are "
        f"immutable; use another tag, or delete the image (log: {LOG})"
    )
    assert aws.registry.made("PUT", "") == []


def test_a_tag_with_another_digest_than_the_named_one_is_refused(aws: Aws) -> None:
    aws.hold(IMAGE)
    aws.registry.named(DESTINATION).hold(OTHER, "v1")
    outcome = aws.copy(f"{SOURCE_HOST}/assets@{IMAGE.digest}")
    assert f"holds {OTHER.digest} instead of {IMAGE.digest} (amd64)" in outcome.reason


@pytest.mark.parametrize("held", [IMAGE, index(IMAGE, ARM)], ids=["image", "index"])
def test_a_tag_with_the_named_digest_is_what_is_wanted_though_the_source_is_gone(aws: Aws, held: Image) -> None:
    aws.registry.named(DESTINATION).hold(held, "v1")
    assert aws.copy(f"{SOURCE_HOST}/assets@{held.digest}").digest == held.digest


def test_a_tag_with_the_child_of_the_named_index_is_what_is_wanted(aws: Aws) -> None:
    whole = aws.hold(
        index(ARM, IMAGE, platforms=[{"os": "linux", "architecture": each} for each in ("arm64", "amd64")])
    )
    aws.registry.named(DESTINATION).hold(IMAGE, "v1")
    assert aws.copy(f"{SOURCE_HOST}/assets@{whole.digest}").digest == IMAGE.digest
    assert aws.registry.made("PUT", "") == []


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_an_index_under_the_tag_is_there_for_each_of_its_processors(aws: Aws, architecture: str) -> None:
    whole = index(IMAGE, ARM)
    aws.registry.named(DESTINATION).hold(whole, "v1")
    assert aws.copy(architecture=architecture).digest == whole.digest


@pytest.mark.parametrize(
    ("faster", "architecture"), [(IMAGE, "amd64"), (OTHER, "amd64"), (index(IMAGE, ARM), "amd64"), (OTHER, "all")]
)
def test_another_copy_that_was_faster_counts_and_its_digest_is_told(aws: Aws, faster: Image, architecture: str) -> None:
    aws.hold(IMAGE)
    aws.registry.fail(*TAG, after(lambda: aws.registry.named(DESTINATION).hold(faster, "v1")))
    outcome = aws.copy(architecture=architecture)
    assert outcome.digest == faster.digest
    assert aws.registry.named(DESTINATION).tags == {"v1": faster.digest}
    assert "was pushed by another copy" in outcome.printed


def test_another_copy_of_something_else_that_was_faster_is_named(aws: Aws) -> None:
    aws.hold(IMAGE)
    aws.registry.fail(*TAG, after(lambda: aws.registry.named(DESTINATION).hold(ARM, "v1")))
    outcome = aws.copy()
    assert f"holds {ARM.digest} instead of {IMAGE.digest} (amd64)" in outcome.reason
    assert aws.registry.named(DESTINATION).tags == {"v1": ARM.digest}


@pytest.mark.parametrize("digest", [IMAGE.digest, OTHER.digest])
def test_another_copy_that_was_faster_must_have_the_named_digest(aws: Aws, digest: str) -> None:
    aws.hold(IMAGE)
    aws.registry.named(SOURCE).hold(OTHER, None)
    aws.registry.fail(*TAG, after(lambda: aws.registry.named(DESTINATION).hold(OTHER, "v1")))
    outcome = aws.copy(f"{SOURCE_HOST}/assets@{digest}")
    assert outcome.status == ("SUCCESS" if digest == OTHER.digest else "FAILED")


def test_a_tag_that_arrived_without_its_answer_is_found(aws: Aws) -> None:
    aws.hold(IMAGE)
    aws.registry.fail(*TAG, unanswered)
    assert aws.copy().digest == IMAGE.digest
    assert len(aws.registry.made(*TAG)) == 2


def test_a_tag_that_arrived_before_the_gateway_gave_up_is_found(aws: Aws) -> None:
    aws.hold(IMAGE)
    arrives = after(lambda: aws.registry.named(DESTINATION).hold(IMAGE, "v1"), says(503))
    aws.registry.fail(*TAG, arrives)
    assert aws.copy().digest == IMAGE.digest
    assert len(aws.registry.made(*TAG)) == 2


def test_a_layer_that_arrived_without_its_answer_is_not_sent_again(aws: Aws) -> None:
    aws.hold(IMAGE)
    layer = IMAGE.layers[0]
    aws.registry.fail("PUT", f"/blobs/uploads/.*{layer}", unanswered)
    assert aws.copy().digest == IMAGE.digest
    assert len(aws.registry.made("PUT", f"/blobs/uploads/.*{layer}")) == 1


def test_a_child_that_arrived_without_its_answer_is_found(aws: Aws) -> None:
    whole = aws.hold(index(IMAGE, ARM))
    aws.registry.fail("PUT", f"/manifests/{ARM.digest}", unanswered)
    assert aws.copy(architecture="all").digest == whole.digest


def test_layers_of_an_image_that_was_copied_before_are_not_sent(aws: Aws) -> None:
    aws.hold(IMAGE)
    aws.copy()
    more = image(b"one" * 1000, b"more")
    aws.hold(more, f"{SOURCE_HOST}/assets:more", f"{HOST}/shop/web:more")
    aws.registry.requests.clear()
    aws.copy(f"{SOURCE_HOST}/assets:more", f"{HOST}/shop/web:more")
    [sent] = aws.registry.made("PUT", "/blobs/uploads/")
    assert more.layers[1] in sent.path


def test_an_image_with_all_of_its_children_there_gets_its_tag_alone(aws: Aws) -> None:
    whole = aws.hold(index(IMAGE, ARM))
    aws.registry.named(DESTINATION).hold(whole, None)
    assert aws.copy(architecture="all").digest == whole.digest
    assert [each.path for each in aws.registry.made("PUT", "")] == ["/v2/shop/web/manifests/v1"]


def test_layers_and_children_come_before_what_names_them(aws: Aws) -> None:
    whole = aws.hold(index(IMAGE, ARM))
    aws.copy(architecture="all")
    puts = [each.path.rpartition("/")[2] for each in aws.registry.made("PUT", "")]
    assert puts[-1] == "v1"
    for child in (IMAGE, ARM):
        place = puts.index(child.digest)
        for blob in child.blobs:
            assert any(blob in each for each in puts[:place])
    assert aws.registry.named(DESTINATION).tags == {"v1": whole.digest}


def test_connections_are_used_again(aws: Aws) -> None:
    aws.hold(image(*[bytes([number]) * 100 for number in range(40)]))
    aws.copy()
    assert len(aws.registry.requests) > 160
    assert aws.registry.accepted <= 10


def test_layers_go_side_by_side(aws: Aws) -> None:
    aws.hold(image(b"one", b"two", b"three"))
    together = threading.Barrier(4, timeout=5)
    aws.registry.fail("PUT", "/blobs/uploads/", after(together.wait), times=4)
    aws.copy()
    assert not together.broken


def _tagged(aws: Aws, *tags: str, **event: Any) -> Outcome:  # noqa: ANN401 - of an event
    properties = {"Source": SOURCE, "Destination": DESTINATION, "Architecture": "amd64", "Tags": list(tags)}
    return aws.copy(ResourceProperties=properties, **event)


def test_further_tags_name_the_copy(aws: Aws) -> None:
    aws.hold(IMAGE)
    assert _tagged(aws, "1.4.2", "stable").digest == IMAGE.digest
    assert aws.registry.named(DESTINATION).tags == dict.fromkeys(("v1", "1.4.2", "stable"), IMAGE.digest)


def test_further_tags_are_added_to_what_is_there_and_stay(aws: Aws) -> None:
    aws.hold(IMAGE)
    aws.copy()
    for _ in range(2):
        assert _tagged(aws, "1.4.2").digest == IMAGE.digest
    assert aws.registry.named(DESTINATION).tags == {"v1": IMAGE.digest, "1.4.2": IMAGE.digest}
    aws.registry.requests.clear()
    assert _tagged(aws, "1.4.2", RequestType="Update", PhysicalResourceId=DESTINATION).status == "SUCCESS"
    assert {each.method for each in aws.registry.requests} == {"GET"}


def test_a_further_tag_of_another_image_is_refused_before_anything_is_tagged(aws: Aws) -> None:
    aws.hold(IMAGE)
    aws.registry.named(DESTINATION).hold(OTHER, "1.4.2")
    reason = _tagged(aws, "free", "1.4.2").reason
    assert reason.startswith(f"{HOST}/shop/web:1.4.2 is {OTHER.digest}, and not {IMAGE.digest}: a tag names one image")
    assert aws.registry.named(DESTINATION).tags == {"1.4.2": OTHER.digest}


def test_a_further_tag_that_another_copy_puts_meanwhile_is_no_failure(aws: Aws) -> None:
    aws.hold(IMAGE)
    aws.copy()
    held = aws.registry.named(DESTINATION)
    aws.registry.fail("PUT", "/manifests/1.4.2", after(lambda: held.hold(IMAGE, "1.4.2"), says(400, "TAG_INVALID")))
    assert _tagged(aws, "1.4.2").digest == IMAGE.digest
