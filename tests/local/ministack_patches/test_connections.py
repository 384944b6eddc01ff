"""The server's connections: closed early, and as many as the system allows."""

from __future__ import annotations

import asyncio
import resource
from types import SimpleNamespace
from typing import Any

import hypercorn.asyncio
import pytest

from ecr_fargate_constructs.local.ministack_patches.connections import serve_many_connections


def test_idle_connections_are_closed_early(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[float] = []

    async def serve(_application: object, config: SimpleNamespace) -> None:
        served.append(config.keep_alive_timeout)

    monkeypatch.setattr(hypercorn.asyncio, "serve", serve)
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    serve_many_connections()
    patched: Any = hypercorn.asyncio.serve
    asyncio.run(patched(object(), SimpleNamespace(keep_alive_timeout=75)))
    assert served == [15]


@pytest.mark.parametrize(
    ("soft", "hard", "expected"),
    [
        (1024, 4096, [(4096, 4096)]),
        (1024, 1 << 20, [(65_536, 1 << 20)]),
        (1024, resource.RLIM_INFINITY, [(65_536, resource.RLIM_INFINITY)]),
        (4096, 4096, []),
        (1 << 20, 1 << 20, []),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, []),
    ],
)
def test_the_limit_of_open_files_is_raised_as_far_as_the_system_allows(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, expected: list[tuple[int, int]]
) -> None:
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(hypercorn.asyncio, "serve", None)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limit: limits.append(limit))
    serve_many_connections()
    assert limits == expected
