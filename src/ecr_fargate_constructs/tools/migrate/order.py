"""The order of services in the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def callees_first(calls: Mapping[str, Iterable[str]]) -> list[str]:
    """Return services so that each one comes after those that it calls, except in a cycle."""
    ordered: dict[str, None] = {}
    for first in calls:
        path = {first: iter(calls[first])}  # the services on the way, each with its remaining calls
        while path:
            name, remaining = next(reversed(path.items()))
            called = next(
                (each for each in remaining if each in calls and each not in path and each not in ordered), None
            )
            if called is not None:
                path[called] = iter(calls[called])
            else:
                del path[name]
                ordered.setdefault(name)
    return list(ordered)
