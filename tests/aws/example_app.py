"""The CDK app of an example, whose stacks have a prefix: ``example_app.py FILE PREFIX [OLD NEW]…``."""

from __future__ import annotations

import sys
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any

import aws_cdk as cdk


def prefixed(prefix: str) -> None:
    """Give every stack from now on a name with a prefix; ids of constructs stay, and with them logical ids."""
    create = cdk.Stack.__init__

    @wraps(create)
    def init(self: cdk.Stack, scope: Any = None, id: str | None = None, **options: Any) -> None:  # noqa: A002, ANN401 - as CDK has it
        options["stack_name"] = f"{prefix}{options.get('stack_name') or id}"
        create(self, scope, id, **options)

    cdk.Stack.__init__ = init  # type: ignore[method-assign]


def module_of(file: Path, replace: list[tuple[str, str]]) -> ModuleType:
    """Return the module of an example in which texts are replaced.

    Raises:
        ValueError: A text is not in the example any more.
    """
    source = file.read_text(encoding="utf-8")
    for old, new in replace:
        if old not in source:
            raise ValueError(f"{file} has no {old!r}")
        source = source.replace(old, new)
    module = ModuleType(file.stem)
    module.__file__ = str(file)
    exec(compile(source, str(file), "exec"), vars(module))  # noqa: S102 - an example of this project
    return module


def main(file: str, prefix: str, *texts: str) -> None:
    """Synthesize the example."""
    prefixed(prefix)
    app = cdk.App()
    module_of(Path(file), list(zip(texts[::2], texts[1::2], strict=True))).build(app)
    app.synth()


if __name__ == "__main__":
    main(*sys.argv[1:])
