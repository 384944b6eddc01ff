"""The sample's web server, as a process."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[tuple[subprocess.Popen[str], int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603 - our own server
        [sys.executable, str(ROOT / "app" / "server.py")],
        env={**os.environ, "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == f"listening on {port}\n"
    with process:
        yield process, port
        process.kill()


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/", 200, "Hello from a private ECR repository!\n"),
        ("/?q=1", 200, "Hello from a private ECR repository!\n"),
        ("/healthz", 200, "ok\n"),
        ("/nothing", 404, "not found\n"),
    ],
)
def test_it_answers(server: tuple[subprocess.Popen[str], int], path: str, status: int, body: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server[1], timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert (answer.status, answer.read().decode()) == (status, body)
    connection.request("HEAD", path)  # on the same connection: it is kept alive
    answer = connection.getresponse()
    assert (answer.status, answer.read(), answer.headers["Content-Length"]) == (status, b"", str(len(body)))
    connection.close()


def test_it_stops_at_once_with_an_idle_connection(server: tuple[subprocess.Popen[str], int]) -> None:
    process, port = server
    idle = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    idle.request("GET", "/")
    idle.getresponse().read()
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=5) == 0
    assert time.monotonic() - begun < 3
    assert process.stdout is not None
    assert process.stdout.read() == "stopped\n"
    idle.close()
