"""A client of the OCI distribution protocol, for one repository of one registry.

Small requests are repeated when a registry is busy, a connection breaks or ECR does not know of a right yet. Blobs are
sent in one request each, as containerd and BuildKit do it: ECR's answers to an upload in parts break clients
(containers-roadmap#2831), and it refuses an upload that begins again (apple/containerization#790), so another attempt
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
        self._root = f"{self._base}/v2/{quote(reference.repository)}/"
        self._name = f"{reference.host}/{reference.repository}"
        # A right that was given a moment ago takes seconds to count: IAM is eventually consistent.
        self._asks_iam = reference.ecr_region is not None

    def manifest(self, version: str) -> Manifest | None:
        """Get a manifest by tag or digest; None when there is none.

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
        """Whether a manifest of this digest is there."""
        answer = self._ask("HEAD", f"manifests/{digest}", {"Accept": ", ".join(ACCEPTED)}, ok=(200, 404))
        return answer.status == 200  # noqa: PLR2004 - OK

    def has_blob(self, digest: str) -> bool:
        """Whether a blob is there. A registry that redirects has it."""
        return self._ask("HEAD", f"blobs/{digest}", ok=(200, *_REDIRECTS, 404)).status != 404  # noqa: PLR2004

    def small_blob(self, blob: Descriptor) -> bytes:
        """Get a configuration."""

        def attempt() -> bytes:
            with self.blob(blob.digest) as response:
                body = Answer.read(response, self._name).body
            found = digest_of(body, like=blob.digest)
            if found != blob.digest:
                raise TransientError(f"{self._name} gave {found} for {blob.digest}")
            return body

        return self._deadline.retry(attempt)

    @contextmanager
    def blob(self, digest: str) -> Iterator[urllib3.BaseHTTPResponse]:
        """Open a blob for reading, once: the caller tries again.

        Raises:
            TransientError: The registry is busy, or the connection broke.
            CopyError: It refuses.
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
                return self._led_to(answer.headers, self._root)
        answer = self._ask("POST", "blobs/uploads/", ok=(202,))
        return self._led_to(answer.headers, self._root)

    def upload(self, address: str, digest: str, size: int, body: Iterator[bytes]) -> None:
        """Send a blob, once: the caller tries again with another upload."""
        url = f"{address}{'&' if '?' in address else '?'}{urlencode({'digest': digest}, safe=':')}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        used = self._login.header
        response = self._send("PUT", url, headers, body if size else b"", used, seconds=COMMIT_SECONDS)
        answer = Answer.read(response, self._name)
        if self._may_renew(answer.status, answer.headers, used, url):
            raise TransientError(f"{self._name}: PUT blob {digest}: {answer}", once=not self._asks_iam)
        self._judge(answer, "PUT", f"blob {digest}", ok=(200, 201), url=url)

    def put_manifest(self, version: str, manifest: Manifest) -> Answer:
        """Put a manifest under a tag or its digest; what the registry refuses is for the caller to judge."""
        refusals = (400, *(() if self._asks_iam else (_DENIED,)), 404, 405, 409, 422)
        headers = {"Content-Type": manifest.media_type}
        return self._ask("PUT", f"manifests/{version}", headers, manifest.body, ok=(200, 201, 202, *refusals))

    def refusal(self, answer: Answer) -> CopyError:
        """The error for an answer."""
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
        """Ask once, and again with another login where that of the first time was refused."""
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
        """Get from wherever the registry leads to; return that address, too."""
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
            url = self._led_to(Answer.read(response, self._name).headers, url)
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
        """Send a request. Only the registry itself gets the login: its storage has signed addresses."""
        self._deadline.check()
        sent, host = dict(headers), urlsplit(url).hostname
        if self._is_own(url):
            sent = {"Host": self.reference.host, **headers, **({} if login is None else {"Authorization": login})}
        elif urlsplit(url).scheme != "https":
            raise CopyError(f"{self._name} leads to {host} without encryption")
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
        """Whether the registry refused a login, and there is another one to try. No other host can ask for one."""
        if status not in _REFUSED or not self._is_own(url):
            return False
        return self._login.renew(used, headers.get("WWW-Authenticate"))

    def _is_own(self, url: str) -> bool:
        return url.startswith((f"{self._base}/", f"{self._base}?"))

    def _led_to(self, headers: Mapping[str, str], asked: str) -> str:
        """The address in an answer: below the endpoint, also where the registry names itself."""
        location = headers.get("Location")
        if location is None:
            raise CopyError(f"{self._name} answers without a location")
        found = urlsplit(urljoin(asked, location))
        if found.netloc.removesuffix(":443") != self.reference.host.removesuffix(":443"):
            return found.geturl()
        return f"{self._base}{found.path}{f'?{found.query}' if found.query else ''}"

    def _judge(self, answer: Answer, method: str, what: str, *, ok: tuple[int, ...], url: str) -> None:
        if answer.status in ok:
            return
        # What another host says may hold the signature of its address.
        told = str(answer) if self._is_own(url) else f"{answer.status} from {urlsplit(url).hostname}"
        if answer.status in _BUSY or (answer.status == _DENIED and self._asks_iam and self._is_own(url)):
            raise TransientError(f"{self._name}: {method} {what}: {told}", wait=answer.wait)
        raise CopyError(f"{self._name}: {method} {what}: {told}")


def endpoint_of(reference: Reference) -> str | None:
    """Where ECR is asked when it is emulated, as AWS's SDKs are told it."""
    if reference.ecr_region is None:
        return None
    found = os.environ.get("AWS_ENDPOINT_URL_ECR") or os.environ.get("AWS_ENDPOINT_URL")
    return found.rstrip("/") if found else None
