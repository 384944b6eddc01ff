"""Imports of public names when they are first used: the command line and the rules must not pay for ``aws_cdk``.

The table of a package is its stub, ``__init__.pyi``, which type checkers and editors read as well.
Source: Scientific Python's SPEC 1, "Lazy Loading of Submodules and Functions".
"""

from __future__ import annotations

import ast
import gc
import sys
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def attach(package: str, file: str) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """Return ``__getattr__``, ``__dir__`` and ``__all__`` of a package.

    Args:
        package: Its ``__name__``.
        file: Its ``__file__``, beside which the stub stands.
    """
    stub = ast.parse(Path(file).with_suffix(".pyi").read_text(encoding="utf-8"))
    homes = {
        alias.name: statement.module
        for statement in stub.body
        if isinstance(statement, ast.ImportFrom) and statement.module is not None
        for alias in statement.names
    }

    computed = [
        each.target.id for each in stub.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    ]

    def __getattr__(name: str) -> object:  # noqa: N807 - becomes the package's
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        with _collector_paused():
            value: object = getattr(import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:  # noqa: N807 - as above
        return sorted({*vars(sys.modules[package]), *homes, *computed})

    return __getattr__, __dir__, sorted(homes)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the garbage collector: CDK's classes stay for the life of the process.

    Searching them for garbage, meanwhile and once more at the end, takes a quarter of the import's CPU time (0.47 s,
    and 0.35 s without). Objects that were frozen and thawed count as old, so the next search of young ones is short.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            if not gc.get_freeze_count():  # what the program itself has frozen stays so
                gc.freeze()
                gc.unfreeze()
            gc.enable()
