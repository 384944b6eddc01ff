"""Find out whether an app changed after it was synthesized, from the modification times of its files."""

from __future__ import annotations

import os
from pathlib import Path

_LEVELS = 3  # how many folders above cdk.out are searched for cdk.json
_MAX_FILES = 20_000
_SOURCES = (".py", ".ts", ".js", ".mjs", ".java", ".kt", ".cs", ".go", "Dockerfile", "cdk.json", "cdk.context.json")
_NOT_THE_APP = {"node_modules", "__pycache__", "test", "tests", "site-packages"}


def changed_since(assembly: Path) -> Path | None:
    """Return a source file of the app that is newer than its cloud assembly.

    Return None when there is no such file, or when the assembly is not inside the folder of an app. Tests do not
    count.
    """
    resolved = assembly.resolve()
    app = next((each for each in list(resolved.parents)[:_LEVELS] if (each / "cdk.json").is_file()), None)
    if app is None:
        return None
    synthesized = (resolved / "manifest.json").stat().st_mtime
    file_count = 0
    for path, folders, files in os.walk(app):
        folder = Path(path)
        folders[:] = sorted(each for each in folders if _is_source(folder / each, resolved))
        for name in sorted(files):
            if name.endswith(_SOURCES) and _time_of(folder / name) > synthesized:
                return folder / name
        file_count += len(files)
        if file_count > _MAX_FILES:
            break
    return None


def _is_source(folder: Path, assembly: Path) -> bool:
    if folder.name.startswith(".") or folder.name in _NOT_THE_APP or folder == assembly:
        return False
    return not any((folder / marker).exists() for marker in ("pyvenv.cfg", "cdk.out"))


def _time_of(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:  # a dangling link, or a file that was deleted during the search
        return 0
