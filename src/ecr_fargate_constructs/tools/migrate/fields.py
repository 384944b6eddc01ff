"""The entries of a mapping: reading one marks it as carried over, or lists it if it has a wrong type."""

from __future__ import annotations

import re
import shlex
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ecr_fargate_constructs.tools.migrate.document import Node
    from ecr_fargate_constructs.tools.migrate.ledger import Ledger

_T = TypeVar("_T")


class Fields:
    """The entries of a mapping.

    Every method that returns a value marks its key as carried over, so read only values that the program uses. A value
    of a wrong type is listed as left out.
    """

    def __init__(self, node: Node, ledger: Ledger) -> None:
        """Read ``node``; anything but a mapping has no entries."""
        ledger.enter(node)
        self._node = node
        self._ledger = ledger

    def __contains__(self, name: str) -> bool:
        """Return whether the key is there, with a value."""
        return self.node(name) is not None

    def node(self, name: str) -> Node | None:
        """Return the value without marking it; None if the key is missing or empty."""
        node = self._scalar(name)
        if node is not None and node.value in ({}, []):  # there is nothing to carry over
            self._ledger.carry(node)
            return None
        return node

    def _scalar(self, name: str) -> Node | None:
        """Return the value of a key that takes a scalar; an empty list or mapping is a wrong type."""
        node = self._node.entries.get(name)
        if node is not None and node.value is None:
            self._ledger.carry(node)
            return None
        return node

    def text(self, name: str) -> str | None:
        """Return a text."""
        node = self._scalar(name)
        if node is None:
            return None
        text = text_of(node)
        return self._or_leave_out(node, text, "a text")

    def number(self, name: str, *, minimum: int = 0, maximum: int = 2**31 - 1) -> int | None:
        """Return a whole number within bounds, which may be written as a text."""
        node = self._scalar(name)
        if node is None:
            return None
        return self._or_leave_out(node, number_of(node, minimum, maximum), f"a number from {minimum} to {maximum}")

    def flag(self, name: str) -> bool | None:
        """Return a truth value."""
        node = self._scalar(name)
        if node is None:
            return None
        value = {"true": True, "false": False}.get((text_of(node) or "").lower())
        return self._or_leave_out(node, value, "true or false")

    def words(self, name: str) -> tuple[str, ...] | None:
        """Return a command line: a list of words, or a text that is split as a shell splits it."""
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
        """Return a list of texts, or a single one as a list."""
        node = self.node(name)
        if node is None:
            return ()
        text = text_of(node)
        texts = texts_of(node) if text is None else (text,)
        return self._or_leave_out(node, texts, "a list of texts") or ()

    def section(self, name: str) -> Fields | None:
        """Return the entries of a nested mapping, without marking them."""
        node = self.node(name)
        if node is None:
            return None
        if not isinstance(node.value, dict):
            self._or_leave_out(node, None, "a mapping")
            return None
        return Fields(node, self._ledger)

    def each(self, name: str) -> Iterator[tuple[Fields, str, Node]]:
        """Iterate over a nested mapping whose keys are names, without marking them.

        Entries without a name or a value are listed.
        """
        section = self.section(name)
        for key, node in section.mapping.entries.items() if section is not None else ():
            if node.value is None or not key:
                self._ledger.leave_out(node, "it has no value" if key else "it has no name", "add one, if it matters")
            elif section is not None:
                yield section, key, node

    def leave_out(self, reasons: Mapping[str, tuple[str, str]]) -> None:
        """List the keys that are never carried over, each with a reason and a remedy."""
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
        """Mark keys that need no line in the program."""
        for name in names:
            node = self._node.entries.get(name)
            if node is not None:
                self._ledger.carry(node)

    @property
    def mapping(self) -> Node:
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


def container_name(text: str) -> str:
    """Return a name that ECS accepts for containers and ports: letters, digits, hyphens and underscores."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)


def text_of(node: Node) -> str | None:
    """Return a scalar as Go's ``fmt.Sprint`` writes it, which is what Docker Compose does; None for anything else."""
    value = node.value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _go_float(value)
    return str(value) if isinstance(value, (str, int)) else None


def _go_float(value: float) -> str:
    """Return a float with the fewest digits: 1.10 is 1.1, 1e3 is 1000 and 1000000.0 is 1e+06."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    if not isinstance(exponent, int):  # infinity
        return repr(value)
    size = len(digits) + exponent - 1
    if value and not -4 <= size < 6:  # noqa: PLR2004 - strconv.FormatFloat with 'g' and the precision -1
        text = "".join(map(str, digits))
        mantissa = text if len(text) == 1 else f"{text[0]}.{text[1:]}"
        return f"{'-' if sign else ''}{mantissa}e{'-' if size < 0 else '+'}{abs(size):02}"
    return format(Decimal(repr(value)).normalize(), "f")


def number_of(node: Node, minimum: int, maximum: int) -> int | None:
    """Return a whole number within bounds; None for anything else."""
    value = node.value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:  # noqa: PLR2004 - no such number is longer
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if minimum <= value <= maximum else None


def texts_of(node: Node) -> tuple[str, ...] | None:
    """Return the items of a list of scalars; None for anything else."""
    if not isinstance(node.value, list):
        return None
    texts = [text_of(item) for item in node.value]
    return None if None in texts else tuple(each for each in texts if each is not None)
