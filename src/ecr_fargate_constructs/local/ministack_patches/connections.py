"""Close idle connections early: until the idle timeout, Hypercorn does not notice that a client is gone.

MiniStack's idle timeout is 75 seconds, so a client that opens a connection for each of fifty requests a second would
leave thousands of them open.
"""

from __future__ import annotations

import resource
from importlib import import_module
from typing import Any

from ecr_fargate_constructs.local.ministack_patches.internals import find

_SECONDS_IDLE = 15
_DESCRIPTORS = 65_536
"""Enough open files and connections; a shell's limit is often 1,024."""


def serve_many_connections() -> None:
    """Let the server close idle connections early, and raise its limit of open connections."""
    _allow_many_descriptors()
    server: Any = import_module("hypercorn.asyncio")
    serve = find(server, "serve")

    async def serve_briefly(application: object, config: Any, **options: object) -> None:  # noqa: ANN401
        config.keep_alive_timeout = _SECONDS_IDLE
        await serve(application, config, **options)

    server.serve = serve_briefly


def _allow_many_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
