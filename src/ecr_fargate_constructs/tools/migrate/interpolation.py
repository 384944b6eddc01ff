"""Interpolation of ``${NAME}`` as in Docker Compose and in Copilot. The shell's environment is never read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.document import Node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecr_fargate_constructs.tools.migrate.document import Path
    from ecr_fargate_constructs.tools.migrate.ledger import Ledger

_COPILOT = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}")
"""All variables that Copilot replaces: internal/pkg/manifest/interpolate.go of aws/copilot-cli."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFUSED = ""
"""Stands for an invalid dollar sign in a list of missing variables."""

_OPERATOR = re.compile(r":?[-?+]")


class Interpolation:
    """Fills in the values of ``--variable``, and the defaults that the text itself has."""

    def __init__(self, variables: Mapping[str, str], *, compose: bool) -> None:
        """Create it.

        Args:
            variables: Values by name.
            compose: Whether the syntax is that of Docker Compose, with ``$NAME``, ``$$`` and defaults, or Copilot's.
        """
        self._variables = variables
        self._compose = compose
        self._unfilled: dict[Path, tuple[Node, list[str]]] = {}
        self._refused: list[Node] = []

    def fill(self, node: Node) -> Node:
        """Return the document with all variables replaced, and record the texts in which one has no value."""
        value = node.value
        if isinstance(value, dict):
            return Node({key: self.fill(entry) for key, entry in value.items()}, node.line, node.path)
        if isinstance(value, list):
            return Node([self.fill(item) for item in value], node.line, node.path)
        if not isinstance(value, str) or "$" not in value:
            return node
        missing: list[str] = []
        text = self._filled(value, missing) if self._compose else self._filled_by_copilot(value, missing)
        filled = Node(text, node.line, node.path, text)
        if _REFUSED in missing:
            self._refused.append(filled)
            missing = [name for name in missing if name != _REFUSED]
        if missing:
            self._unfilled[node.path] = filled, missing
        return filled

    def missing(self, node: Node) -> list[str]:
        """Return the variables of a text that have no value."""
        return self._unfilled[node.path][1] if node.path in self._unfilled else []

    def list_missing(self, ledger: Ledger) -> None:
        """List the texts of the program that still contain a variable; others already have a better finding."""
        for node, names in self._unfilled.values():
            if ledger.carries(node) and not ledger.lists(node):
                ledger.check(
                    node,
                    f"{', '.join(names)} has no value here, so the program has the text as it is written",
                    f"run the command again with --variable {names[0]}=…, or write the value into the program",
                )

        for node in self._refused:
            if ledger.carries(node):
                ledger.check(node, "Docker Compose refuses a $ that begins no variable", "write $$ for a dollar sign")

    def _filled_by_copilot(self, text: str, missing: list[str]) -> str:
        def value(match: re.Match[str]) -> str:
            if match["name"] not in self._variables:
                missing.append(match["name"])
            return self._variables.get(match["name"], match[0])

        return _COPILOT.sub(value, text)

    def _filled(self, text: str, missing: list[str]) -> str:
        """Fill in a text of a compose file; a dollar sign that begins nothing stays as it is."""
        parts: list[str] = []
        place = 0
        while (dollar := text.find("$", place)) >= 0:
            parts.append(text[place:dollar])
            replaced, place = self._at(text, dollar, missing)
            parts.append(replaced)
        return "".join([*parts, text[place:]])

    def _at(self, text: str, dollar: int, missing: list[str]) -> tuple[str, int]:
        """Return the replacement for the variable at a dollar sign, and the position after the variable."""
        after = dollar + 1
        if text.startswith("$", after):
            return "$", after + 1
        braced = text.startswith("{", after)
        name = _NAME.match(text, after + braced)
        end = _closing_brace(text, after) if braced else (name.end() if name is not None else None)
        if name is None or end is None:
            missing.append(_REFUSED)
            return "$", after
        if not braced:
            return self._value(name[0], "", "", text[dollar:end], missing), end
        operator = _OPERATOR.match(text, name.end())
        if operator is None and name.end() != end:
            missing.append(_REFUSED)
            return "$", after
        rest = "" if operator is None else text[operator.end() : end]
        written = text[dollar : end + 1]
        return self._value(name[0], operator[0] if operator is not None else "", rest, written, missing), end + 1

    def _value(self, name: str, operator: str, rest: str, written: str, missing: list[str]) -> str:
        value = self._variables.get(name)
        if operator.startswith(":") and not value:
            value = None  # with a colon, an empty value counts as none
        if operator.endswith("+"):
            return "" if value is None else self._filled(rest, missing)
        if value is not None:
            return value
        if operator.endswith("-"):
            return self._filled(rest, missing)
        missing.append(name)
        return written


def _closing_brace(text: str, opening: int) -> int | None:
    """Return the position of the brace that closes the one at ``opening``; there may be nested braces."""
    depth = 0
    for place in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return None
