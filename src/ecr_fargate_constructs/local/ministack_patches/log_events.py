"""What containers print, a line an event, for MiniStack; a part of ``ministack_patches``.

By itself MiniStack makes an event of each piece that the engine hands over, and a program that does not buffer writes a
line in several. Written for MiniStack 1.5.33.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.internals import find

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 16 * 1024  # bytes; the engine's log driver breaks longer lines up, too


def keep_lines_whole(ecs: Any) -> None:  # noqa: ANN401 - the inside of an untyped package
    """Let a line be one event, whichever pieces it comes in; what ends without a line's end is one, too."""
    forward = find(ecs, "_forward_awslogs")

    def forward_lines(container: Any, *rest: Any) -> None:  # noqa: ANN401 - passed on as they are
        forward(_WholeLines(container), *rest)

    ecs._forward_awslogs = forward_lines  # noqa: SLF001 - what this module is for


class _WholeLines:
    """A container whose log comes in whole lines."""

    def __init__(self, container: Any) -> None:  # noqa: ANN401 - the engine's client has no types
        """Read from a container; nothing is read yet."""
        self._container = container

    def logs(self, **options: Any) -> Iterator[bytes]:  # noqa: ANN401 - passed on as they are
        """Return what the container prints, as long as it does."""
        begun = b""
        for piece in self._container.logs(**options):
            *lines, begun = (begun + piece).split(b"\n")
            yield from (line + b"\n" for line in lines)
            if len(begun) > _LONGEST:
                yield begun
                begun = b""
        if begun:
            yield begun
