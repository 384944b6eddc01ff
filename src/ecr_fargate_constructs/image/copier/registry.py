"""A client of the OCI distribution protocol, for one repository of one registry.

Small requests are repeated when a registry is busy or a connection breaks. Blobs are sent in one request each: ECR
takes one PATCH for an upload and drops the bodies of further ones (containers-roadmap#2831), and refuses an upload that
begins again (apple/containerization#790), so another attempt is another upload.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urljoin, urlsplit

import urllib3

from .errors import CopyError, TransientError
from .manifest import ACCEPTED, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .deadline import Deadline
    from .login import Login
    from .reference import Reference

_BUSY = {408, 425, 429, 500, 502, 503, 504}
_REDIRECTS = {301, 302, 303, 307, 308}
_CONNECT_SECONDS, _READ_SECONDS = 5, 20
_MOST_REDIRECTS = 5
_LARGEST_MANIFEST = 4 * 2**20
"""Bytes: what registries take at most."""


def new_pool() -> urllib3.PoolManager:
    """Connections for every registry of one copy. No proxy is used: ECR is asked under its own name."""
    return urllib3.PoolManager(maxsize=8, retries=False, timeout=urllib3.Timeout(_CONNECT_SECONDS, _READ_SECONDS))


@dataclass(frozen=True)
class Answer:
    """What a registry said to a small request."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Registry:
    """One repository, and whoever may use it."""

    def __init__(
        self, reference: Reference, pool: urllib3.PoolManager, deadline: Deadline, login: Login, endpoint: str | None
    ) -> None:
        """Make a client.

        Args:
            reference: An image of the repository.
            pool: Connections.
            deadline: When to give up.
            login: Who asks.
            endpoint: Address at which an emulated ECR answers in the name of the registry; None on AWS.
        """
        self.reference = reference
        self._pool, self._deadline, self._login = pool, deadline, login
        self._base = endpoint or f"{reference.scheme}://{reference.host}"

    def manifest(self, version: str) -> Manifest | None:
        """Get a manifest by tag or digest; None when there is none.

        Raises:
            CopyError: The repository does not exist or cannot be read.
        """
        answer = self._ask("GET", f"manifests/{version}", {"Accept": ", ".join(ACCEPTED)}, ok=(200, 404))
        if answer.status == 404:  # noqa: PLR2004 - not found
            if _error(answer.body)[0] == "NAME_UNKNOWN":
                raise CopyError(f"the repository {self._name} does not exist: {_error(answer.body)[1]}")
            return None
        digest = version if ":" in version else answer.headers.get("Docker-Content-Digest")
        return Manifest.read(answer.body, answer.headers.get("Content-Type"), digest)

    def has_manifest(self, digest: str) -> bool:
        """Whether a manifest of this digest is there."""
        answer = self._ask("HEAD", f"manifests/{digest}", {"Accept": ", ".join(ACCEPTED)}, ok=(200, 404))
        return answer.status == 200  # noqa: PLR2004 - OK

    def has_blob(self, digest: str) -> bool:
        """Whether a blob is there. A registry that redirects has it."""
        return self._ask("HEAD", f"blobs/{digest}", ok=(200, *_REDIRECTS, 404)).status != 404  # noqa: PLR2004

    def small_blob(self, digest: str) -> bytes:
        """Get a configuration."""

        def attempt() -> bytes:
            with self.blob(digest) as response:
                try:
                    return bytes(response.read(_LARGEST_MANIFEST, decode_content=False))
                except urllib3.exceptions.HTTPError as error:
                    raise TransientError(f"{self._name}: the connection broke: {type(error).__name__}") from error

        return self._deadline.retry(attempt)

    @contextmanager
    def blob(self, digest: str) -> Iterator[urllib3.BaseHTTPResponse]:
        """Open a blob for reading, once: the caller tries again.

        Raises:
            TransientError: The registry is busy, or the connection broke.
            CopyError: It refuses.
        """
        response = self._send("GET", f"{self._base}{self._path}blobs/{digest}", {}, None)
        try:
            for _ in range(_MOST_REDIRECTS):
                if response.status not in _REDIRECTS:
                    break
                target = urljoin(self._base, response.headers["Location"])
                response.drain_conn()
                response.release_conn()
                own = target.startswith(f"{self._base}/")  # a storage of its own gets no login of the registry's
                response = self._send("GET", target, {}, None) if own else self._plain("GET", target, {}, None)
            self._judge(response.status, response.headers, b"", "GET", f"blobs/{digest}", ok=(200,))
            yield response
        finally:
            response.close()
            response.release_conn()

    def start_upload(self, digest: str, mount_from: str | None) -> str | None:
        """Mount a blob of another repository of this registry, or start an upload; return its address.

        Args:
            digest: Digest of the blob.
            mount_from: Name of the repository that has it; None where mounting cannot work.

        Returns:
            None when the blob was mounted, so that nothing is left to do.
        """
        if mount_from is not None:
            query = urlencode({"mount": digest, "from": mount_from}, safe=":/")
            answer = self._ask("POST", f"blobs/uploads/?{query}", ok=(201, 202, 400, 401, 403, 404, 405))
            if answer.status == 201:  # noqa: PLR2004 - created: mounted
                return None
            if answer.status == 202 and "Location" in answer.headers:  # noqa: PLR2004 - accepted: an upload
                return self._absolute(answer.headers["Location"])
        answer = self._ask("POST", "blobs/uploads/", ok=(202,))
        return self._absolute(answer.headers["Location"])

    def upload(self, address: str, digest: str, size: int, body: Iterator[bytes]) -> None:
        """Send a blob, once: the caller tries again with another upload."""
        url = f"{address}{'&' if '?' in address else '?'}{urlencode({'digest': digest}, safe=':')}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        response = self._send("PUT", url, headers, body if size else b"")
        answer = _small(response)
        if answer.status in {401, 403} and self._login.renew(self._used, answer.headers.get("WWW-Authenticate")):
            raise TransientError(f"{self._name} refuses the login: {_told(answer)}")
        self._judge(answer.status, answer.headers, answer.body, "PUT", f"blob {digest}", ok=(200, 201))

    def put_manifest(self, version: str, manifest: Manifest) -> Answer:
        """Put a manifest under a tag or its digest; what the registry refuses is for the caller to judge."""
        refusals = (400, 403, 404, 405, 409, 422)
        headers = {"Content-Type": manifest.media_type}
        return self._ask("PUT", f"manifests/{version}", headers, manifest.body, ok=(200, 201, 202, *refusals))

    def refusal(self, answer: Answer) -> CopyError:
        """The error for an answer."""
        return CopyError(f"{self._name} refuses the manifest: {_told(answer)}")

    @property
    def _path(self) -> str:
        return f"/v2/{quote(self.reference.repository)}/"

    @property
    def _name(self) -> str:
        return f"{self.reference.host}/{self.reference.repository}"

    @property
    def _used(self) -> str | None:
        return self._login.header

    def _ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        ok: tuple[int, ...],
    ) -> Answer:
        def attempt() -> Answer:
            used = self._used
            answer = self._once(method, path, headers or {}, body)
            if answer.status in {401, 403} and self._login.renew(used, answer.headers.get("WWW-Authenticate")):
                answer = self._once(method, path, headers or {}, body)
            self._judge(answer.status, answer.headers, answer.body, method, path.partition("?")[0], ok=ok)
            return answer

        return self._deadline.retry(attempt)

    def _once(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        return _small(self._send(method, f"{self._base}{self._path}{path}", headers, body))

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Iterator[bytes] | None
    ) -> urllib3.BaseHTTPResponse:
        own = {"Host": self.reference.host, **headers}
        login = self._used
        return self._plain(method, url, own if login is None else {**own, "Authorization": login}, body)

    def _plain(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Iterator[bytes] | None
    ) -> urllib3.BaseHTTPResponse:
        self._deadline.check()
        if urlsplit(url).scheme != "https" and not url.startswith((f"{self._base}/", f"{self._base}?")):
            raise CopyError(f"{self._name} leads to {urlsplit(url).netloc} without encryption")
        try:
            return self._pool.request(
                method, url, headers=dict(headers), body=body, preload_content=False, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise TransientError(f"{urlsplit(url).netloc}: {_plainly(error)}") from error

    def _absolute(self, location: str) -> str:
        """The address of an upload: below the endpoint, also where the registry names itself."""
        found = urlsplit(urljoin(self._base, location))
        if found.netloc != self.reference.host:
            return found.geturl()
        return f"{self._base}{found.path}{f'?{found.query}' if found.query else ''}"

    def _judge(
        self, status: int, headers: Mapping[str, str], body: bytes, method: str, what: str, *, ok: tuple[int, ...]
    ) -> None:
        if status in ok:
            return
        told = _told(Answer(status, headers, body))
        if status in _BUSY:
            raise TransientError(f"{self._name}: {method} {what}: {told}", wait=_seconds(headers.get("Retry-After")))
        raise CopyError(f"{self._name}: {method} {what}: {told}")


def endpoint_of(reference: Reference) -> str | None:
    """Where ECR is asked when it is emulated, as AWS's SDKs are told it."""
    if reference.ecr_region is None:
        return None
    found = os.environ.get("AWS_ENDPOINT_URL_ECR") or os.environ.get("AWS_ENDPOINT_URL")
    return found.rstrip("/") if found else None


def _small(response: urllib3.BaseHTTPResponse) -> Answer:
    try:
        body = response.read(_LARGEST_MANIFEST + 1)
    except urllib3.exceptions.HTTPError as error:
        raise TransientError(_plainly(error)) from error
    finally:
        response.release_conn()
    if len(body) > _LARGEST_MANIFEST:
        raise CopyError(f"an answer has more than {_LARGEST_MANIFEST} bytes")
    return Answer(response.status, response.headers, body)


def _error(body: bytes) -> tuple[str, str]:
    """Code and message of the protocol's error document."""
    try:
        first = json.loads(body)["errors"][0]
        return str(first.get("code", "")), str(first.get("message", ""))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return "", body[:200].decode(errors="replace").strip()


def _told(answer: Answer) -> str:
    return " ".join(part for part in (str(answer.status), *_error(answer.body)) if part)[:500]


def _plainly(error: Exception) -> str:
    """The kind of a failure. Its text may hold a signed address, which is a credential."""
    inner = getattr(error, "reason", None)
    return f"the connection failed ({type(inner if isinstance(inner, Exception) else error).__name__})"


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdigit() else None
