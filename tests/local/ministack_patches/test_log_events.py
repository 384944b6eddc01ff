"""What containers print becomes events of whole lines, whichever pieces the engine hands over."""

from __future__ import annotations

import time
from contextlib import nullcontext
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.ministack_patches import log_events
from ecr_fargate_constructs.local.ministack_patches.log_events import keep_lines_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def _ecs(events: list[str]) -> Any:  # noqa: ANN401 - stands for an untyped package
    """MiniStack's functions, the way its own code makes events."""

    def forward(container: Any, config: dict[str, Any], account: str, region: str) -> None:  # noqa: ANN401
        assert (config["group"], account, region) == ("logs", "1", "eu-west-1")
        for chunk in container.logs(stream=True, follow=True):
            events.extend(chunk.decode().splitlines())

    ecs: Any = SimpleNamespace(
        _forward_awslogs=forward,
        _awslogs_config=lambda *_: {"group": "logs"},
        _ensure_awslogs_stream=lambda _: True,
        _emit_awslogs_event=lambda _, event: events.append(event),
    )
    keep_lines_whole(ecs, lambda *_: nullcontext())
    return ecs


def _events(pieces: Iterable[bytes], **options: str) -> list[str]:
    """The events that are made of what a container prints."""
    events: list[str] = []
    ecs = _ecs(events)
    config = ecs._awslogs_config({"logConfiguration": {"options": options}}, "task", "container")
    container = SimpleNamespace(logs=lambda **options: pieces if options["follow"] else ())
    ecs._forward_awslogs(container, config, "1", "eu-west-1")
    return events


@pytest.mark.parametrize(
    ("pieces", "events"),
    [
        ([b"a", b" ", b"b", b"\n"], ["a b"]),
        ([b"one\ntwo\nthr", b"ee\n"], ["one", "two", "three"]),
        (["gr\u00fc\u00df".encode()[:3], "gr\u00fc\u00df".encode()[3:], b"\n"], ["gr\u00fc\u00df"]),
        ([b"\n", b"x\r\n"], ["", "x"]),
        ([b"killed in the mid"], ["killed in the mid"]),
        ([], []),
    ],
)
def test_a_line_is_one_event(pieces: list[bytes], events: list[str]) -> None:
    assert _events(pieces) == events


def test_a_line_without_end_is_not_held_for_ever() -> None:
    assert len(_events([b"x" * 10_000] * 4)) == 2


def test_lines_are_joined_by_the_pattern_of_their_first_one() -> None:
    printed = [b"INFO one\nTrace", b"back\r\n  File\n", b"INFO two\n"]
    assert _events(printed, **{"awslogs-multiline-pattern": "^INFO"}) == ["INFO one\nTraceback\n  File", "INFO two"]


def test_an_event_to_which_no_line_comes_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_events, "_SECONDS_TO_WAIT", 0.05)
    events: list[str] = []
    ecs = _ecs(events)
    seen: list[list[str]] = []

    def pieces() -> Iterator[bytes]:
        yield b"INFO one\n"
        deadline = time.monotonic() + 5
        while not events and time.monotonic() < deadline:
            time.sleep(0.01)
        seen.append(list(events))
        yield b"  more\n"

    options = {"logConfiguration": {"options": {"awslogs-multiline-pattern": "^INFO"}}}
    config = ecs._awslogs_config(options, "task", "container")
    ecs._forward_awslogs(SimpleNamespace(logs=lambda **_: pieces()), config, "1", "eu-west-1")
    assert seen == [["INFO one"]]
    assert events == ["INFO one", "  more"]
