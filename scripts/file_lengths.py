"""Refuse files over 400 lines: run by ``make check``."""

from __future__ import annotations

import sys
from pathlib import Path

LIMIT = 400
ROOT = Path(__file__).parent.parent


def main() -> int:
    """Name each file that is too long."""
    files = [
        file
        for folder in ("src", "scripts", "tests", "app", "examples", "bench")
        for file in (ROOT / folder).rglob("*.py")
    ]
    files = [file for file in files if "node_modules" not in file.parts]  # third-party code
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    long = {file: length for file, length in lengths.items() if length > LIMIT}
    for file, length in sorted(long.items()):
        print(f"{file.relative_to(ROOT)}: {length} lines, {LIMIT} allowed")
    return 1 if long else 0


if __name__ == "__main__":
    sys.exit(main())
