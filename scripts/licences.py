"""List the licences of everything that an installation of this package installs, as their metadata declare them.

``python scripts/licences.py`` writes ``docs/licences.md``.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "licences.md"
PACKAGE = "ecr-fargate-constructs"
EXTRAS = ("", "cli", "local", "testing")
"""The extras, "" for the library alone: a package is listed with the first one that installs it."""

_CLASSIFIER = "License :: OSI Approved :: "
_UNSAID = {"", "UNKNOWN", "Dual License"}
_LONGEST = 60  # characters: some packages put the whole text into the field for the name
_HEAD = """\
# Licences

This project is licensed under the Apache License 2.0; the file `LICENSE` has the text, and is part of the wheel and of
the source distribution. Neither contains code of others.

An installation also installs the packages below. The licence of each is what its own metadata declare: check it
yourself before you rely on it. The table is that of Python 3.11 on Linux; `python scripts/licences.py` writes it.

| package | with | licence |
|---|---|---|
"""


@dataclass
class Listed:
    """A package that is installed, with the extra that installs it."""

    name: str
    extra: str
    licence: str


@dataclass
class _Walk:
    """The packages that were found so far, by their names."""

    found: dict[str, Listed] = field(default_factory=dict)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def add(self, requirement: Requirement, extra: str) -> None:
        """Add what a requirement installs, and what that installs."""
        name = canonicalize_name(requirement.name)
        for inner in ("", *sorted(requirement.extras)):
            if (name, inner) in self._seen:
                continue
            self._seen.add((name, inner))
            try:
                distribution = metadata.distribution(name)
            except metadata.PackageNotFoundError:
                print(f"{name} is not installed", file=sys.stderr)
                return
            if name != PACKAGE:
                self.found.setdefault(name, Listed(name, extra, licence(distribution.metadata)))
            for text in distribution.requires or ():
                needed = Requirement(text)
                if needed.marker is None or needed.marker.evaluate({"extra": inner}):
                    self.add(needed, extra)


def licence(declared: metadata.PackageMetadata) -> str:
    """Return the licence that a package declares: an expression, a short name, or that of its classifiers."""
    expression = _first(declared, "License-Expression")
    if expression:
        return expression
    classifiers = [
        each.removeprefix(_CLASSIFIER) for each in declared.get_all("Classifier") or () if each.startswith(_CLASSIFIER)
    ]
    named = _first(declared, "License").strip()
    short = named if named not in _UNSAID and "\n" not in named and len(named) <= _LONGEST else ""
    return short or "; ".join(classifiers) or "not declared"


def _first(declared: metadata.PackageMetadata, name: str) -> str:
    return next(iter(declared.get_all(name) or ()), "")


def listed() -> list[Listed]:
    """Return everything that the package and its extras install here, sorted by name."""
    walk = _Walk()
    for extra in EXTRAS:
        walk.add(Requirement(f"{PACKAGE}[{extra}]" if extra else PACKAGE), extra)
    return [walk.found[name] for name in sorted(walk.found)]


def rows(text: str) -> list[Listed]:
    """Return the rows of the page."""
    return [
        Listed(name, extra.strip("`[]").replace("the library", ""), found)
        for name, extra, found in re.findall(r"^\| `([^`]+)` \| (.*?) \| (.*?) \|$", text, re.MULTILINE)
    ]


def page() -> str:
    """Return the page."""
    lines = [
        f"| `{each.name}` | {f'`[{each.extra}]`' if each.extra else 'the library'} | {each.licence} |"
        for each in listed()
    ]
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
