"""What became of each key: carried over, carried over in another form, or left out.

The list is complete by construction: what nobody has marked is left out, and listed as not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.document import place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.migrate.document import Node, Path


class Kind(Enum):
    """What became of a key that is listed."""

    LEFT_OUT = "left out"
    """It is not in the program."""

    CHECK = "check"
    """It is in the program in another form, or something has to be filled in."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A key that is not simply carried over.

    Attributes:
        kind: What became of it.
        path: Its keys and positions, from the top of the file.
        line: Its line, from 1.
        reason: Why.
        fix: What to do.
    """

    kind: Kind
    path: Path
    line: int
    reason: str
    fix: str

    @property
    def place(self) -> str:
        """The path as people write it."""
        return place(self.path)


class Ledger:
    """Marks of the keys of one document."""

    def __init__(self) -> None:
        """Begin with no mark."""
        self._carried: set[Path] = set()
        self._entered: set[Path] = set()
        self._findings: dict[Path, Finding] = {}

    def enter(self, node: Node) -> None:
        """The value is read entry by entry, each of which gets a mark of its own."""
        self._entered.add(node.path)

    def carry(self, node: Node) -> None:
        """The value, with all that stands below it, is in the program."""
        self._carried.add(node.path)

    def leave_out(self, node: Node, reason: str, fix: str) -> None:
        """The value, with all that stands below it, is not in the program."""
        self._list(node, Kind.LEFT_OUT, reason, fix)

    def check(self, node: Node, reason: str, fix: str) -> None:
        """The value is in the program in another form."""
        self._carried.add(node.path)
        self._list(node, Kind.CHECK, reason, fix)

    def carries(self, node: Node) -> bool:
        """Whether the value is in the program: by a mark of its own, or of what it stands in."""
        places = [node.path[:length] for length in range(len(node.path), -1, -1)]
        for each in places:
            if each in self._findings:
                return self._findings[each].kind is Kind.CHECK
            if each in self._carried:
                return True
        return False

    def _list(self, node: Node, kind: Kind, reason: str, fix: str) -> None:
        finding = Finding(kind=kind, path=node.path, line=node.line, reason=reason, fix=fix)
        known = self._findings.get(node.path)
        if known is None or known.kind is Kind.CHECK:  # that it is missing says more than what changed
            self._findings[node.path] = finding

    def findings(self, root: Node) -> tuple[Finding, ...]:
        """All keys that are not simply carried over, in the order of their lines."""
        unknown = {each.path: each for each in self._unknown(root)}
        return tuple(
            sorted([*self._findings.values(), *unknown.values()], key=lambda each: (each.line, str(each.path)))
        )

    def _unknown(self, node: Node) -> Iterator[Finding]:
        """What has no mark on itself, above or below; the highest such value stands for what is below it."""
        if self._covered(node):
            return
        known = node.path in self._entered and node.children
        if node.path and not known and not self._marked_below(node):
            yield Finding(
                kind=Kind.LEFT_OUT,
                path=node.path,
                line=node.line,
                reason="it is not known to this command",
                fix="if it matters, add it to the program by hand",
            )
            return
        for child in node.children:
            yield from self._unknown(child)

    def _covered(self, node: Node) -> bool:
        """Whether a mark speaks for all that is below: not that of a value which is read entry by entry."""
        finding = self._findings.get(node.path)
        if finding is not None and finding.kind is Kind.LEFT_OUT:
            return True
        return self._marked(node) and (node.path not in self._entered or not node.children)

    def _marked(self, node: Node) -> bool:
        return node.path in self._carried or node.path in self._findings

    def _marked_below(self, node: Node) -> bool:
        return any(self._marked(child) or self._marked_below(child) for child in node.children)
