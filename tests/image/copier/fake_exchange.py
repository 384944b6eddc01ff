"""One request to the fake registries, and its answer."""

from __future__ import annotations

import hashlib
import json
import re
import select
import socket
import uuid
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qs, urlsplit

from tests.image.copier.images import INDEXES, Repeated, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.image.copier.fake_registry import FakeRegistry, Repository

_KEPT = 16 * 2**20
"""Bytes: a larger blob is hashed and thrown away."""


class Exchange(BaseHTTPRequestHandler):
    """The protocol, as ECR has it; ``mishaps.py`` changes its course."""

    registry: ClassVar[FakeRegistry]
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    host = ""
    cut_after: int | None = None
    silent = False
    spoilt = False
    trickles = False

    def setup(self) -> None:
        super().setup()
        with self.registry.lock:
            self.registry.connections += 1
            self.registry.accepted += 1

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            with self.registry.lock:
                self.registry.connections -= 1

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def _do(self) -> None:
        from tests.image.copier.fake_registry import Seen  # noqa: PLC0415 - each needs the other

        self.host = self.headers.get("Host", "")
        self.cut_after, self.silent, self.spoilt, self.trickles = None, False, False, False
        with self.registry.lock:
            seen = Seen(self.command, self.host, self.path, self.headers.get("Authorization"))
            self.registry.requests.append(seen)
            fault = next((each for each in self.registry.faults if each.meets(self)), None)
            if fault is not None:
                fault.times -= 1
        if fault is None:
            self.proceed()
        else:
            fault.act(self)

    do_GET = do_HEAD = do_POST = do_PUT = _do  # noqa: N815 - http.server's

    # What a fault may do.

    def proceed(self) -> None:
        """Answer as a registry does."""
        route = urlsplit(self.path)
        if self.path == "/":
            self._aws_api()
        elif route.path == "/token":
            self._token()
        elif route.path.startswith("/storage/"):
            self._blob(self._holder(route.path), route.path.rpartition("/")[2])
        elif (refusal := self.registry.judge_token(self.host, self.headers.get("Authorization"))) is not None:
            self._refuse(*refusal)
        elif (found := re.fullmatch(r"/v2/(.+)/(manifests|blobs)/(.+)", route.path)) is None:
            self.error(404, "UNSUPPORTED", "no such route")
        elif (self.host, found[1].removesuffix("/blobs")) not in self.registry.repositories:
            self.error(404, "NAME_UNKNOWN", f"The repository with name '{found[1]}' does not exist in the registry")
        else:
            getattr(self, f"_{self.command.lower()}_{found[2]}")(found[1].removesuffix("/blobs"), found[3])

    def answer(self, status: int, headers: Mapping[str, str] | None = None, body: bytes | Repeated = b"") -> None:
        """Answer, or not, and with as much as the fault lets pass."""
        if self.silent:
            self.cut()
            return
        self.send_response_only(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.trickles:
            self._trickle(body)
            return
        sent = 0
        for piece in [body] if isinstance(body, bytes) else body:
            part = piece if self.cut_after is None else piece[: self.cut_after - sent]
            self.wfile.write(bytes([part[0] ^ 1]) + part[1:] if self.spoilt and part else part)
            sent += len(part)
        if self.cut_after is not None:
            self.wfile.flush()
            self.cut()

    def error(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        """Refuse, with the protocol's document."""
        self.read_all()
        document = {"errors": [{"code": code, "message": message}]}
        self.answer(status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(document).encode())

    def cut(self) -> None:
        """Close the connection."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def wait_until_left(self) -> None:
        """Do nothing as long as the client waits."""
        while not self.registry.ended.wait(0.02):
            if select.select([self.connection], [], [], 0)[0] and not self.connection.recv(2**16):
                break
        self.close_connection = True

    def read(self, size: int) -> None:
        """Take some bytes of what is sent."""
        self.rfile.read(size)

    def read_all(self) -> bytes:
        """Take all of what is sent: another request may follow."""
        size = int(self.headers.get("Content-Length", 0))
        del self.headers["Content-Length"]
        return self.rfile.read(size)

    # The protocol.

    @staticmethod
    def parts(manifest: bytes) -> tuple[list[str], list[str]]:
        """Digests of manifests and of blobs that a manifest needs."""
        document = json.loads(manifest)
        blobs = [document["config"], *document["layers"]] if "layers" in document else []
        return [each["digest"] for each in document.get("manifests", [])], [
            each["digest"] for each in blobs if not each.get("urls")
        ]

    @property
    def _query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    def _repository(self, name: str) -> Repository:
        return self.registry.repositories[self.host, name]

    def _holder(self, path: str) -> Repository:
        digest = path.rpartition("/")[2]
        return next(each for each in self.registry.repositories.values() if digest in each.blobs)

    def _get_manifests(self, name: str, version: str) -> None:
        repository = self._repository(name)
        digest = repository.tags.get(version, version)
        if digest not in repository.manifests:
            self.error(404, "MANIFEST_UNKNOWN", "Requested image not found")
            return
        media_type, body = repository.manifests[digest]
        self.answer(200, {"Content-Type": media_type, "Docker-Content-Digest": digest}, body)

    _head_manifests = _get_manifests

    def _put_manifests(self, name: str, version: str) -> None:
        body, kind, repository = self.read_all(), self.headers["Content-Type"], self._repository(name)
        children, blobs = self.parts(body)
        missing = [child for child in children if child not in repository.manifests]
        missing += [blob for blob in blobs if blob not in repository.blobs]
        with self.registry.lock:
            if missing:
                refusal = "MANIFEST_BLOB_UNKNOWN", f"Layers with digests '{missing}' do not exist"
            elif (kind in INDEXES) != bool(children) or (version.startswith("sha256:") and version != digest_of(body)):
                refusal = "MANIFEST_INVALID", "media type or digest"
            elif version in repository.tags:
                refusal = "TAG_INVALID", f"The image tag '{version}' already exists and cannot be overwritten"
            else:
                repository.manifests[digest_of(body)] = kind, body
                if not version.startswith("sha256:"):
                    repository.tags[version] = digest_of(body)
                refusal = None
        if refusal is None:
            self.answer(201, {"Docker-Content-Digest": digest_of(body)})
        else:
            self.error(400, *refusal)

    def _get_blobs(self, name: str, digest: str) -> None:
        repository = self._repository(name)
        if digest not in repository.blobs:
            self.error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        else:
            self._blob(repository, digest)

    _head_blobs = _get_blobs

    def _blob(self, repository: Repository, digest: str) -> None:
        self.answer(200, {"Content-Type": "application/octet-stream"}, repository.blobs[digest])

    def _post_blobs(self, name: str, _: str) -> None:
        wanted = self._query
        if "mount" in wanted and self.registry.mounts is not None:
            if self.registry.mounts == 201:
                origin = self._repository(wanted["from"]).blobs
                self._repository(name).blobs[wanted["mount"]] = origin[wanted["mount"]]
                self.answer(201, {"Location": f"/v2/{name}/blobs/{wanted['mount']}"})
                return
            if self.registry.mounts != 202:
                self.error(self.registry.mounts, "UNSUPPORTED", "no mounting here")
                return
        session = str(uuid.uuid4())
        self.registry.uploads.add(session)
        scheme = "http" if self.registry.host == self.host else "https"
        self.answer(202, {"Location": f"{scheme}://{self.host}/v2/{name}/blobs/uploads/{session}?_state=signed"})

    def _put_blobs(self, name: str, place: str) -> None:
        session = place.removeprefix("uploads/")
        if session not in self.registry.uploads:
            self.error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
            return
        self.registry.uploads.remove(session)  # an upload begins once, whatever becomes of it
        size, wanted = int(self.headers["Content-Length"]), self._query["digest"]
        del self.headers["Content-Length"]
        hasher, kept = hashlib.new(wanted.partition(":")[0]), bytearray()
        left = size
        while left:
            part = self.rfile.read(min(left, 2**16))
            if not part:
                self.close_connection = True
                return
            hasher.update(part)
            left -= len(part)
            if size <= _KEPT:
                kept += part
        if hasher.hexdigest() != wanted.partition(":")[2]:
            self.registry.failures.append(f"{size} bytes arrived that are not {wanted}")
            self.error(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
            return
        self._repository(name).blobs[wanted] = bytes(kept) if size <= _KEPT else Repeated(b"", 0)
        self.answer(201, {"Location": f"/v2/{name}/blobs/{wanted}"})

    def _refuse(self, status: int, code: str, message: str) -> None:
        realm, basic = self.registry.realm, self.registry.logins.get(self.host, "").startswith("Basic")
        challenge = f'Bearer realm="{realm}",service="fake",scope="repository:x:pull"' if realm and not basic else ""
        self.error(status, code, message, {"WWW-Authenticate": challenge or 'Basic realm="fake"'})

    def _token(self) -> None:
        login = self.registry.logins.get("/token")
        if login is not None and self.headers.get("Authorization") != login:
            self.error(401, "UNAUTHORIZED", "who are you?")
            return
        token = f"token-{uuid.uuid4()}"
        self.registry.secrets.add(token)
        for host in self.registry.logins:
            if host != "/token":
                self.registry.logins[host] = f"Bearer {token}"
        self.answer(200, {"Content-Type": "application/json"}, json.dumps({"token": token}).encode())

    def _aws_api(self) -> None:
        self.read_all()
        status, body = self.registry.api.pop(0)
        self.answer(status, {"Content-Type": "application/x-amz-json-1.1"}, body)

    def _trickle(self, body: bytes | Repeated) -> None:
        pieces: Iterable[bytes] = [body] if isinstance(body, bytes) else body
        for piece in pieces:
            for number in range(len(piece)):
                self.wfile.write(piece[number : number + 1])
                self.wfile.flush()
                if self.registry.ended.wait(0.05):
                    return
