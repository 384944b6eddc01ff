"""Make one log event per line of a container's output, or of the lines that its log options join.

MiniStack makes an event of each chunk from the engine, and a program without buffering writes a line in several chunks.
Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find
from ecr_fargate_constructs.local.tasks.multiline import Events, pattern_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MAX_LINE = 16 * 1024  # bytes; the engine's log driver splits longer lines, too
_PATTERN = "_multiline"
_SECONDS_TO_WAIT = 5.0  # for a further line of an event, as the driver waits


def keep_lines_whole(ecs: Any, scope: Callable[..., Any]) -> None:  # noqa: ANN401 - an untyped package
    """Make one event per line; a last line without a line break is an event, too. Join lines by a pattern.

    Args:
        ecs: MiniStack's module for ECS.
        scope: Returns a context with an account and a region.
    """
    forward, configure = find(ecs, "_forward_awslogs"), find(ecs, "_awslogs_config")
    ensure, emit = find(ecs, "_ensure_awslogs_stream"), find(ecs, "_emit_awslogs_event")

    def configured(definition: Properties, *rest: Any) -> Properties | None:  # noqa: ANN401 - passed on as they are
        found: Properties | None = configure(definition, *rest)
        options = (definition.get("logConfiguration") or {}).get("options") or {}
        return None if found is None else {**found, _PATTERN: pattern_of(options)}

    def forward_lines(container: Any, config: Any, *rest: Any) -> None:  # noqa: ANN401 - passed on as they are
        pattern = config.get(_PATTERN)
        if pattern is None:
            forward(_WholeLines(container), config, *rest)
            return
        with scope(*rest):
            if ensure(config):
                joined = _Joined(Events(pattern), lambda event: emit(config, event), lambda: scope(*rest))
                joined.follow(_WholeLines(container))

    ecs._forward_awslogs, ecs._awslogs_config = forward_lines, configured  # noqa: SLF001 - what this module is for


class _Joined:
    """Sends events of several lines; one to which no further line comes is sent, too."""

    def __init__(self, events: Events, send: Callable[[str], object], scope: Callable[[], Any]) -> None:
        """Send nothing yet.

        Args:
            events: Joins the lines.
            send: Sends an event.
            scope: Returns a context with the account and region of the log.
        """
        self._events, self._send, self._scope = events, send, scope
        self._lock, self._timer = threading.Lock(), threading.Timer(0, lambda: None)

    def follow(self, container: _WholeLines) -> None:
        """Send what the container prints, until its output ends."""
        for chunk in container.logs(stream=True, follow=True, stdout=True, stderr=True):
            line = chunk.decode("utf-8", errors="replace").removesuffix("\n").removesuffix("\r")
            with self._lock:
                for event in self._events.take(line):
                    self._send(event)
            self._timer.cancel()
            self._timer = threading.Timer(_SECONDS_TO_WAIT, self._send_rest)
            self._timer.daemon = True
            self._timer.start()
        self._timer.cancel()
        self._send_rest()

    def _send_rest(self) -> None:
        with self._scope(), self._lock:
            for event in self._events.rest():
                self._send(event)


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
