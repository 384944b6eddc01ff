"""Overrides of a Copilot manifest, one environment at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.document import Node
from ecr_fargate_constructs.tools.migrate.errors import MigrationError

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.ledger import Ledger

_EITHER = ({"build", "location"}, {"range", "spot"})
"""Keys of which an override of one puts the other aside."""


def choose_environment(root: Node, ledger: Ledger, wanted: str | None) -> Node:
    """The manifest as one environment has it; without one, as it is for all of them.

    Raises:
        MigrationError: There is no such environment.
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
        known = ", ".join(environments) or "none"
        raise MigrationError(f"there is no environment {wanted!r}; the manifest has {known}")
    chosen = environments[wanted]
    if chosen.value is None:
        return root
    if not isinstance(chosen.value, dict):
        raise MigrationError(f"environments.{wanted} is not a mapping", line=chosen.line)
    # What is taken from the override keeps its place there, so that it is listed at its own line.
    return _merged(root, chosen, ledger)


def _merged(base: Node, override: Node, ledger: Ledger) -> Node:
    if not isinstance(base.value, dict) or not isinstance(override.value, dict):
        if base.path and override is not base:
            ledger.carry(base)  # what stands in its place is in the program
        return override
    ledger.enter(override)
    entries = dict(base.value)
    for first in _EITHER:
        if first & override.value.keys():
            for put_aside in first - override.value.keys():
                if put_aside in entries:
                    ledger.carry(entries.pop(put_aside))
    for name, value in override.value.items():
        entries[name] = _merged(entries[name], value, ledger) if name in entries else value
    return Node(entries, base.line, base.path)
