"""A small web server: ``/`` greets, ``/healthz`` reports that it can serve traffic."""

from __future__ import annotations

import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

GREETING = "Hello from a private ECR repository!"
KEEP_ALIVE_SECONDS = 75  # above the load balancer's idle timeout of 60 s; otherwise it would reuse closed connections

GRACE_SECONDS = 25  # less than the 30 seconds between SIGTERM and SIGKILL


class InFlight:
    """Counts the requests in progress, so that the server waits for them, and for nothing else, before it stops."""

    def __init__(self) -> None:
        """Start with no requests."""
        self._count = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._count += 1

    def __exit__(self, *exception: object) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until no request is in progress; return False if that takes longer than ``seconds``."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, timeout=seconds)


IN_FLIGHT = InFlight()


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    protocol_version = "HTTP/1.1"
    timeout = KEEP_ALIVE_SECONDS

    def do_GET(self) -> None:
        """Answer the two paths, and 404 for all others."""
        bodies = {"/": f"{GREETING}\n", "/healthz": "ok\n"}
        body = bodies.get(self.path.partition("?")[0])
        with IN_FLIGHT:
            self.answer(404 if body is None else 200, body or "not found\n")

    do_HEAD = do_GET  # noqa: N815 - http.server calls this name

    def answer(self, status: int, text: str) -> None:
        """Send a plain-text answer."""
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """A server with one thread per connection."""

    daemon_threads = True  # an idle kept-alive connection must not delay the stop
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        """Listen on every interface of the container."""
        super().__init__(("0.0.0.0", port), Handler)  # noqa: S104 - the load balancer connects from outside


def main() -> int:
    """Serve until SIGTERM."""
    server = Server(int(os.environ.get("PORT", "8080")))

    def stop(_signum: int, _frame: FrameType | None) -> None:
        # shutdown() waits for the serving loop, which runs in this thread, so call it from another one.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    finished = IN_FLIGHT.wait(GRACE_SECONDS)
    print("stopped" if finished else "stopped with requests unanswered", flush=True)
    return 0 if finished else 1


if __name__ == "__main__":
    sys.exit(main())
