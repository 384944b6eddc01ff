"""What the command line of a web server gives away: where it listens, and how long it keeps connections. Pure.

Defaults: gunicorn keeps idle connections for 2 seconds, uvicorn, hypercorn and Node for 5; the Python ones and Flask's
own server listen on the loopback unless told otherwise (their settings pages).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Server:
    """A web server.

    Attributes:
        name: Its name.
        command: How it is recognised in a command.
        keep_alive: Its option for the keep-alive, with the seconds in the group ``seconds``; None when it has none.
        default: Seconds that it keeps an idle connection.
        bind: What tells it where to listen; None when it listens on every address by itself.
        variables: Environment variables that hold options, or an address.
        settings: How a file of the application sets the keep-alive.
    """

    name: str
    command: re.Pattern[str]
    keep_alive: re.Pattern[str] | None
    default: int
    bind: re.Pattern[str] | None
    variables: tuple[str, ...] = ()
    settings: re.Pattern[str] | None = None


def _program(names: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|[\s/\"'])(?:{names})(?:\s|$)")


_GIVEN = r"(?:\s+|=)(?P<seconds>\d+)"

SERVERS = (
    Server(
        name="gunicorn",
        command=_program("gunicorn"),
        keep_alive=re.compile(rf"--keep-alive{_GIVEN}"),
        default=2,
        bind=re.compile(r"(?:^|\s)(?:-b|--bind)(?:\s|=|[\d\[:])"),
        variables=("GUNICORN_CMD_ARGS", "PORT"),
        settings=re.compile(r"^\s*keepalive\s*=\s*(?P<seconds>\d+)", re.MULTILINE),
    ),
    Server(
        name="uvicorn",
        command=_program("uvicorn"),
        keep_alive=re.compile(rf"--timeout-keep-alive{_GIVEN}"),
        default=5,
        bind=re.compile(r"--(?:host|uds|fd)\b"),
        variables=("UVICORN_HOST",),
    ),
    Server(
        name="hypercorn",
        command=_program("hypercorn"),
        keep_alive=re.compile(rf"--keep-alive{_GIVEN}"),
        default=5,
        bind=re.compile(r"(?:^|\s)(?:-b|--bind|-c|--config)(?:\s|=)"),
    ),
    Server(
        name="Flask's development server",
        command=re.compile(r"(?:^|[\s/])flask\s(?:.*\s)?run\b"),
        keep_alive=None,
        default=0,
        bind=re.compile(r"(?:^|\s)(?:-h|--host)(?:\s|=)"),
        variables=("FLASK_RUN_HOST",),
    ),
    Server(
        name="Node",
        command=_program("node|npm|npx|yarn|pnpm"),
        keep_alive=None,
        default=5,
        bind=None,
        settings=re.compile(r"keepAliveTimeout\s*[:=]\s*(?P<seconds>\d+)?"),
    ),
)
_LOOPBACK = re.compile(
    r"(?:--?(?:host|bind|b|H|h|listen|address|addr|hostname|http)(?:\s+|=)|\s-b|\brunserver\s+)"
    r"(?:https?://)?(?:127\.0\.0\.1|localhost|\[?::1\]?)(?::\d+)?(?:\s|$)"
)
_DJANGO = re.compile(r"\bmanage\.py\s+runserver(?:\s+(?P<address>[\w.:\[\]]+))?")


def server_of(command: str) -> Server | None:
    """The server that a command starts; None when it is none that is known."""
    return next((server for server in SERVERS if server.command.search(command)), None)


def listens_on_loopback(command: str, environment: Mapping[str, str]) -> str | None:
    """Why a server is reached from inside its container only; None when nothing says so."""
    if match := _LOOPBACK.search(command):
        return match.group().strip()
    django = _DJANGO.search(command)
    if django is not None and (django["address"] is None or django["address"].isdigit()):
        return "manage.py runserver listens on 127.0.0.1 unless it is given an address"
    server = server_of(command)
    if server is None or server.bind is None or server.bind.search(command):
        return None
    if any(name in environment for name in server.variables):
        return None
    return f"{server.name} listens on 127.0.0.1 unless it is told where"


def keep_alive_of(command: str, environment: Mapping[str, str], settings: str) -> tuple[Server, int | None] | None:
    """The server that a command starts, and how long it keeps idle connections; the seconds are None when unknown.

    Args:
        command: What the container runs.
        environment: Its variables.
        settings: The text of the files of its build context that may set the keep-alive.
    """
    server = server_of(command)
    if server is None or (server.keep_alive is None and server.settings is None):
        return None
    options = " ".join([command, *(environment.get(name, "") for name in server.variables)])
    if server.keep_alive is not None and (given := server.keep_alive.search(options)):
        return server, int(given["seconds"])
    if server.settings is not None and (written := server.settings.search(settings)):
        if server.name == "Node":  # in milliseconds, or worked out
            return server, None if written["seconds"] is None else int(written["seconds"]) // 1000
        return server, int(written["seconds"])
    return server, server.default
