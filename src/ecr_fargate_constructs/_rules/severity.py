"""The severities of vulnerabilities."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """Severity of a vulnerability; an alarm or a gate includes a severity and all above it."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def and_above(self) -> list[str]:
        """Names of this severity and of those above it, the lowest first."""
        return [each.name for each in Severity if each >= self]
