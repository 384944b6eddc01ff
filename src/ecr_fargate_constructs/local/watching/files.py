"""Notice edits: in the app's directory, and in the build contexts outside of it.

inotify watches single directories, and editors and package managers fill some that nobody edits; so the directories are
listed here, without those.
"""

from __future__ import annotations

import json
import os
import queue
import threading
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import watchfiles

from ecr_fargate_constructs.local.instance import STATE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_NEVER = frozenset({"__pycache__", "cdk.out", "node_modules", STATE_FOLDER})
_ENVIRONMENT = "pyvenv.cfg"  # of Python's virtual environments
_STEP, _MOST = 30, 400  # milliseconds without an edit after which a set of edits is complete, and at most


class Edits:
    """The edits of files in some directories, in a thread of its own."""

    def __init__(self, roots: Iterable[Path], excluded: Sequence[str] = ()) -> None:
        """Begin to watch.

        Args:
            roots: The directories.
            excluded: Patterns of files and directories below the first of them, as ``watch`` in cdk.json has them.
        """
        self._roots, self._excluded = [root.resolve() for root in roots], tuple(excluded)
        self._filter = watchfiles.DefaultFilter()
        self._queue: queue.Queue[frozenset[Path] | BaseException] = queue.Queue()
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def get(self, seconds: float | None = None) -> frozenset[Path]:
        """Return the files of the next set of edits; none if there is no edit for so long.

        Raises:
            OSError: The directories cannot be watched.
        """
        try:
            edits = self._queue.get(timeout=seconds)
        except queue.Empty:
            return frozenset()
        if isinstance(edits, BaseException):
            raise edits
        return edits

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        try:
            known: set[Path] = set()
            while not self._stop.is_set():
                known = self._watch_directories(known)
        except BaseException as error:  # noqa: BLE001 - raised where the edits are read
            self._queue.put(error)
            self._ready.set()

    def _watch_directories(self, known: set[Path]) -> set[Path]:
        """Report edits until there is a new directory, or the end; return the directories that were watched."""
        directories = set(self._directories())
        if known and (new := [each for each in directories if each not in known]):
            self._queue.put(frozenset(file for each in new for file in each.iterdir() if file.is_file()))
        changes = watchfiles.watch(
            *directories,
            watch_filter=None,
            step=_STEP,
            debounce=_MOST,
            rust_timeout=200,
            yield_on_timeout=True,
            stop_event=self._stop,
            recursive=False,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        for number, changed in enumerate(changes):
            self._ready.set()
            if number == 0 and not changed:
                continue
            files = frozenset(Path(path) for change, path in changed if self._counts(change, path))
            if files:
                self._queue.put(files)
            if any(kind is watchfiles.Change.added and Path(path).is_dir() for kind, path in changed):
                break
        return directories

    def _counts(self, change: watchfiles.Change, path: str) -> bool:
        return self._filter(change, path) and not self.is_excluded(Path(path)) and not Path(path).is_dir()

    def is_excluded(self, path: Path) -> bool:
        """Return whether cdk.json excludes a file, or a directory, from what is watched."""
        if not path.is_relative_to(self._roots[0]):
            return False
        relative = path.relative_to(self._roots[0]).as_posix()
        parts = relative.split("/")
        prefixes = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        return any(_matches(prefix, pattern) for prefix in prefixes for pattern in self._excluded)

    def _directories(self) -> Iterator[Path]:
        seen: set[Path] = set()
        for root in self._roots:
            for folder, names, files in os.walk(root):
                path = Path(folder)
                if path in seen or (path != root and _ENVIRONMENT in files):
                    names.clear()
                    continue
                seen.add(path)
                names[:] = [name for name in names if name not in _NEVER and not name.startswith(".")]
                yield path


def _matches(path: str, pattern: str) -> bool:
    """Return whether a path, or one below it, matches a pattern such as ``**/tests`` or ``cdk*.json``."""
    pattern = pattern.rstrip("/").removesuffix("/**")
    return fnmatchcase(path, pattern) or (pattern.startswith("**/") and fnmatchcase(path, pattern[3:]))


def excluded_patterns(app_directory: Path) -> tuple[str, ...]:
    """Return what ``watch.exclude`` in cdk.json excludes, as for ``cdk watch``; cdk.json itself is watched."""
    try:
        settings: Any = json.loads((app_directory / "cdk.json").read_text(encoding="utf-8"))
        excluded = settings.get("watch", {}).get("exclude", ())
    except (OSError, ValueError, AttributeError):
        return ()
    return (excluded,) if isinstance(excluded, str) else tuple(map(str, excluded))
