"""The hosts file of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MARK = "# discovered"


def with_names(text: str, names: Iterable[tuple[str, str]]) -> str:
    """Return a hosts file with these names instead of those that were written into it before.

    Args:
        text: The file.
        names: Addresses, each with a name.
    """
    kept = [line for line in text.splitlines() if not line.endswith(_MARK)]
    return "".join(f"{line}\n" for line in [*kept, *(f"{address}\t{name} {_MARK}" for address, name in names)])
