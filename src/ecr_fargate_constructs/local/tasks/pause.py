"""A program that waits: it holds the network of a task whose containers start and end at any time.

ECS has a "pause" container for that. Here it is an ELF file of about 150 bytes for the machine's processor, which is
mounted into a container of the task's image, so that no image has to be pulled and no other program is needed.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_BASE = 0x400000
_HEADERS = 64 + 56  # of the file and of its one segment
_PROGRAMS = {
    # pause(2), and again after each signal
    "x86_64": (62, bytes.fromhex("b822000000 0f05 ebf7")),
    # ppoll(2) without files and time limit; arm64 has no pause(2)
    "aarch64": (183, struct.pack("<8I", *(0xD2800000 + n for n in range(5)), 0xD2800928, 0xD4000001, 0x17FFFFF9)),
}
"""For each processor: its number in ELF, and the machine code."""


def pause_program(machine: str) -> bytes | None:
    """Return the program for a processor, in the words of ``platform.machine()``; None for others."""
    if machine not in _PROGRAMS:
        return None
    number, code = _PROGRAMS[machine]
    size = _HEADERS + len(code)
    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)  # 64 bits, little endian
    header = struct.pack("<HHIQQQIHHHHHH", 2, number, 1, _BASE + _HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)  # loaded, readable and executable
    return ident + header + segment + code


def write_pause_program(file: Path, machine: str) -> bool:
    """Write the program, and return whether there is one for this processor."""
    program = pause_program(machine)
    if program is None:
        return False
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(program)
        file.chmod(0o755)
    return True
