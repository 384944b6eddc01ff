"""Reasons for which a task does not start."""

from __future__ import annotations


class NotStartedError(Exception):
    """A task cannot start, for the reason that ECS would give."""
