"""Fixtures of the command line."""

from __future__ import annotations

from tests.support.assemblies import assemblies, font, plain
from tests.support.state import remembered_elsewhere

__all__ = ["assemblies", "font", "plain", "remembered_elsewhere"]
