"""``ecr-fargate local up --watch`` while a test edits."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from typing_extensions import Self

if TYPE_CHECKING:
    from types import TracebackType

    from tests.e2e.local_app import LocalApp

_PATIENCE = 600.0


class Watched:
    """The command, and the lines that it has printed."""

    def __init__(self, app: LocalApp) -> None:
        self.app, self.lines = app, list[str]()
        self._command = app.start("up", "--watch")
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        self.wait_for("watching; Ctrl-C ends it")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._command.poll() is None:
            self._command.terminate()  # as Ctrl-C ends it
        self._command.wait()
        self._reader.join()
        assert self._command.stderr is not None
        self.errors = self._command.stderr.read()
        self._command.stderr.close()

    @property
    def status(self) -> int | None:
        """Exit status of the command."""
        return self._command.returncode

    def _read(self) -> None:
        assert self._command.stdout is not None
        with self._command.stdout as output:
            self.lines.extend(iter(output.readline, ""))

    def wait_for(self, text: str, *, after: int = 0) -> str:
        """Wait for a line with a text among those after the first ones, and return it."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            found = next((line for line in self.lines[after:] if text in line), None)
            if found is not None:
                return found
            assert self._command.poll() is None, "".join(self.lines)
            assert time.monotonic() < deadline, "".join(self.lines)
            time.sleep(0.02)

    def edited(self, old: str, new: str, outcome: str) -> str:
        """Edit the sample's server, and return the line that says what came of it."""
        count = len(self.lines)
        self.app.edit(old, new)
        return self.wait_for(outcome, after=count)
