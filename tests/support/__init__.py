"""Tools that tests of several folders share; those of one folder stand in it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The repository's directory."""
