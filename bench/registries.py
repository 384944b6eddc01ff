"""Registries for one run, on loopback, and images in them that nothing can mount."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

REPOSITORY, TAG = "bench/image", "1"
_PART = 2**20
_START_SECONDS = 20
_OCI = "application/vnd.oci.image"
MANIFEST = f"{_OCI}.manifest.v1+json"
_CONFIGURATION = """
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: {host}}}
"""


def registry_program() -> str | None:
    """Return the command of Debian's ``docker-registry``; None if it is not installed."""
    return shutil.which("docker-registry")


@contextlib.contextmanager
def registry() -> Iterator[str]:
    """Run an empty registry, yield its host and port, then end it and delete everything that it stored."""
    with tempfile.TemporaryDirectory(prefix="bench-registry-") as folder:
        host = f"127.0.0.1:{_free_port()}"
        configuration = Path(folder) / "config.yml"
        storage = Path(folder) / "storage"
        configuration.write_text(_CONFIGURATION.format(folder=storage, host=host), encoding="utf-8")
        log = Path(folder) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - a Debian package
                [str(registry_program()), "serve", str(configuration)],
                stdout=output,
                stderr=output,
                env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            )
        try:
            _wait(host, process, log)
            yield host
        finally:
            process.terminate()
            process.wait()


def push_image(host: str, layers: Sequence[int]) -> None:
    """Store an image with layers of random bytes in a registry.

    Args:
        host: The registry.
        layers: Bytes of each layer; a few more are stored.
    """
    connection = http.client.HTTPConnection(host)
    made = [_Layer(size) for size in layers]
    stored = [_push_blob(connection, f"{_OCI}.layer.v1.tar+gzip", layer.parts()) for layer in made]
    rootfs = {"type": "layers", "diff_ids": [f"sha256:{layer.tar.hexdigest()}" for layer in made]}
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs}).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _push_blob(connection, f"{_OCI}.config.v1+json", iter([config])),
        "layers": stored,
    }
    body = json.dumps(manifest).encode()
    _ask(connection, "PUT", f"/v2/{REPOSITORY}/manifests/{TAG}", body, {"Content-Type": MANIFEST})
    connection.close()


def read_manifest(host: str) -> bytes:
    """Return the manifest that a registry has under the tag."""
    connection = http.client.HTTPConnection(host)
    _, body = _ask(connection, "GET", f"/v2/{REPOSITORY}/manifests/{TAG}", None, {"Accept": MANIFEST})
    connection.close()
    return body


class _Layer:
    """A gzipped archive with one file of random bytes, which cannot be compressed, so that its size is known."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.tar = hashlib.sha256()

    def parts(self) -> Iterator[bytes]:
        """Create the archive, once."""
        packer = zlib.compressobj(level=0, wbits=31)
        for part in self._archive():
            self.tar.update(part)
            yield packer.compress(part)
        yield packer.flush()

    def _archive(self) -> Iterator[bytes]:
        entry = tarfile.TarInfo("random")
        entry.size = self._size
        yield entry.tobuf()
        for begin in range(0, self._size, _PART):
            yield os.urandom(min(_PART, self._size - begin))
        yield bytes(-self._size % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE)


def _push_blob(connection: http.client.HTTPConnection, media_type: str, parts: Iterator[bytes]) -> dict[str, object]:
    """Send a blob while it is created, and return its descriptor."""
    hasher, size = hashlib.sha256(), 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for part in parts:
            hasher.update(part)
            size += len(part)
            yield part

    begun, _ = _ask(connection, "POST", f"/v2/{REPOSITORY}/blobs/uploads/", None, {})
    sent, _ = _ask(connection, "PATCH", _path(begun), counted(), {"Content-Type": "application/octet-stream"})
    digest = f"sha256:{hasher.hexdigest()}"
    _ask(connection, "PUT", f"{_path(sent)}&digest={digest}", None, {})
    return {"mediaType": media_type, "digest": digest, "size": size}


def _path(location: str) -> str:
    address = urlsplit(location)
    return f"{address.path}?{address.query}"


def _ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | Iterator[bytes] | None,
    headers: Mapping[str, str],
) -> tuple[str, bytes]:
    """Send a request to a registry; return the location that it names, and the body."""
    connection.request(method, path, body, dict(headers), encode_chunked=not isinstance(body, bytes | None))
    answer = connection.getresponse()
    content = answer.read()
    if answer.status >= http.HTTPStatus.MULTIPLE_CHOICES:
        raise RuntimeError(f"{method} {path}: {answer.status} {content[:200]!r}")
    return answer.getheader("Location") or "", content


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait(host: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a registry answers."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        connection = http.client.HTTPConnection(host, timeout=1)
        try:
            _ask(connection, "GET", "/v2/", None, {})
        except (OSError, http.client.HTTPException) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                text = log.read_text(encoding="utf-8", errors="replace")[-1000:]
                raise RuntimeError(f"docker-registry does not answer: {text}") from error
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
