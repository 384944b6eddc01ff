"""The ports that a task's containers listen on, as the kernel says it."""

from __future__ import annotations

import ipaddress
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LISTEN = "0A"  # include/net/tcp_states.h


@dataclass(frozen=True)
class Sockets:
    """The ports that are listened on.

    Attributes:
        open: Ports that the load balancer can reach.
        loopback: Ports that only the task itself can reach.
    """

    open: frozenset[int] = frozenset()
    loopback: frozenset[int] = frozenset()

    def without(self, port: int) -> Sockets:
        """Return the same without one port."""
        return Sockets(self.open - {port}, self.loopback - {port})


def sockets_of(pid: int) -> Sockets:
    """Return what is listened on in the network of a process; nothing when it is gone."""
    files = [Path(f"/proc/{pid}/net/{name}") for name in ("tcp", "tcp6")]
    try:
        return parse(line for file in files for line in file.read_text(encoding="ascii").splitlines()[1:])
    except OSError:
        return Sockets()


def parse(lines: Iterable[str]) -> Sockets:
    """Read lines of ``/proc/PID/net/tcp`` and ``tcp6``."""
    found: dict[bool, set[int]] = {True: set(), False: set()}
    for line in lines:
        _, local, _, state, *_ = line.split()
        if state == _LISTEN:
            address, _, port = local.partition(":")
            found[_address(address).is_loopback].add(int(port, 16))
    return Sockets(frozenset(found[False]), frozenset(found[True] - found[False]))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address as the kernel prints it: words of four bytes in the machine's order."""
    words = [int(text[place : place + 8], 16).to_bytes(4, sys.byteorder) for place in range(0, len(text), 8)]
    address = ipaddress.ip_address(b"".join(words))
    return getattr(address, "ipv4_mapped", None) or address
