"""Fixtures of what reads cloud assemblies."""

from __future__ import annotations

from tests.support.assemblies import assemblies, font, plain

__all__ = ["assemblies", "font", "plain"]
