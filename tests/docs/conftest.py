"""Fixtures of documents that show what the commands print."""

from __future__ import annotations

from tests.support.assemblies import assemblies

__all__ = ["assemblies"]
