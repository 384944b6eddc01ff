"""Priorities of the two rules of a service that sleeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Priorities:
    """Three priorities in a row; Elastic Load Balancing tries rules in ascending order.

    Attributes:
        awake: Of the service's rule while the service is awake.
        function: Of the function's rule, always.
        asleep: Of the service's rule while the service sleeps, and in the template: a deployment that writes the rule
            again sends the next request to the function, and never to a group without tasks.
    """

    awake: float
    function: float
    asleep: float

    @classmethod
    def of(cls, awake: float) -> Priorities:
        """Return ``awake`` and the two priorities after it."""
        return cls(awake=awake, function=awake + 1, asleep=awake + 2)
