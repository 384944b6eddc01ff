"""Registries in memory, as strict as ECR, which fail when they are told to.

One server answers for every host, by the ``Host`` header. ECR's hosts want a token that ``issue_token`` gave, refuse to
overwrite a tag, and take a manifest only when its parts are there.
"""

from __future__ import annotations

import base64
import re
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.image.copier.fake_exchange import Exchange

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    from tests.image.copier.images import Blob, Image

ECR_HOST = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com")


@dataclass
class Repository:
    """What was pushed to one."""

    blobs: dict[str, Blob] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def hold(self, image: Image, tag: str | None) -> None:
        """Have an image."""
        for each in image.everything():
            self.blobs.update(each.blobs)
            self.manifests[each.digest] = each.media_type, each.body
        if tag is not None:
            self.tags[tag] = image.digest


@dataclass
class Fault:
    """What happens to some requests.

    Attributes:
        method: Their method.
        path: Pattern that is found in their path.
        act: What happens.
        times: To how many.
        host: Pattern of the host that they are for.
    """

    method: str
    path: str
    act: Callable[[Exchange], None]
    times: int = 1
    host: str = ""

    def meets(self, exchange: Exchange) -> bool:
        """Whether it is about this request."""
        return bool(
            self.times > 0
            and self.method == exchange.command
            and re.search(self.path, exchange.path)
            and re.search(self.host, exchange.host)
        )


@dataclass(frozen=True)
class Seen:
    """A request that came in."""

    method: str
    host: str
    path: str
    login: str | None


class FakeRegistry:
    """The server, and everything in it."""

    def __init__(self) -> None:
        """Listen on a free port of this machine."""
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.requests: list[Seen] = []
        self.failures: list[str] = []
        self.faults: list[Fault] = []
        self.api: list[tuple[int, bytes]] = []
        self.logins: dict[str, str] = {}
        self.realm: str | None = None
        self.secrets: set[str] = set()
        self.uploads: set[str] = set()
        self.mounts: int | None = None
        self.expired_status = 403
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.connections = 0
        self.accepted = 0
        self._valid: set[str] = set()
        self._expired: set[str] = set()
        fake = self

        class Handler(Exchange):
            registry = fake

        class Server(ThreadingHTTPServer):
            request_queue_size = 64

            def handle_error(self, *_: object) -> None:
                """Keep quiet when a client has left; the rest is a fault of this file."""
                if not isinstance(error := sys.exc_info()[1], OSError):
                    fake.failures.append(repr(error))

        self._server = Server(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}"

    @contextmanager
    def serving(self, tls: ssl.SSLContext | None = None) -> Iterator[FakeRegistry]:
        """Answer until the end."""
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
            self.url = f"https://localhost:{self._server.server_port}"
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.003}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.ended.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def clear(self) -> None:
        """Forget everything that was pushed and asked."""
        self.repositories.clear()
        self.requests.clear()

    def at(self, host: str, name: str) -> Repository:
        """A repository, made when it is first named."""
        return self.repositories.setdefault((host, name), Repository())

    def named(self, reference: str) -> Repository:
        """The repository of an image's full name."""
        host, _, rest = reference.partition("/")
        return self.at(host, re.split("[:@]", rest)[0])

    def fail(self, method: str, path: str, act: Callable[[Exchange], None], *, times: int = 1, host: str = "") -> None:
        """Have something happen to requests."""
        self.faults.append(Fault(method, path, act, times, host))

    def issue_token(self) -> str:
        """A token of ECR's."""
        token = base64.b64encode(f"AWS:password-{time.monotonic_ns()}".encode()).decode()
        self._valid.add(f"Basic {token}")
        self.secrets.add(token)
        return token

    def expire(self) -> None:
        """Have every token be void."""
        self._expired |= self._valid
        self._valid.clear()
        self.logins.update({host: "Bearer of nobody" for host in self.logins if host != "/token"})

    def judge_token(self, host: str, login: str | None) -> tuple[int, str, str] | None:
        """Why a request is refused; None when it is not."""
        if not ECR_HOST.fullmatch(host):
            wanted = self.logins.get(host)
            return None if wanted in {None, login} else (401, "UNAUTHORIZED", "authentication required")
        if login in self._expired:
            message = "Your authorization token has expired. Reauthenticate and try again."
            return self.expired_status, "DENIED", message
        return None if login in self._valid else (401, "UNAUTHORIZED", "Not Authorized")

    def made(self, method: str, path: str, host: str = "") -> list[Seen]:
        """Requests that came in."""
        return [
            each
            for each in self.requests
            if method in {"", each.method} and re.search(path, each.path) and re.search(host, each.host)
        ]

    def incomplete(self, *, but: str) -> list[str]:
        """Tags that name an image of which a part is missing; that of one image does not count."""
        found = []
        for (host, name), repository in self.repositories.items():
            for tag, digest in repository.tags.items():
                missing = self.missing(repository, digest) if f"{host}/{name}:{tag}" != but else []
                found += [f"{host}/{name}:{tag} lacks {each}" for each in missing]
        return found

    def missing(self, repository: Repository, digest: str) -> list[str]:
        """Parts of an image that are not there."""
        if digest not in repository.manifests:
            return [digest]
        children, blobs = Exchange.parts(repository.manifests[digest][1])
        below = [missing for child in children for missing in self.missing(repository, child)]
        return [*below, *(blob for blob in blobs if blob not in repository.blobs)]
