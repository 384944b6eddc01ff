"""Text of others, on its way to the terminal."""

from __future__ import annotations

from rich import markup

from ecr_fargate_constructs._plain_text import plain


def escape(text: str) -> str:
    """Return a text that neither the terminal nor rich obeys."""
    return markup.escape(plain(text))
