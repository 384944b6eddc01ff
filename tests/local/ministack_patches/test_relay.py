"""The way from a task's network to the embedded AWS, in a network that a child makes for itself."""

from __future__ import annotations

import socket
import socketserver
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local.listening import Sockets, sockets_of
from ecr_fargate_constructs.local.ministack_patches import relay as relays

if TYPE_CHECKING:
    from collections.abc import Iterator

# Enters a network of its own, brings its loopback up, and asks the ports that it is told.
CHILD = """
import ctypes, fcntl, socket, struct, sys
assert ctypes.CDLL(None, use_errno=True).unshare(0x40000000) == 0
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh22x", b"lo", 1))
print("ready", flush=True)
kept = []
for line in sys.stdin:
    host, port = line.split()
    if host == "listen":
        kept.append(socket.create_server(("0.0.0.0", int(port))))
        print("listening", flush=True)
        continue
    try:
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(b"x" * 200_000)
            connection.shutdown(socket.SHUT_WR)
            print(connection.makefile("rb").read().decode(), flush=True)
    except ConnectionRefusedError:
        print("refused", flush=True)
"""

pytestmark = pytest.mark.skipif(not relays.may_enter_networks(), reason="entering a network takes root")


class _Count(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(f"{len(self.rfile.read())} bytes".encode())


@pytest.fixture
def port() -> Iterator[int]:
    """Where something answers on this machine's loopback: how much it was sent."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Count) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def inside() -> Iterator[subprocess.Popen[str]]:
    """A process in a network of its own."""
    with subprocess.Popen(  # noqa: S603 - a program of ours
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def _ask(process: subprocess.Popen[str], port: int, host: str = "127.0.0.1") -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{host} {port}\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def test_what_is_sent_inside_arrives_and_the_answer_comes_back(port: int, inside: subprocess.Popen[str]) -> None:
    assert _ask(inside, port) == "refused"
    relay = relays.Relay(port)
    relay.open("task", inside.pid)
    assert _ask(inside, port) == "200000 bytes"
    assert _ask(inside, port) == "200000 bytes"
    relay.close("task")
    assert _ask(inside, port) == "refused"


def test_opening_it_again_replaces_it(port: int, inside: subprocess.Popen[str]) -> None:
    relay = relays.Relay(port)
    with pytest.raises(OSError, match="No such file"):
        relay.open("task", 2**22 + 1)  # no process has that id
    relay.open("task", inside.pid)
    relay.close("task")
    relay.open("task", inside.pid)
    assert _ask(inside, port) == "200000 bytes"
    relay.close("task")
    relay.close("task")


def test_this_process_stays_where_it_is(port: int, inside: subprocess.Popen[str]) -> None:
    relay = relays.Relay(port)
    relay.open("task", inside.pid)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert connection.makefile("rb").read() == b"0 bytes"
    relay.close("task")


def test_a_connection_goes_to_the_first_target_that_answers(port: int, inside: subprocess.Popen[str]) -> None:
    relay, targets = relays.Relay(port), [("127.0.0.1", 1), ("127.0.0.1", port)]
    relay.forward("task", inside.pid, ("127.0.0.1", 80), lambda: targets)
    assert _ask(inside, 80) == "200000 bytes"
    relay.close("task")
    assert _ask(inside, 80) == "refused"


def test_an_application_may_listen_on_the_port_of_an_endpoint(port: int, inside: subprocess.Popen[str]) -> None:
    relay = relays.Relay(port)
    for name in ("127.255.0.1", "127.255.0.2"):
        relay.redirect("task", inside.pid, (name, 80), lambda: [("127.0.0.1", port)])
    assert _ask(inside, 80, "listen") == "listening"
    assert _ask(inside, 80, "127.255.0.1") == "200000 bytes"
    assert _ask(inside, 80, "127.255.0.2") == "200000 bytes"
    assert _ask(inside, 81, "127.255.0.1") == "refused"
    listening = sockets_of(inside.pid)
    assert listening == Sockets(frozenset({80})), "the proxy is not a port of the application"
    relay.close("task")
    assert _ask(inside, 80, "127.255.0.2") == "refused"


def test_an_endpoint_after_the_application_listens(port: int, inside: subprocess.Popen[str]) -> None:
    assert _ask(inside, 80, "listen") == "listening"
    relay = relays.Relay(port)
    relay.redirect("task", inside.pid, ("127.255.0.1", 80), lambda: [("127.0.0.1", port)])
    assert _ask(inside, 80, "127.255.0.1") == "200000 bytes"
    relay.close("task")


def test_a_missing_firewall_is_named(inside: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(OSError, match="install the package iptables"):
        relays.Relay(1).redirect("task", inside.pid, ("127.255.0.1", 80), list)
