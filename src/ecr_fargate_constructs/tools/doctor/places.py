"""Paths of files as findings show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def relative(file: Path, root: Path) -> str:
    """Return a path as it is shown: relative to ``root`` when it is inside."""
    resolved, base = file.resolve(), root.resolve()
    return resolved.relative_to(base).as_posix() if resolved.is_relative_to(base) else resolved.as_posix()
