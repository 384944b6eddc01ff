"""``${NAME}`` in texts, as compose and Copilot have it. The environment of the command is never read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.document import Node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecr_fargate_constructs.tools.migrate.document import Path
    from ecr_fargate_constructs.tools.migrate.ledger import Ledger

_VARIABLE = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<plain>[A-Za-z_]\w*)"
    r"|\{(?P<name>[A-Za-z_]\w*)(?:(?P<operator>:?[-?+])(?P<rest>[^{}$]*))?\})"
)


class Interpolation:
    """Fills in what is known: what ``--variable`` says, and the defaults that stand in the text itself."""

    def __init__(self, variables: Mapping[str, str], *, compose: bool) -> None:
        """Create it.

        Args:
            variables: Values by name.
            compose: Whether ``$NAME`` is a variable and ``$$`` a dollar sign, as in compose and not in Copilot.
        """
        self._variables = variables
        self._compose = compose
        self._open: dict[Path, tuple[Node, list[str]]] = {}

    def fill(self, node: Node) -> Node:
        """The same value with all texts filled in; remembers which have a variable without a value."""
        value = node.value
        if isinstance(value, dict):
            return Node({key: self.fill(entry) for key, entry in value.items()}, node.line, node.path)
        if isinstance(value, list):
            return Node([self.fill(item) for item in value], node.line, node.path)
        if not isinstance(value, str) or "$" not in value:
            return node
        missing: list[str] = []
        filled = Node(_VARIABLE.sub(lambda match: self._value(match, missing), value), node.line, node.path)
        if missing:
            self._open[node.path] = filled, missing
        return filled

    def missing(self, node: Node) -> list[str]:
        """Variables in a text that have no value."""
        return self._open[node.path][1] if node.path in self._open else []

    def list_missing(self, ledger: Ledger) -> None:
        """List the texts that are in the program with a variable in them; those left out are listed already."""
        for node, names in self._open.values():
            if ledger.carries(node):
                ledger.check(
                    node,
                    f"{', '.join(names)} has no value here, and stands in the program as it is written",
                    f"run the command again with --variable {names[0]}=…, or write the value into the program",
                )

    def _value(self, match: re.Match[str], missing: list[str]) -> str:
        if not self._compose and match["name"] is None:
            return match[0]
        if match["escaped"] is not None:
            return "$"
        name, operator, rest = match["name"] or match["plain"], match["operator"] or "", match["rest"] or ""
        known = self._variables.get(name)
        if operator.startswith(":") and not known:
            known = None  # empty counts as missing
        if operator.endswith("+"):
            return "" if known is None else rest
        if known is not None:
            return known
        if operator.endswith("-"):
            return rest
        missing.append(name)
        return match[0]
