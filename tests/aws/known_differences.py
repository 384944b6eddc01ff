"""Where AWS answers otherwise than the embedded AWS, and why that is in order: docs/limits.md says each to readers."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

ANY = object()


@dataclass(frozen=True)
class Known:
    """A difference that is expected.

    Attributes:
        path: Pattern of the keys, one for each; ``**`` at the end stands for all further ones.
        reason: Why it is expected.
        recorded: The value that the embedded AWS gives; anything by default.
    """

    path: tuple[str, ...]
    reason: str
    recorded: object = ANY

    def explains(self, path: tuple[str, ...], here: object, recorded: object) -> bool:
        """Return whether a difference is this one."""
        del here
        if self.recorded is not ANY and self.recorded != recorded:
            return False
        if self.path[-1] == "**":
            start = self.path[:-1]
            return len(path) >= len(start) and _match(path[: len(start)], start)
        return len(path) == len(self.path) and _match(path, self.path)


def _match(path: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    return all(fnmatchcase(key, pattern) for key, pattern in zip(path, patterns, strict=True))


KNOWN: tuple[Known, ...] = (
    Known(
        ("http answers", "*", "* /*", "media_type"),
        "the image of a stand-in, and the local load balancer's own pages, may have another type",
    ),
)
"""Expected differences; a difference that is not one of these fails the example's test."""
