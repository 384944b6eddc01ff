"""Acknowledged findings, as values and as tables."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

_HEADINGS = ("Construct", "Rule", "Reason")


@dataclass(frozen=True, order=True)
class Acknowledgement:
    """An acknowledged finding.

    Attributes:
        construct: Path of the construct that it applies to, with all its children.
        rule: Id of the finding with its rule pack, for example ``AwsSolutions::AwsSolutions-VPC7``.
        reason: Reason for accepting it.
    """

    construct: str
    rule: str
    reason: str


@dataclass(frozen=True)
class Inventory:
    """The acknowledgements of an app, sorted by construct and rule.

    ``rich`` prints it as a table: ``rich.print(compliance.inventory(app))``.
    """

    entries: tuple[Acknowledgement, ...]

    def __iter__(self) -> Iterator[Acknowledgement]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def of(self, pack: str) -> Inventory:
        """Return the acknowledgements of one rule pack, by its name: ``AwsSolutions``."""
        return Inventory(tuple(entry for entry in self.entries if entry.rule.startswith(f"{pack}::")))

    def as_json(self) -> str:
        """Return a JSON array of objects with ``construct``, ``rule`` and ``reason``."""
        return json.dumps([asdict(entry) for entry in self.entries], indent=2, ensure_ascii=False)

    def as_markdown(self) -> str:
        """Return a table for a document or a pull request."""
        rows = [_HEADINGS, *((entry.construct, entry.rule, entry.reason) for entry in self.entries)]
        lines = ["| " + " | ".join(map(_cell, row)) + " |" for row in rows]
        return "\n".join([lines[0], "|---|---|---|", *lines[1:], ""])

    def __rich__(self) -> Table:
        from rich.table import Table  # noqa: PLC0415 - a separate extra: a caller that prints with rich has it
        from rich.text import Text  # noqa: PLC0415 - as above

        table = Table(*_HEADINGS)
        for entry in self.entries:
            table.add_row(Text(entry.construct), Text(entry.rule), Text(entry.reason))  # brackets are not markup
        return table


def _cell(text: str) -> str:
    # An id may hold <AWS::Region>, which Markdown would take for HTML.
    for character, written in (("\\", "\\\\"), ("|", "\\|"), ("<", "&lt;"), ("\n", " ")):
        text = text.replace(character, written)
    return text
