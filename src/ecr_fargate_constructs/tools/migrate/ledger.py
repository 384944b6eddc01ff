"""A mark for every key of a document: carried over, carried over in another form, or left out.

The list is complete by construction: a key without a mark is listed as left out and unknown.
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
    """The two kinds of findings."""

    LEFT_OUT = "left out"
    """It is not in the program."""

    CHECK = "check"
    """It is in the program in another form, or something has to be filled in."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A key that is not simply carried over.

    Attributes:
        kind: Whether it is left out, or to be checked.
        path: Its keys and positions, from the top of the file.
        line: Its line, from 1.
        reason: Why it is listed.
        fix: What to do about it.
    """

    kind: Kind
    path: Path
    line: int
    reason: str
    fix: str

    @property
    def place(self) -> str:
        """The path in the usual notation."""
        return place(self.path)


class Ledger:
    """The marks of one document."""

    def __init__(self) -> None:
        """Begin without a mark."""
        self._carried: set[Path] = set()
        self._entered: set[Path] = set()
        self._findings: dict[Path, list[Finding]] = {}

    def enter(self, node: Node) -> None:
        """Mark a value whose entries get marks of their own."""
        self._entered.add(node.path)

    def carry(self, node: Node) -> None:
        """Mark a value, with everything below it, as being in the program."""
        self._carried.add(node.path)

    def leave_out(self, node: Node, reason: str, fix: str) -> None:
        """List a value, with everything below it, as not being in the program."""
        self._list(node, Kind.LEFT_OUT, reason, fix)

    def check(self, node: Node, reason: str, fix: str) -> None:
        """List a value as being in the program in another form."""
        self._carried.add(node.path)
        self._list(node, Kind.CHECK, reason, fix)

    def carries(self, node: Node) -> bool:
        """Return whether the value is in the program, by its own mark or by that of a value around it."""
        for length in range(len(node.path), -1, -1):
            path = node.path[:length]
            if path in self._findings:
                return self._findings[path][0].kind is Kind.CHECK
            if path in self._carried:
                return True
        return False

    def lists(self, node: Node) -> bool:
        """Return whether the value itself is listed."""
        return node.path in self._findings

    def _list(self, node: Node, kind: Kind, reason: str, fix: str) -> None:
        finding = Finding(kind=kind, path=node.path, line=node.line, reason=reason, fix=fix)
        before = self._findings.setdefault(node.path, [])
        if kind is Kind.LEFT_OUT:
            before[:] = [each for each in before if each.kind is kind] or [finding]
        elif not any(each.kind is Kind.LEFT_OUT or each == finding for each in before):
            before.append(finding)

    def findings(self, root: Node) -> tuple[Finding, ...]:
        """Return the keys that are not simply carried over, in the order of their lines."""
        listed = [each for findings in self._findings.values() for each in findings]
        return tuple(sorted([*listed, *self._unknown(root)], key=lambda each: (each.line, str(each.path))))

    def _unknown(self, node: Node) -> Iterator[Finding]:
        """Find the values with no mark on themselves, above or below; the highest stands for those below it."""
        if self._covered(node):
            return
        entered = node.path in self._entered and node.children
        if node.path and not entered and not self._marked_below(node):
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
        """Return whether the mark of a value speaks for everything below it, too."""
        if node.path in self._findings and self._findings[node.path][0].kind is Kind.LEFT_OUT:
            return True
        return self._marked(node) and (node.path not in self._entered or not node.children)

    def _marked(self, node: Node) -> bool:
        return node.path in self._carried or node.path in self._findings

    def _marked_below(self, node: Node) -> bool:
        return any(self._marked(child) or self._marked_below(child) for child in node.children)
