"""Read from the kernel which ports a task's containers listen on."""

from __future__ import annotations

import ipaddress
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LISTEN = "0A"  # include/net/tcp_states.h
_PROXY = ipaddress.ip_network("127.255.0.0/16")  # where the proxy of Service Connect listens


@dataclass(frozen=True)
class Sockets:
    """The listening ports of a task.

    Attributes:
        open: Ports that the load balancer can reach.
        loopback: Ports that only the task itself can reach.
    """

    open: frozenset[int] = frozenset()
    loopback: frozenset[int] = frozenset()

    def without(self, port: int) -> Sockets:
        """Return the sockets without one port."""
        return Sockets(self.open - {port}, self.loopback - {port})


def sockets_of(pid: int) -> Sockets:
    """Return the listening ports in the network of a process; none if it has ended."""
    files = [Path(f"/proc/{pid}/net/{name}") for name in ("tcp", "tcp6")]
    try:
        return parse(line for file in files for line in file.read_text(encoding="ascii").splitlines()[1:])
    except OSError:
        return Sockets()


def parse(lines: Iterable[str]) -> Sockets:
    """Parse lines of ``/proc/PID/net/tcp`` and ``tcp6``."""
    ports: dict[bool, set[int]] = {True: set(), False: set()}  # by whether they are on loopback
    for line in lines:
        _, local, _, state, *_ = line.split()
        if state == _LISTEN:
            address, _, port = local.partition(":")
            listening = _address(address)
            if listening not in _PROXY:
                ports[listening.is_loopback].add(int(port, 16))
    return Sockets(frozenset(ports[False]), frozenset(ports[True] - ports[False]))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Parse an address as the kernel prints it: words of four bytes in the machine's byte order."""
    words = [int(text[start : start + 8], 16).to_bytes(4, sys.byteorder) for start in range(0, len(text), 8)]
    address = ipaddress.ip_address(b"".join(words))
    return getattr(address, "ipv4_mapped", None) or address
