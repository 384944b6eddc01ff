"""A client of the OCI distribution protocol, for one repository of one registry.

Small requests are repeated when a registry is busy, a connection breaks or ECR does not know a new permission yet. Each
blob is sent in one request, as containerd and BuildKit do: ECR's answers to an upload in parts break clients
(containers-roadmap#2831), and ECR refuses an upload that begins again (apple/containerization#790), so another attempt
is another upload.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urljoin, urlsplit

import urllib3

from .connections import COMMIT_SECONDS, CONNECT_SECONDS, READ_SECONDS, Answer, kind_of
from .errors import CopyError, TransientError
from .manifest import ACCEPTED, Descriptor, Manifest, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .deadline import Deadline
    from .login import Login
    from .reference import Reference

_BUSY = {408, 425, 429, 500, 502, 503, 504}
_REDIRECTS = {301, 302, 303, 307, 308}
_DENIED = 403
_REFUSED = {401, _DENIED}
_MOST_REDIRECTS = 5


class Registry:
    """One repository, and the login for it."""

    def __init__(
        self, reference: Reference, pool: urllib3.PoolManager, deadline: Deadline, login: Login, endpoint: str | None
    ) -> None:
        """Make a client.

        Args:
            reference: An image of the repository.
            pool: Connections.
            deadline: Time limit.
            login: Authentication.
            endpoint: Address of an emulated ECR that answers in place of the registry; None on AWS.
        """
        self.reference = reference
        self._pool, self._deadline, self._login = pool, deadline, login
        self._base = endpoint or f"{reference.scheme}://{reference.host}"
        self._root = f"{self._base}/v2/{quote(reference.repository)}/"
        self._name = f"{reference.host}/{reference.repository}"
        # A new permission takes seconds to apply: IAM is eventually consistent.
        self._uses_iam = reference.ecr_region is not None

    def manifest(self, version: str) -> Manifest | None:
        """Get a manifest by tag or digest; None if it does not exist.

        Raises:
            CopyError: The repository does not exist or cannot be read.
        """

        def attempt() -> Manifest | None:
            answer = self._once("GET", f"manifests/{version}", {"Accept": ", ".join(ACCEPTED)}, ok=(200, 404))
            if answer.status == 404:  # noqa: PLR2004 - not found
                code, message = answer.error
                if code == "NAME_UNKNOWN":
                    raise CopyError(f"the repository {self._name} does not exist: {message}")
                return None
            digest = version if ":" in version else answer.headers.get("Docker-Content-Digest")
            return Manifest.read(answer.body, answer.headers.get("Content-Type"), digest)

        return self._deadline.retry(attempt)

    def has_manifest(self, digest: str) -> bool:
        """Return whether the repository has a manifest of this digest."""
        answer = self._ask("HEAD", f"manifests/{digest}", {"Accept": ", ".join(ACCEPTED)}, ok=(200, 404))
        return answer.status == 200  # noqa: PLR2004 - OK

    def has_blob(self, digest: str) -> bool:
        """Return whether the repository has a blob. A registry that redirects has it."""
        return self._ask("HEAD", f"blobs/{digest}", ok=(200, *_REDIRECTS, 404)).status != 404  # noqa: PLR2004

    def small_blob(self, blob: Descriptor) -> bytes:
        """Get a configuration."""

        def attempt() -> bytes:
            with self.blob(blob.digest) as response:
                body = Answer.read(response, self._name).body
            actual = digest_of(body, like=blob.digest)
            if actual != blob.digest:
                raise TransientError(f"{self._name} gave {actual} for {blob.digest}")
            return body

        return self._deadline.retry(attempt)

    @contextmanager
    def blob(self, digest: str) -> Iterator[urllib3.BaseHTTPResponse]:
        """Open a blob for reading, without retries; the caller retries.

        Raises:
            TransientError: The registry is busy, or the connection broke.
            CopyError: The registry refuses.
        """
        what = f"blobs/{digest}"
        response, url = self._get(what, {})
        try:
            if response.status != 200:  # noqa: PLR2004 - OK
                self._judge(Answer.read(response, self._name), "GET", what, ok=(200,), url=url)
            yield response
        finally:
            response.close()
            response.release_conn()

    def start_upload(self, digest: str, mount_from: str | None) -> str | None:
        """Mount a blob of another repository of this registry, or start an upload and return its address.

        Args:
            digest: Digest of the blob.
            mount_from: Name of the repository that has it; None if mounting is impossible.

        Returns:
            The address; None if the blob was mounted and nothing is left to do.
        """
        if mount_from is not None:
            query = urlencode({"mount": digest, "from": mount_from}, safe=":/")
            answer = self._ask("POST", f"blobs/uploads/?{query}", ok=(201, 202, 400, 401, 403, 404, 405))
            if answer.status == 201:  # noqa: PLR2004 - created: mounted
                return None
            if answer.status == 202 and "Location" in answer.headers:  # noqa: PLR2004 - accepted: an upload
                return self._location(answer.headers, self._root)
        answer = self._ask("POST", "blobs/uploads/", ok=(202,))
        return self._location(answer.headers, self._root)

    def upload(self, address: str, digest: str, size: int, body: Iterator[bytes]) -> None:
        """Send a blob, without retries; the caller retries with another upload."""
        url = f"{address}{'&' if '?' in address else '?'}{urlencode({'digest': digest}, safe=':')}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        used = self._login.header
        response = self._send("PUT", url, headers, body if size else b"", used, seconds=COMMIT_SECONDS)
        answer = Answer.read(response, self._name)
        if self._may_renew(answer.status, answer.headers, used, url):
            raise TransientError(f"{self._name}: PUT blob {digest}: {answer}", once=not self._uses_iam)
        self._judge(answer, "PUT", f"blob {digest}", ok=(200, 201), url=url)

    def put_manifest(self, version: str, manifest: Manifest) -> Answer:
        """Put a manifest under a tag or its digest; return a refusal, too, for the caller to judge."""
        refusals = (400, *(() if self._uses_iam else (_DENIED,)), 404, 405, 409, 422)
        headers = {"Content-Type": manifest.media_type}
        return self._ask("PUT", f"manifests/{version}", headers, manifest.body, ok=(200, 201, 202, *refusals))

    def refusal(self, answer: Answer) -> CopyError:
        """Return the error for a refusal."""
        return CopyError(f"{self._name} refuses the manifest: {answer}")

    def _ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        ok: tuple[int, ...],
    ) -> Answer:
        return self._deadline.retry(lambda: self._once(method, path, headers or {}, body, ok=ok))

    def _once(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None, *, ok: tuple[int, ...]
    ) -> Answer:
        """Send a request, and again with another login if the first one was refused."""
        url = f"{self._root}{path}"
        if method == "GET":
            response, url = self._get(path, headers)
            answer = Answer.read(response, self._name)
        else:
            used = self._login.header
            answer = Answer.read(self._send(method, url, headers, body, used), self._name)
            if self._may_renew(answer.status, answer.headers, used, url):
                answer = Answer.read(self._send(method, url, headers, body, self._login.header), self._name)
        self._judge(answer, method, path.partition("?")[0], ok=ok, url=url)
        return answer

    def _get(self, path: str, headers: Mapping[str, str]) -> tuple[urllib3.BaseHTTPResponse, str]:
        """Get from the address that the registry redirects to; return that address, too."""
        used = self._login.header
        response, url = self._follow(f"{self._root}{path}", headers, used)
        try:
            again = self._may_renew(response.status, response.headers, used, url)
        except Exception:
            response.close()
            raise
        if again:
            Answer.read(response, self._name)
            response, url = self._follow(f"{self._root}{path}", headers, self._login.header)
        return response, url

    def _follow(self, url: str, headers: Mapping[str, str], login: str | None) -> tuple[urllib3.BaseHTTPResponse, str]:
        response = self._send("GET", url, headers, None, login)
        for _ in range(_MOST_REDIRECTS):
            if response.status not in _REDIRECTS:
                break
            url = self._location(Answer.read(response, self._name).headers, url)
            response = self._send("GET", url, headers, None, login)
        return response, url

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Iterator[bytes] | None,
        login: str | None,
        *,
        seconds: float | None = None,
    ) -> urllib3.BaseHTTPResponse:
        """Send a request. Only the registry itself receives the login: the addresses of its storage are signed."""
        self._deadline.check()
        sent, host = dict(headers), urlsplit(url).hostname
        if self._is_own(url):
            sent = {"Host": self.reference.host, **headers, **({} if login is None else {"Authorization": login})}
        elif urlsplit(url).scheme != "https":
            raise CopyError(f"{self._name} redirects to {host} without encryption")
        try:
            return self._pool.request(
                method,
                url,
                headers=sent,
                body=body,
                preload_content=False,
                redirect=False,
                enforce_content_length=True,
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=seconds or READ_SECONDS),
            )
        except urllib3.exceptions.HTTPError as error:
            raise TransientError(f"{host}: {kind_of(error)}") from error

    def _may_renew(self, status: int, headers: Mapping[str, str], used: str | None, url: str) -> bool:
        """Return whether a login was refused and another can be tried. Only the registry itself can demand one."""
        if status not in _REFUSED or not self._is_own(url):
            return False
        return self._login.renew(used, headers.get("WWW-Authenticate"))

    def _is_own(self, url: str) -> bool:
        return url.startswith((f"{self._base}/", f"{self._base}?"))

    def _location(self, headers: Mapping[str, str], requested: str) -> str:
        """Return the address in an answer; below the endpoint if the registry names itself."""
        location = headers.get("Location")
        if location is None:
            raise CopyError(f"{self._name} answered without a location")
        address = urlsplit(urljoin(requested, location))
        if address.netloc.removesuffix(":443") != self.reference.host.removesuffix(":443"):
            return address.geturl()
        return f"{self._base}{address.path}{f'?{address.query}' if address.query else ''}"

    def _judge(self, answer: Answer, method: str, what: str, *, ok: tuple[int, ...], url: str) -> None:
        if answer.status in ok:
            return
        # The answer of another host may hold the signature of its address.
        rendered = str(answer) if self._is_own(url) else f"{answer.status} from {urlsplit(url).hostname}"
        if answer.status in _BUSY or (answer.status == _DENIED and self._uses_iam and self._is_own(url)):
            raise TransientError(f"{self._name}: {method} {what}: {rendered}", wait=answer.wait)
        raise CopyError(f"{self._name}: {method} {what}: {rendered}")


def endpoint_of(reference: Reference) -> str | None:
    """Return the endpoint of an emulated ECR, from the variables that AWS's SDKs read; None for AWS."""
    if reference.ecr_region is None:
        return None
    endpoint = os.environ.get("AWS_ENDPOINT_URL_ECR") or os.environ.get("AWS_ENDPOINT_URL")
    return endpoint.rstrip("/") if endpoint else None
