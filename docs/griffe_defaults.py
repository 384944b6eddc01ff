"""Show defaults as a reader would write them: the value of a dataclass field, not the function that creates it.

mkdocs.yml names this extension of griffe. ``field(default_factory=lambda: Duration.minutes(10))`` is shown as
``Duration.minutes(10)``. A class also shows the fields that it inherits from one with ``init=False``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import griffe

if TYPE_CHECKING:  # griffe is installed only where the site is built
    _Extension = object
else:
    _Extension = griffe.Extension


class PlainDefaults(_Extension):
    """Changes each dataclass before griffe creates its signature."""

    def on_package(self, *, pkg: Any, **_: Any) -> None:  # noqa: ANN401 - griffe's objects
        """Change the fields of all classes of a package."""
        pending = [pkg]
        while pending:
            for member in list(pending.pop().members.values()):
                if member.is_alias:
                    continue
                if member.is_class:
                    _tidy(member)
                if member.is_module or member.is_class:
                    pending.append(member)


def _tidy(found: Any) -> None:  # noqa: ANN401 - griffe's object
    for decorator in found.decorators:  # griffe would take no field of a base class with init=False
        if isinstance(decorator.value, griffe.ExprCall):
            arguments = decorator.value.arguments
            decorator.value.arguments = [each for each in arguments if getattr(each, "name", None) != "init"]
    for member in found.members.values():
        if not member.is_attribute:
            continue
        if str(getattr(member.value, "function", "")) == "_duration":
            member.value.function.name = "Duration.seconds"
        for argument in getattr(member.value, "arguments", ()):
            made = getattr(argument, "value", None)
            if getattr(argument, "name", None) == "default_factory" and isinstance(made, griffe.ExprLambda):
                member.value = made.body
