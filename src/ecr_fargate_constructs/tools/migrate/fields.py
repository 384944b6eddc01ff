"""Reads the entries of a mapping; each that is read is carried, or listed where it is not what it should be."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ecr_fargate_constructs.tools.migrate.document import Node
    from ecr_fargate_constructs.tools.migrate.ledger import Ledger

_T = TypeVar("_T")


class Fields:
    """The entries of a mapping.

    Every method that returns a value marks its key as carried: ask for what goes into the program, and for nothing
    else. What is there and is not of the kind that is asked for is left out and listed.
    """

    def __init__(self, node: Node, ledger: Ledger) -> None:
        """Read ``node``; what is not a mapping has no entries."""
        ledger.enter(node)
        self._node = node
        self._ledger = ledger

    def __contains__(self, name: str) -> bool:
        """Whether the key is there, with a value."""
        return self.node(name) is not None

    def node(self, name: str) -> Node | None:
        """The value as it stands, without a mark; None when the key is missing, or has nothing in it."""
        found = self._scalar(name)
        if found is not None and found.value in ({}, []):  # there is nothing to carry over
            self._ledger.carry(found)
            return None
        return found

    def _scalar(self, name: str) -> Node | None:
        """The value where a scalar is wanted: an empty list or mapping is none."""
        found = self._node.entries.get(name)
        if found is not None and found.value is None:
            self._ledger.carry(found)
            return None
        return found

    def text(self, name: str) -> str | None:
        """A text; numbers and truth values as they are written in JSON."""
        node = self._scalar(name)
        if node is None:
            return None
        text = text_of(node)
        return self._or_leave_out(node, text, "a text")

    def number(self, name: str, *, minimum: int = 0, maximum: int = 2**31 - 1) -> int | None:
        """A whole number within bounds, also as a text."""
        node = self._scalar(name)
        if node is None:
            return None
        return self._or_leave_out(node, number_of(node, minimum, maximum), f"a number from {minimum} to {maximum}")

    def flag(self, name: str) -> bool | None:
        """A truth value."""
        node = self._scalar(name)
        if node is None:
            return None
        value = {"true": True, "false": False}.get(text_of(node) or "")
        return self._or_leave_out(node, value, "true or false")

    def words(self, name: str) -> tuple[str, ...] | None:
        """A command line: a list of words, or a text that is taken apart as a shell does it."""
        node = self.node(name)
        if node is None:
            return None
        words: tuple[str, ...] | None
        if isinstance(node.value, list):
            words = texts_of(node)
        else:
            text = text_of(node)
            try:
                words = None if text is None else tuple(shlex.split(text))
            except ValueError:  # an open quotation mark
                words = None
        return self._or_leave_out(node, words, "a command line")

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, or a single one."""
        node = self.node(name)
        if node is None:
            return ()
        text = text_of(node)
        found = texts_of(node) if text is None else (text,)
        return self._or_leave_out(node, found, "a list of texts") or ()

    def section(self, name: str) -> Fields | None:
        """The entries of a mapping below, none of them marked yet."""
        node = self.node(name)
        if node is None:
            return None
        if not isinstance(node.value, dict):
            self._or_leave_out(node, None, "a mapping")
            return None
        return Fields(node, self._ledger)

    def each(self, name: str) -> Iterator[tuple[Fields, str, Node]]:
        """The entries of a mapping below: its fields, and each name and value, none of them marked yet.

        Names are the file's own here, so one without a value or without letters is listed.
        """
        section = self.section(name)
        for key, node in section.here.entries.items() if section is not None else ():
            if node.value is None or not key:
                self._ledger.leave_out(
                    node, "it has no value" if key else "it has no name", "give it one, if it matters"
                )
            elif section is not None:
                yield section, key, node

    def leave_out(self, reasons: Mapping[str, tuple[str, str]]) -> None:
        """List the keys that are never carried over, with the reason and what to do."""
        for name, (reason, fix) in reasons.items():
            if name in self:
                self.drop(name, reason, fix)

    def drop(self, name: str, reason: str, fix: str) -> None:
        """List a key as left out."""
        node = self._node.entries.get(name)
        if node is not None:
            self._ledger.leave_out(node, reason, fix)

    def check(self, name: str, reason: str, fix: str) -> None:
        """List a key as one to check."""
        node = self._node.entries.get(name)
        if node is not None:
            self._ledger.check(node, reason, fix)

    def carry(self, *names: str) -> None:
        """Mark keys that the program needs no word for."""
        for name in names:
            node = self._node.entries.get(name)
            if node is not None:
                self._ledger.carry(node)

    @property
    def here(self) -> Node:
        """The mapping itself."""
        return self._node

    @property
    def ledger(self) -> Ledger:
        """The marks."""
        return self._ledger

    def _or_leave_out(self, node: Node, value: _T | None, what: str) -> _T | None:
        if value is None:
            self._ledger.leave_out(node, f"it should be {what}, and is not", "correct it, and run the command again")
        else:
            self._ledger.carry(node)
        return value


def text_of(node: Node) -> str | None:
    """A scalar as a text; None for anything else."""
    value = node.value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else None


def number_of(node: Node, minimum: int, maximum: int) -> int | None:
    """A whole number within bounds; None for anything else."""
    value = node.value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:  # noqa: PLR2004 - no such number is longer
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if minimum <= value <= maximum else None


def texts_of(node: Node) -> tuple[str, ...] | None:
    """The items of a list, all of them scalars; None for anything else."""
    if not isinstance(node.value, list):
        return None
    found = [text_of(item) for item in node.value]
    return None if None in found else tuple(each for each in found if each is not None)
