"""The list of all rules: each module below ``rules`` contains one."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor import rules
from ecr_fargate_constructs.tools.doctor.rule import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator


def _rules() -> Iterator[Rule]:
    for each in walk_packages(rules.__path__, f"{rules.__name__}."):
        if not each.ispkg:
            module = import_module(each.name)
            for value in vars(module).values():
                if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == each.name:
                    yield value()


RULES: tuple[Rule, ...] = tuple(sorted(_rules(), key=lambda rule: (rule.severity is not Severity.ERROR, rule.id)))
"""Every rule, errors first, then by id."""
