"""Whether a cloud assembly is what the app says now, as far as the times of its files tell."""

from __future__ import annotations

import os
from pathlib import Path

_LEVELS = 3  # from cdk.out up to cdk.json
_MOST = 20_000  # files that are looked at
_SOURCES = (".py", ".ts", ".js", ".mjs", ".java", ".kt", ".cs", ".go", "Dockerfile", "cdk.json", "cdk.context.json")
_NOT_THE_APP = {"node_modules", "__pycache__", "test", "tests", "site-packages"}


def changed_since(assembly: Path) -> Path | None:
    """Return a file of the app that was written after its synthesis.

    None when there is none, and when the assembly is not in the folder of an app. Tests do not count.
    """
    around = assembly.resolve()
    app = next((each for each in list(around.parents)[:_LEVELS] if (each / "cdk.json").is_file()), None)
    if app is None:
        return None
    synthesized = (around / "manifest.json").stat().st_mtime
    seen = 0
    for place, folders, files in os.walk(app):
        here = Path(place)
        folders[:] = sorted(each for each in folders if _is_source(here / each, around))
        for name in sorted(files):
            if name.endswith(_SOURCES) and _time_of(here / name) > synthesized:
                return here / name
        seen += len(files)
        if seen > _MOST:
            break
    return None


def _is_source(folder: Path, assembly: Path) -> bool:
    if folder.name.startswith(".") or folder.name in _NOT_THE_APP or folder == assembly:
        return False
    return not any((folder / made).exists() for made in ("pyvenv.cfg", "cdk.out"))


def _time_of(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:  # a link that leads nowhere, or a file that went meanwhile
        return 0
