"""A way from the inside of a task to the embedded AWS, and from nowhere else.

The embedded AWS listens on this machine's loopback only, which a container does not reach. For each task a socket
listens on the loopback of the task's own network, on the same port; what arrives there is passed on. No other network
sees that socket: not the machine's, not its neighbours', not that of other containers. No firewall is in between, and
an address that the embedded AWS has given away, such as a queue's ``http://localhost:4566/…``, means the same inside.
Entering a task's network takes root.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")

_CLONE_NEWNET = 0x40000000  # include/uapi/linux/sched.h
_CHUNK = 1 << 16


def may_enter_networks() -> bool:
    """Return whether this process may enter the network of a container; to enter its own takes the same right."""
    try:
        _in_a_thread(lambda: _enter("/proc/thread-self/ns/net"))
    except OSError:
        return False
    return True


class Relay:
    """Listens in the networks of tasks, and passes on what comes to a port of this machine's loopback."""

    def __init__(self, port: int) -> None:
        """Begin with no task.

        Args:
            port: Where the embedded AWS listens; the same inside of the tasks.
        """
        self._port = port
        self._servers: dict[str, asyncio.Server] = {}
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True, name="task-relay").start()

    def open(self, container: str, pid: int) -> None:
        """Listen in a container's network.

        Args:
            container: Its id.
            pid: A process in it.

        Raises:
            OSError: The process has ended, or the port is taken in there.
        """
        listening = _listen(pid, self._port)
        asyncio.run_coroutine_threadsafe(self._serve(container, listening), self._loop).result()

    def close(self, container: str) -> None:
        """Listen there no longer; without effect if nothing listens."""
        asyncio.run_coroutine_threadsafe(self._end(container), self._loop).result()

    async def _serve(self, container: str, listening: socket.socket) -> None:
        await self._end(container)
        self._servers[container] = await asyncio.start_server(self._pass_on, sock=listening)

    async def _end(self, container: str) -> None:
        server = self._servers.pop(container, None)
        if server is not None:
            server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):  # either side may end as it likes
            from_aws, to_aws = await asyncio.open_connection("127.0.0.1", self._port)
            try:
                await asyncio.gather(_copy(reader, to_aws), _copy(from_aws, writer))
            finally:
                to_aws.close()
        writer.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK):
        target.write(data)
        await target.drain()
    target.write_eof()


def _listen(pid: int, port: int) -> socket.socket:
    """Make a socket in the network of a process. It stays there, wherever it is used from."""

    def listen() -> socket.socket:
        _enter(f"/proc/{pid}/ns/net")
        return socket.create_server(("127.0.0.1", port))

    return _in_a_thread(listen)


def _enter(network: str) -> None:
    """Let this thread enter a network for good.

    Raises:
        OSError: It may not, or the network is gone.
    """
    with Path(network).open("rb") as opened:
        if ctypes.CDLL(None, use_errno=True).setns(opened.fileno(), _CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{network} cannot be entered: {os.strerror(number)}")


def _in_a_thread(work: Callable[[], _Result]) -> _Result:
    """Do something in a thread of its own: what it enters, the process has not entered."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()
