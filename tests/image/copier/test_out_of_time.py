"""The function's limit: CloudFormation has its answer before it, and nothing of the function goes on."""

from __future__ import annotations

import random
import socket
import threading
import time
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.image.copier import deadline as deadlines
from ecr_fargate_constructs.image.copier import handler as handlers
from ecr_fargate_constructs.image.copier import login, registry
from ecr_fargate_constructs.image.copier.deadline import Deadline
from ecr_fargate_constructs.image.copier.errors import CopyError, OutOfTimeError, TransientError
from tests.image.copier.aws import DESTINATION, HOST, SOURCE_HOST, Aws
from tests.image.copier.images import image, index
from tests.image.copier.mishaps import hangs, header_trickles, says, trickles

if TYPE_CHECKING:
    from tests.image.copier.mishaps import Act

pytestmark = pytest.mark.integration

IMAGE = image(b"one" * 1000, b"two" * 1000)
LAYER = IMAGE.layers[1]


@pytest.fixture
def short(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """Three seconds for the function, of which one is for the work."""
    monkeypatch.setattr(handlers, "_MARGIN", 1.9)
    aws.seconds = 3
    aws.hold(IMAGE)
    return aws


STUCK = [
    ("the source never gives the manifest", ("GET", "/manifests/abc", SOURCE_HOST), hangs, "reading"),
    ("the source never gives a layer", ("GET", LAYER, SOURCE_HOST), hangs, "copying sha256"),
    ("the source gives a layer a byte at a time", ("GET", LAYER, SOURCE_HOST), trickles, "copying sha256"),
    ("the source gives headers a byte at a time", ("GET", LAYER, SOURCE_HOST), header_trickles, "copying sha256"),
    ("the destination never takes a layer", ("PUT", LAYER, HOST), hangs, "copying sha256"),
    ("the destination never says whether it has a layer", ("HEAD", LAYER, HOST), hangs, "copying sha256"),
    ("the destination never answers to the tag", ("PUT", "/manifests/v1", HOST), hangs, "putting the manifest v1"),
]


@pytest.mark.parametrize(("at", "act", "doing"), [case[1:] for case in STUCK], ids=[case[0] for case in STUCK])
def test_the_answer_comes_in_time_when(short: Aws, at: tuple[str, str, str], act: Act, doing: str) -> None:
    short.registry.fail(at[0], at[1], act, host=at[2], times=1000)
    outcome = short.copy()
    assert outcome.reason.startswith(f"the time was over while {doing}")
    assert 1 <= outcome.seconds < 2.9
    assert short.registry.named(DESTINATION).tags == {}


def test_a_wait_that_is_longer_than_the_time_is_not_begun(short: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "_LONGEST_WAIT", 20.0)
    short.registry.fail("GET", "/manifests/abc", says(429, "TOOMANYREQUESTS", Retry_After="15"), times=9)
    outcome = short.copy()
    assert "the time was over while reading" in outcome.reason
    assert "429 TOOMANYREQUESTS" in outcome.reason


def test_aws_that_gives_no_token_is_left_behind(short: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "_GRACE", 0.1)
    end = threading.Event()
    monkeypatch.setattr(login, "client", lambda *_: SimpleNamespace(get_authorization_token=lambda: end.wait(20)))
    try:
        outcome = short.copy(leaves_threads=True)
    finally:
        end.set()
    assert outcome.reason.startswith(f"the time was over while looking for {DESTINATION}")
    assert outcome.seconds < 2.9


def test_the_first_failure_ends_the_other_layers_and_is_the_reason(short: Aws) -> None:
    short.registry.fail("GET", LAYER, trickles, host=SOURCE_HOST)
    short.registry.fail("GET", IMAGE.layers[0], says(404, "BLOB_UNKNOWN", "gone"), host=SOURCE_HOST)
    assert f"GET blobs/{IMAGE.layers[0]}: 404 BLOB_UNKNOWN gone" in short.copy().reason


def test_a_source_that_hangs_once_is_asked_again(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "READ_SECONDS", 0.2)
    whole = aws.hold(index(IMAGE))
    aws.registry.fail("GET", "/manifests/abc", hangs, host=SOURCE_HOST)
    aws.registry.fail("GET", LAYER, hangs, host=SOURCE_HOST)
    assert aws.copy(architecture="all").digest == whole.digest


def test_a_registry_has_more_time_to_take_a_layer_than_to_answer(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "READ_SECONDS", 0.1)
    aws.hold(IMAGE)

    def slowly(exchange: object) -> None:
        time.sleep(0.4)
        exchange.proceed()  # type: ignore[attr-defined]

    aws.registry.fail("PUT", f"/blobs/uploads/.*{LAYER}", slowly)
    outcome = aws.copy()
    assert outcome.digest == IMAGE.digest
    assert "again in" not in outcome.printed


@pytest.mark.parametrize(("said", "waits"), [("1", 0.3), ("0", 0.0), ("soon", 0.0), ("²", 0.0), ("9" * 400, 0.3)])
def test_a_registry_may_say_how_long_to_wait_within_limits(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, said: str, waits: float
) -> None:
    monkeypatch.setattr(deadlines, "_LONGEST_WAIT", 0.3)
    aws.hold(IMAGE)
    aws.registry.fail("GET", "/manifests/abc", says(429, Retry_After=said), host=SOURCE_HOST)
    assert f"again in {waits} s: {SOURCE_HOST}/assets: GET manifests/abc: 429" in aws.copy().printed


# The deadline alone.


def test_waits_grow_and_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(random, "uniform", lambda _, most: most)
    deadline = Deadline(1000)
    monkeypatch.setattr(deadline._stopped, "wait", waits.append)

    def fail() -> None:
        raise TransientError("no")

    with pytest.raises(CopyError, match=r"no \(6 attempts\)"):
        deadline.retry(fail)
    assert waits == [0.5, 1, 2, 4, 8]
    monkeypatch.setattr(deadlines, "ATTEMPTS", 9)
    with pytest.raises(CopyError, match="9 attempts"):
        deadline.retry(fail)
    assert max(waits) == 20


def test_a_login_that_is_refused_is_renewed_once_whatever_fails_between(monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [TransientError("busy"), TransientError("refused", once=True), TransientError("busy")]
    failures += [TransientError("refused", once=True)]
    deadline = Deadline(10)
    monkeypatch.setattr(deadline._stopped, "wait", lambda _: None)

    def fail() -> None:
        raise failures.pop(0)

    with pytest.raises(CopyError, match=r"refused \(4 attempts\)"):
        deadline.retry(fail)


def test_work_that_ends_at_the_last_moment_has_one_outcome() -> None:
    for _ in range(30):
        deadline = Deadline(0.005)
        outcomes: list[object] = []
        try:
            outcomes.append(deadline.run(partial(deadline._stopped.wait, 0.005)))
        except OutOfTimeError as error:
            outcomes.append(error)
        assert len(outcomes) == 1
        assert deadline.left == 0


def test_work_that_fails_is_told_and_stops_the_rest() -> None:
    deadline = Deadline(10)

    def fail() -> None:
        raise CopyError("why")

    with pytest.raises(CopyError, match="why"):
        deadline.run(fail)
    assert deadline.left == 0
    with pytest.raises(OutOfTimeError, match="while starting"):
        deadline.check()


def test_work_that_ends_well_after_the_end_counts() -> None:
    """It is what has happened: the tag is there."""
    deadline = Deadline(0.01)
    assert deadline.run(lambda: deadline._stopped.wait(5) and "done") == "done"


def test_a_failure_that_the_end_brings_is_told_as_the_end() -> None:
    deadline = Deadline(0.01)

    def fail() -> None:
        deadline.doing = "waiting"
        deadline._stopped.wait(5)
        raise CopyError("the connection failed (6 attempts)")

    with pytest.raises(OutOfTimeError, match="the time was over while waiting"):
        deadline.run(fail)


@pytest.mark.parametrize("late", [False, True])
def test_connections_are_cut_at_the_end_also_those_that_come_later(*, late: bool) -> None:
    deadline = Deadline(10)
    mine, peer = socket.socketpair()
    with mine, peer:
        mine.settimeout(2)
        peer.settimeout(2)
        steps = [lambda: deadline.cut_at_end(mine), deadline.stop]
        for step in reversed(steps) if late else steps:
            step()
        assert mine.recv(1) == b""
        assert peer.recv(1) == b""


def test_a_connection_that_is_closed_needs_no_cut() -> None:
    deadline = Deadline(10)
    mine, peer = socket.socketpair()
    deadline.cut_at_end(mine)
    mine.close()
    peer.close()
    deadline.stop()
