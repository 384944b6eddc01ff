"""Make one log event per line of a container's output.

MiniStack makes an event of each chunk from the engine, and a program without buffering writes a line in several chunks.
Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.internals import find

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_LINE = 16 * 1024  # bytes; the engine's log driver splits longer lines, too


def keep_lines_whole(ecs: Any) -> None:  # noqa: ANN401 - an untyped package
    """Make one event per line; a last line without a line break is an event, too."""
    forward = find(ecs, "_forward_awslogs")

    def forward_lines(container: Any, *rest: Any) -> None:  # noqa: ANN401 - passed on as they are
        forward(_WholeLines(container), *rest)

    ecs._forward_awslogs = forward_lines  # noqa: SLF001 - what this module is for


class _WholeLines:
    """A container whose log consists of whole lines."""

    def __init__(self, container: Any) -> None:  # noqa: ANN401 - the engine's client has no types
        """Wrap a container; nothing is read yet."""
        self._container = container

    def logs(self, **options: Any) -> Iterator[bytes]:  # noqa: ANN401 - passed on as they are
        """Yield the lines that the container prints, until its output ends."""
        rest = b""
        for chunk in self._container.logs(**options):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line + b"\n" for line in lines)
            if len(rest) > _MAX_LINE:
                yield rest
                rest = b""
        if rest:
            yield rest
