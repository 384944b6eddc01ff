"""The overrides of a Copilot manifest for one environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.document import Node
from ecr_fargate_constructs.tools.migrate.errors import MigrationError

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.ledger import Ledger

_EITHER = ({"build", "location"}, {"range", "spot"})
"""Pairs of keys that exclude each other: an override of one removes the other."""


def choose_environment(root: Node, ledger: Ledger, wanted: str | None) -> Node:
    """Return the manifest with the overrides of one environment; without any if ``wanted`` is None.

    Raises:
        MigrationError: The manifest has no such environment.
    """
    section = root.entries.get("environments")
    environments = {} if section is None else section.entries
    for name, node in environments.items():
        if name == wanted:
            ledger.enter(node)
        else:
            ledger.leave_out(
                node, "a program is for one environment", f"run the command again with --environment {name}"
            )
    if section is not None:
        ledger.enter(section)
    if wanted is None:
        return root
    if wanted not in environments:
        names = ", ".join(environments) or "none"
        raise MigrationError(f"there is no environment {wanted!r}; the manifest has {names}")
    chosen = environments[wanted]
    if chosen.value is None:
        return root
    if not isinstance(chosen.value, dict):
        raise MigrationError(f"environments.{wanted} is not a mapping", line=chosen.line)
    # A value of the override keeps its path, so that a finding names its line.
    return _merged(root, chosen, ledger)


def _merged(base: Node, override: Node, ledger: Ledger) -> Node:
    if not isinstance(base.value, dict) or not isinstance(override.value, dict):
        if base.path and override is not base:
            ledger.carry(base)  # the program has the override
        return override
    ledger.enter(override)
    entries = dict(base.value)
    for pair in _EITHER:
        if pair & override.value.keys():
            for excluded in pair - override.value.keys():
                if excluded in entries:
                    ledger.carry(entries.pop(excluded))
    for name, value in override.value.items():
        entries[name] = _merged(entries[name], value, ledger) if name in entries else value
    return Node(entries, base.line, base.path)
