"""Answer with the version; with FAULT=errors one request in ten fails, with FAULT=exit the program ends at once."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION, FAULT = os.environ["VERSION"], os.environ.get("FAULT", "")
SHARE_OF_ERRORS = 0.1


class Handler(BaseHTTPRequestHandler):
    """Answers ``/`` with the version, and health checks."""

    protocol_version = "HTTP/1.1"
    timeout = 75  # seconds; above the load balancer's idle timeout, or it would reuse closed connections

    def do_GET(self) -> None:
        """Answer every path; health checks never fail."""
        healthy = self.path == "/healthz"
        fails = FAULT == "errors" and not healthy and random.random() < SHARE_OF_ERRORS  # noqa: S311 - no secret
        body = f"{VERSION}\n".encode()
        self.send_response(500 if fails else 200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """A server with a thread for each connection; it waits for none of them when it stops."""

    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    """Serve until SIGTERM."""
    if FAULT == "exit":
        sys.exit("cannot start")
    server = Server(("0.0.0.0", 8080), Handler)  # noqa: S104 - the load balancer connects from outside
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
