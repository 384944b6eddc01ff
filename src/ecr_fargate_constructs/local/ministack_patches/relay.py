"""Connect tasks, and nothing else, to the embedded AWS.

The embedded AWS listens on this machine's loopback only, which a container cannot reach. For each task a socket listens
on the loopback of the task's own network, on the same port, and its connections are passed on. No other network has
that socket: not the machine's, not its neighbours', not that of other containers. No firewall is involved, and an
address that the embedded AWS returns, such as a queue's ``http://localhost:4566/…``, is valid inside the task, too.
Entering a task's network requires root.

The endpoints of Service Connect have the ports that applications listen on: nginx listens on port 80 of all addresses,
while ``orders:80`` is another service. So the proxy listens on a port of its own, and the task's own firewall leads
connections there, as on ECS. Source: "Amazon ECS Service Connect components" in the developer guide.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Address: TypeAlias = tuple[str, int]
_Result = TypeVar("_Result")

PROXY = "127.255.255.254"
"""Address on the loopback of a task where the proxy of Service Connect listens, in the network that ECS uses for it."""

_CLONE_NEWNET = 0x40000000  # include/uapi/linux/sched.h
_CHUNK = 1 << 16
_SECONDS_TO_CONNECT = 5.0


def may_enter_networks() -> bool:
    """Return whether this process may enter the networks of containers: entering its own needs the same right."""
    try:
        _in_a_thread(lambda: _enter("/proc/thread-self/ns/net"))
    except OSError:
        return False
    return True


class Relay:
    """Listens in the networks of tasks, and passes connections on to a port of this machine's loopback."""

    def __init__(self, port: int) -> None:
        """Start without any task.

        Args:
            port: Port of the embedded AWS, also inside tasks.
        """
        self._port = port
        self._servers: dict[str, list[asyncio.Server]] = {}
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True, name="task-relay").start()

    def open(self, container: str, pid: int) -> None:
        """Listen in a container's network.

        Args:
            container: Id of the container.
            pid: Id of a process in it.
        """
        self.close(container)
        self.forward(container, pid, ("127.0.0.1", self._port), lambda: [("127.0.0.1", self._port)])

    def forward(self, container: str, pid: int, address: Address, targets: Callable[[], Sequence[Address]]) -> None:
        """Listen at an address in a container's network, and pass connections on.

        Args:
            container: Id of the container.
            pid: Id of a process in it.
            address: Address and port.
            targets: Returns where a connection may go, in the order to try; it is called in a thread.
        """
        self._pass_on(container, _listen(pid, address), targets)

    def redirect(self, container: str, pid: int, address: Address, targets: Callable[[], Sequence[Address]]) -> None:
        """Pass on connections to an address in a container's network, where the container may use the port itself.

        Args:
            container: Id of the container.
            pid: Id of a process in it.
            address: Address on its loopback, and port.
            targets: As for :meth:`forward`.

        Raises:
            OSError: The firewall of the network cannot be changed.
        """
        listening = _listen(pid, (PROXY, 0))
        self._pass_on(container, listening, targets)
        _lead(pid, address, listening.getsockname())

    def _pass_on(self, container: str, listening: socket.socket, targets: Callable[[], Sequence[Address]]) -> None:
        asyncio.run_coroutine_threadsafe(self._serve(container, listening, targets), self._loop).result()

    def close(self, container: str) -> None:
        """Stop listening in a container's network, if anything does."""
        asyncio.run_coroutine_threadsafe(self._end(container), self._loop).result()

    async def _serve(self, container: str, listening: socket.socket, targets: Callable[[], Sequence[Address]]) -> None:
        async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):  # either side may close the connection
                from_target, to_target = await _connect(await asyncio.to_thread(targets))
                try:
                    await asyncio.gather(_copy(reader, to_target), _copy(from_target, writer))
                finally:
                    to_target.close()
            writer.close()

        self._servers.setdefault(container, []).append(await asyncio.start_server(pass_on, sock=listening))

    async def _end(self, container: str) -> None:
        for server in self._servers.pop(container, ()):
            server.close()


async def _connect(targets: Sequence[Address]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for host, port in targets:
        with contextlib.suppress(OSError):  # the next one may answer
            return await asyncio.wait_for(asyncio.open_connection(host, port), _SECONDS_TO_CONNECT)
    raise ConnectionRefusedError


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK):
        target.write(data)
        await target.drain()
    target.write_eof()


def _listen(pid: int, address: Address) -> socket.socket:
    """Create a listening socket in the network of a process; it stays in that network."""

    def listen() -> socket.socket:
        _enter(f"/proc/{pid}/ns/net")
        return socket.create_server(address)

    return _in_a_thread(listen)


def _lead(pid: int, address: Address, proxy: Address) -> None:
    """Lead connections within the network of a process from an address to another one."""
    (host, port), (proxy_host, proxy_port) = address, proxy
    rule = f"-d {host} -p tcp --dport {port} -j DNAT --to-destination {proxy_host}:{proxy_port}"
    # The engines have set up their networks with the same program, in a directory that only root's PATH may have.
    program = shutil.which("iptables", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if program is None:
        raise OSError("the program iptables is missing, which Service Connect needs: install the package iptables")

    def run() -> subprocess.CompletedProcess[str]:
        _enter(f"/proc/{pid}/ns/net")
        command = [program, "--wait", "10", "-t", "nat", "-A", "OUTPUT", *rule.split()]
        return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell

    done = _in_a_thread(run)
    if done.returncode:
        raise OSError(f"iptables {rule}: {done.stderr.strip()}")


def _enter(network: str) -> None:
    """Move this thread into a network permanently."""
    with Path(network).open("rb") as opened:
        if ctypes.CDLL(None, use_errno=True).setns(opened.fileno(), _CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{network} cannot be entered: {os.strerror(number)}")


def _in_a_thread(work: Callable[[], _Result]) -> _Result:
    """Run a function in its own thread, so that the process stays in its network."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()
