"""AWS's figures that are tables: one JSON file a table, with its source and the date on which it was compared."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def table(name: str) -> dict[str, Any]:
    """Return the table of ``NAME.json``."""
    content: dict[str, Any] = json.loads(text_of(name))["table"]
    return content


def text_of(name: str) -> str:
    """Return the text of ``NAME.json``."""
    return resources.files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8")
