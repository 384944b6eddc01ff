"""Show the options of a class in full where its docstring refers to a twin: "The other options are those of ``X``".

mkdocs.yml names this extension of griffe. In the code each option is described once; a page of the reference has the
descriptions of all options of a class, those of its twin included.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import griffe

if TYPE_CHECKING:  # griffe is installed only where the site is built
    _Extension = object
else:
    _Extension = griffe.Extension

_REFERENCE = re.compile(r"[Tt]he\s+other\s+(?:attributes|options)\s+are\s+those\s+of\s+``(\w+)``")
_SECTION = re.compile(r"^(?P<title>Attributes|Args):\n(?P<entries>(?:(?: +.*)?\n)*)", re.MULTILINE)
_ENTRY = re.compile(r"^    (?P<name>\w+): .*\n(?:^     +.*\n)*", re.MULTILINE)


class Twins(_Extension):
    """Adds to a docstring the entries of the docstring that it refers to."""

    def on_package(self, *, pkg: Any, **_: Any) -> None:  # noqa: ANN401 - griffe's objects
        """Complete the docstrings of all classes of a package, and those of their constructors."""
        classes: dict[str, Any] = {}
        pending = [pkg]
        while pending:
            for member in pending.pop().members.values():
                if not member.is_alias and (member.is_module or member.is_class):
                    pending.append(member)
                    if member.is_class:
                        classes[member.name] = member
        for each in classes.values():
            for part in (each, each.members.get("__init__")):
                if part is not None and part.docstring is not None:
                    part.docstring.value = completed(part, classes)


def completed(part: Any, classes: dict[str, Any]) -> str:  # noqa: ANN401 - griffe's object
    """Return the docstring of a class or of its constructor, with the entries of its twin.

    Raises:
        LookupError: There is no such twin.
    """
    text = f"{part.docstring.value}\n"
    reference = _REFERENCE.search(text)
    if reference is None:
        return str(part.docstring.value)
    twin = classes[reference[1]]
    if part.is_function:
        twin = twin.members["__init__"]
    own, theirs = _SECTION.search(text), _SECTION.search(f"{completed(twin, classes)}\n")
    if own is None or theirs is None:
        raise LookupError(f"{part.path}: no section to complete from {twin.path}")
    entries = {each["name"]: each[0] for each in _ENTRY.finditer(theirs["entries"])}
    entries |= {each["name"]: each[0] for each in _ENTRY.finditer(own["entries"])}
    if part.is_function:  # in the order of the signature, and only what it has
        entries = {each.name: entries[each.name] for each in part.parameters if each.name in entries}
    return f"{text[: own.start()]}{own['title']}:\n{''.join(entries.values())}\n{text[own.end() :]}".rstrip("\n")
