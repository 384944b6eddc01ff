"""What goes wrong between the registries, and what becomes of the copy.

``Aws.copy`` checks in each test: one answer, in time, nothing raised, no secret told, no tag of an incomplete image, no
thread and no connection left.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.image.copier.aws import DESTINATION, HOST, SOURCE_HOST, Aws
from tests.image.copier.images import image
from tests.image.copier.mishaps import answers, cut_after, cut_while_sending, says, spoilt, unanswered

if TYPE_CHECKING:
    from tests.image.copier.mishaps import Act

pytestmark = pytest.mark.integration

LAYERS = b"one" * 100_000, b"two" * 700_000
IMAGE = image(*LAYERS)
ATTEMPTS = 6

MANIFEST = "GET", "/manifests/abc", SOURCE_HOST
CONFIG = "GET", f"/blobs/{next(iter(IMAGE.blobs))}", SOURCE_HOST
LAYER = "GET", f"/blobs/{IMAGE.layers[1]}", SOURCE_HOST
LOOK = "GET", "/manifests/v1", HOST
ASK = "HEAD", f"/blobs/{IMAGE.layers[1]}", HOST
BEGIN = "POST", "/blobs/uploads/", HOST
SEND = "PUT", f"/blobs/uploads/.*{IMAGE.layers[1]}", HOST
TAG = "PUT", "/manifests/v1", HOST
EVERY_REQUEST = {
    "the manifest of the source": MANIFEST,
    "the configuration of the source": CONFIG,
    "a layer of the source": LAYER,
    "the tag of the destination": LOOK,
    "whether the destination has a layer": ASK,
    "an upload that begins": BEGIN,
    "a layer that is sent": SEND,
    "the new tag": TAG,
}


@dataclass(frozen=True)
class Case:
    """A fault, and why the copy fails where it does not go away.

    Attributes:
        name: What happens, as a sentence.
        at: Method, path and host of the request.
        act: What happens to it.
        reason: Pattern of the reason when it happens again and again.
    """

    name: str
    at: tuple[str, str, str]
    act: Act
    reason: str


def _busy(status: int, code: str) -> list[Case]:
    return [
        Case(
            f"A request for {name} is answered with {status}", at, says(status, code, "later"), f"{status} {code} later"
        )
        for name, at in EVERY_REQUEST.items()
        if at != ASK
    ] + [Case(f"A request for whether there is a layer is answered with {status}", ASK, says(status), f": {status} ")]


TRANSIENT = [
    *_busy(429, "TOOMANYREQUESTS"),
    *_busy(503, "UNAVAILABLE"),
    Case("The source has an error of its own", LAYER, says(500), "500"),
    Case("The destination has an error of its own", SEND, says(500), "500"),
    Case("A gateway gives up before the destination", TAG, says(504), "504"),
    Case("The source's connection breaks before a layer", LAYER, cut_after(0), "connection"),
    Case("The source's connection breaks inside a layer", LAYER, cut_after(1_500_000), "connection broke after"),
    Case("The source's connection breaks inside the configuration", CONFIG, cut_after(5), "connection"),
    Case("The source's connection breaks inside the manifest", MANIFEST, cut_after(100), "connection"),
    Case("The destination's connection breaks inside a layer", SEND, cut_while_sending(300_000), "connection"),
    Case("The destination's connection breaks before a layer", SEND, cut_while_sending(0), "connection"),
    Case("The source ends a layer too early", LAYER, answers(200, {}, LAYERS[1][:-1]), "gave 2099999 bytes"),
    Case("The source goes on behind the layer", LAYER, answers(200, {}, LAYERS[1] + b"!"), "bytes with sha256"),
    Case("The source goes on for long", LAYER, answers(200, {}, LAYERS[1] + bytes(4 * 2**20)), "bytes with sha256"),
    Case("The source gives a layer of other bytes", LAYER, spoilt, "bytes with sha256:"),
    Case("The source gives a configuration of other bytes", CONFIG, spoilt, "gave sha256:"),
    Case("The source gives a manifest of other bytes", MANIFEST, spoilt, "manifest is sha256:"),
    Case(
        "The destination gives a manifest of other bytes",
        LOOK,
        answers(200, {"Docker-Content-Digest": IMAGE.digest}, b"{}"),
        "manifest is sha256:",
    ),
    Case("The answer of the one who looks is lost", LOOK, unanswered, "connection"),
    Case("The answer to the beginning of an upload is lost", BEGIN, unanswered, "connection"),
]


@pytest.mark.parametrize("case", TRANSIENT, ids=lambda case: case.name)
def test_what_goes_away_is_tried_again(aws: Aws, case: Case) -> None:
    aws.hold(IMAGE)
    aws.registry.fail(case.at[0], case.at[1], case.act, host=case.at[2], times=2)
    assert aws.copy().digest == IMAGE.digest
    assert aws.registry.named(DESTINATION).tags == {"v1": IMAGE.digest}


@pytest.mark.parametrize("case", TRANSIENT, ids=lambda case: case.name)
def test_what_does_not_go_away_ends_after_six_attempts_with_its_reason(aws: Aws, case: Case) -> None:
    aws.hold(IMAGE)
    aws.registry.fail(case.at[0], case.at[1], case.act, host=case.at[2], times=1000)
    outcome = aws.copy()
    assert outcome.status == "FAILED"
    assert re.search(case.reason, outcome.reason)
    assert f"({ATTEMPTS} attempts)" in outcome.reason
    assert aws.registry.named(DESTINATION).tags == {}
    assert len(aws.registry.made(*case.at)) <= 3 * ATTEMPTS, "three uploads go on side by side, and no attempt has more"
