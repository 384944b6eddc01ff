"""What containers print becomes events of whole lines, whichever pieces the engine hands over."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.ministack_patches.log_events import keep_lines_whole

if TYPE_CHECKING:
    from collections.abc import Iterable


def _events(pieces: Iterable[bytes]) -> list[str]:
    """The events that MiniStack makes of what a container prints, the way its own code does."""
    events: list[str] = []

    def forward(container: Any, config: str) -> None:  # noqa: ANN401 - as MiniStack calls it
        assert config == "config"
        for chunk in container.logs(stream=True, follow=True):
            events.extend(chunk.decode().splitlines())

    ecs: Any = SimpleNamespace(_forward_awslogs=forward)
    keep_lines_whole(ecs)
    ecs._forward_awslogs(SimpleNamespace(logs=lambda **options: pieces if options["follow"] else ()), "config")
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
