"""Fixtures of `ecr-fargate explain`."""

from __future__ import annotations

from tests.support.state import remembered_elsewhere

__all__ = ["remembered_elsewhere"]
