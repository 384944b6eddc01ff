"""How the patches reach into MiniStack, and what they say when it has moved."""

from __future__ import annotations

from typing import Any

WRITTEN_FOR = "1.5.33"


class MovedError(RuntimeError):
    """MiniStack's inside is not what the patches were written for."""

    def __init__(self, what: str) -> None:
        """Name what is missing."""
        super().__init__(
            f"the patches for MiniStack were written for {WRITTEN_FOR} and this version has no {what}; "
            f"install ministack=={WRITTEN_FOR}"
        )


def find(module: object, name: str) -> Any:  # noqa: ANN401 - the inside of an untyped package
    """The part of MiniStack that a patch needs.

    Raises:
        MovedError: This version has none.
    """
    if not hasattr(module, name):
        raise MovedError(f"{getattr(module, '__name__', module)}.{name}")
    return getattr(module, name)
