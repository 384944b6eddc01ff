"""Import the CDK, wait for a word, and then be the app: ``python warm_app.py REPORT SCRIPT [ARGUMENT …]``.

Runs in the app's own interpreter and environment, once. When the app has ended it writes to ``REPORT`` what the next
process has to import, and the files that the app has read.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import runpy
import sys
from pathlib import Path

_PACKAGES = ("aws_cdk", "cdk_nag", "constructs", "ecr_fargate_constructs", "jsii")
"""Modules that the warm process imports in advance, because their import does not depend on the app."""


def main() -> None:
    """Import, wait, run."""
    report, script, *arguments = sys.argv[1:]
    path = Path(script).absolute()
    sys.path[0] = str(path.parent)
    for name in _modules(Path(report)):
        with contextlib.suppress(Exception):  # the app meets with the same error, and shows it
            importlib.import_module(name)
    if not sys.stdin.readline():
        os._exit(0)  # nobody needs it any more
    with open(os.devnull) as nothing:  # noqa: PTH123 - a descriptor
        os.dup2(nothing.fileno(), 0)
    opened: set[str] = set()

    def hook(event: str, details: tuple[object, ...]) -> None:
        if event == "open" and isinstance(details[0], str):
            opened.add(details[0])

    sys.addaudithook(hook)
    directory = Path.cwd()
    atexit.register(lambda: _write(Path(report), directory, opened))
    sys.argv = [script, *arguments]
    runpy.run_path(str(path), run_name="__main__")


def _modules(report: Path) -> list[str]:
    try:
        return [str(name) for name in json.loads(report.read_text(encoding="utf-8"))["modules"]]
    except (OSError, ValueError, KeyError):
        return ["aws_cdk", "constructs"]


def _write(report: Path, directory: Path, opened: set[str]) -> None:
    modules = dict(sys.modules)
    files = {str(module.__file__) for module in modules.values() if getattr(module, "__file__", None)}
    content = {
        "modules": [name for name in modules if name.partition(".")[0] in _PACKAGES],
        "files": sorted({str(directory / file) for file in files | opened if not file.endswith(".pyc")}),
    }
    report.write_text(json.dumps(content), encoding="utf-8")


if __name__ == "__main__":
    main()
