"""Find out for how long a web server keeps idle connections, from its command line, variables and settings.

A load balancer reuses idle connections. If the server closes one at that moment, the client gets a 502, so the server
has to keep connections longer than the load balancer does. A server that closes each connection after its response
announces it in the response, and the load balancer does not reuse the connection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.gunicorn import NAMES as GUNICORN
from ecr_fargate_constructs.tools.doctor.readers.gunicorn import Gunicorn

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.doctor.readers.programs import Program

_NODE = ("node", "npm", "npx", "yarn", "pnpm", "next")
_NODE_SECONDS = 5  # https://nodejs.org/api/http.html#serverkeepalivetimeout
_FASTIFY_SECONDS = 72  # https://fastify.dev/docs/latest/Reference/Server/#keepalivetimeout
_GUNICORN_SECONDS = 2  # https://gunicorn.org/reference/settings/#keepalive
_UVICORN_SECONDS = 5  # https://uvicorn.dev/settings/
_HYPERCORN_SECONDS = 5  # https://hypercorn.readthedocs.io/en/latest/how_to_guides/configuring.html
_FASTIFY = {"fastify", "@nestjs/platform-fastify"}
_IN_SOURCE = re.compile(r"keepAliveTimeout\s*[:=]\s*(?P<milliseconds>\d[\d_]*)?")
_SYNC = "sync"


@dataclass(frozen=True)
class KeepAlive:
    """The time for which a server keeps idle connections.

    Attributes:
        server: The server's name.
        seconds: The time in seconds.
    """

    server: str
    seconds: int


def keep_alive_of(program: Program, dockerfile: str = "") -> KeepAlive | None:
    """Return how long a program keeps idle connections.

    Return None if the program is unknown, closes each connection after its response, or decides the time when it runs.

    Args:
        program: The program.
        dockerfile: The text of the Dockerfile's instructions.
    """
    if program.after(GUNICORN) is not None:
        return _gunicorn(Gunicorn(program, dockerfile))
    if program.after(("uvicorn",)) is not None:
        given = [
            *program.values("--timeout-keep-alive"),
            *filter(None, [program.environment.get("UVICORN_TIMEOUT_KEEP_ALIVE")]),
        ]
        return _of("uvicorn", given[:1], _UVICORN_SECONDS)
    if program.after(("hypercorn",)) is not None:
        if program.values("-c", "--config"):
            return None
        return _of("hypercorn", program.values("--keep-alive")[:1], _HYPERCORN_SECONDS)
    return None if program.after(_NODE) is None else _node(program)


def _gunicorn(gunicorn: Gunicorn) -> KeepAlive | None:
    if gunicorn.files is None:
        return None
    worker = _one(gunicorn, "worker_class", ("-k", "--worker-class"), _SYNC)
    if worker == _SYNC and _one(gunicorn, "threads", ("--threads",), "1") == "1":
        return None  # https://gunicorn.org/reference/settings/#keepalive: it does not keep connections
    seconds = _one(gunicorn, "keepalive", ("--keep-alive",), str(_GUNICORN_SECONDS))
    return None if seconds == "0" else _of("gunicorn", [seconds], _GUNICORN_SECONDS)


def _one(gunicorn: Gunicorn, setting: str, options: tuple[str, ...], default: str) -> str:
    given = gunicorn.option(*options)
    if given is not None:
        return given
    values = gunicorn.setting(setting)
    return default if not values else values.pop() if len(values) == 1 else ""


def _node(program: Program) -> KeepAlive | None:
    given = program.values("--keepAliveTimeout")
    if not given and "KEEP_ALIVE_TIMEOUT" in program.environment:  # Next's standalone server
        given = [program.environment["KEEP_ALIVE_TIMEOUT"]]
    if given:
        return KeepAlive("Node", int(given[0]) // 1000) if given[0].isdecimal() else None
    context = program.context
    if context is None:
        return KeepAlive("Node", _NODE_SECONDS)
    written = [match["milliseconds"] for match in _IN_SOURCE.finditer(context.javascript)]
    if written:
        times = [int(each.replace("_", "")) // 1000 for each in written if each is not None]
        return KeepAlive("Node", max(times)) if len(times) == len(written) else None
    needed = context.package.get("dependencies")
    if isinstance(needed, dict) and _FASTIFY & needed.keys():
        return KeepAlive("Fastify", _FASTIFY_SECONDS)
    return KeepAlive("Node", _NODE_SECONDS)


def _of(server: str, given: list[str], default: int) -> KeepAlive | None:
    if not given:
        return KeepAlive(server, default)
    return KeepAlive(server, int(given[0])) if given[0].isdecimal() else None
