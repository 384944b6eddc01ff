"""A session with ``cdk lsp``, as an editor has it: JSON-RPC over standard input and output."""

from __future__ import annotations

import json
import subprocess
import threading
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self


class LanguageServer:
    """A language server that is running."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        """Start it.

        Args:
            command: Its program.
            folder: The folder that an editor has opened.
            environment: Its environment.
        """
        self._process = subprocess.Popen(  # noqa: S603 - the CDK command line
            command, cwd=folder, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._messages: Queue[dict[str, Any]] = Queue()
        self._others: list[dict[str, Any]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()

    def request(self, number: int, method: str, parameters: object) -> Any:  # noqa: ANN401 - any result of a method
        """Ask for something, and return the result."""
        self._send({"id": number, "method": method, "params": parameters})
        answer = self.wait(lambda message: message.get("id") == number and "method" not in message)
        assert "error" not in answer, answer
        return answer["result"]

    def notify(self, method: str, parameters: object) -> None:
        """Tell the server something."""
        self._send({"method": method, "params": parameters})

    def wait(self, wanted: Any, seconds: float = 180) -> dict[str, Any]:  # noqa: ANN401 - a function of a message
        """Return the first message that is wanted."""
        for message in self._others:
            if wanted(message):
                self._others.remove(message)
                return message
        while True:
            try:
                message = self._messages.get(timeout=seconds)
            except Empty:
                raise AssertionError(f"nothing came but {self._others}") from None
            if wanted(message):
                return message
            self._others.append(message)

    def end(self) -> int:
        """End the session in order, and return the exit code."""
        self.request(99, "shutdown", None)
        self.notify("exit", None)
        return self._process.wait(timeout=60)

    def _send(self, message: dict[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        with stream:
            while line := stream.readline():
                length = 0
                while line.strip():
                    name, _, value = line.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                    line = stream.readline()
                self._messages.put(json.loads(stream.read(length)))
