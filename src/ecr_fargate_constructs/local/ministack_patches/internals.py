"""Look up MiniStack's internals for the patches, and fail clearly if they have changed."""

from __future__ import annotations

from typing import Any, TypeAlias

Properties: TypeAlias = dict[str, Any]

WRITTEN_FOR = "1.5.33"


class MovedError(RuntimeError):
    """MiniStack's internals are not those that the patches were written for."""

    def __init__(self, what: str) -> None:
        """Create the error.

        Args:
            what: The missing name.
        """
        super().__init__(
            f"the patches for MiniStack were written for version {WRITTEN_FOR}, and this version has no {what}; "
            f"install ministack=={WRITTEN_FOR}"
        )


def find(module: object, name: str) -> Any:  # noqa: ANN401 - an untyped package
    """Return a name of one of MiniStack's modules."""
    if not hasattr(module, name):
        raise MovedError(f"{getattr(module, '__name__', module)}.{name}")
    return getattr(module, name)
