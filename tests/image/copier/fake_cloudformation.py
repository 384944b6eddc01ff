"""The address at which CloudFormation waits for an answer."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNATURE = "0f1e2d3c4b5a"


class FakeCloudFormation:
    """Takes answers, and refuses the first ones where it is told to."""

    def __init__(self) -> None:
        """Listen on a free port of this machine."""
        self.answers: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        self.content_types: list[str | None] = []
        self.puts = 0
        self.refuse: list[tuple[int, dict[str, str]]] = []
        self.always: int | None = None
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fake.puts += 1
                status, headers = (fake.always, {}) if fake.always else fake.refuse.pop(0) if fake.refuse else (200, {})
                if status == 200:
                    fake.answers.append(json.loads(body))
                    fake.sizes.append(len(body))
                    fake.content_types.append(self.headers.get("Content-Type"))
                self.send_response_only(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/answer?X-Amz-Signature={SIGNATURE}"

    @contextmanager
    def serving(self) -> Iterator[FakeCloudFormation]:
        """Answer until the end."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.003}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
