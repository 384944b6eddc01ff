"""Authentication at registries: ECR's tokens, and the token flow of all other registries."""

from __future__ import annotations

import base64
import json
import re
import threading
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlencode, urlsplit

import boto3
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError

from .connections import Answer, kind_of
from .errors import CopyError, TransientError
from .manifest import json_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

_TOKEN = re.compile(r"[!-~]+")
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_SDK = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 5})
_MAKING = threading.Lock()
"""boto3's session may not make two clients at once."""


class Login(Protocol):
    """The source of the ``Authorization`` header's value."""

    @property
    def header(self) -> str | None:
        """The value; None as long as the registry requires none."""

    def renew(self, used: str | None, challenge: str | None) -> bool:
        """Get another value after ``used`` was refused; return whether there is another to try."""


def client(service: str, region: str | None = None) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
    """Return a boto3 client that times out early enough."""
    with _MAKING:
        return boto3.client(service, region_name=region, config=_SDK)


def ask_aws(call: Callable[[], T]) -> T:
    """Return the result of an SDK call.

    Raises:
        TransientError: Access is denied: a new permission takes seconds to apply.
    """
    try:
        return call()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in {"AccessDenied", "AccessDeniedException"}:
            raise TransientError(str(error)) from error
        raise


class EcrLogin:
    """ECR's own login: a token for the function's role, from the region of the registry."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._lock = threading.Lock()
        self._header: str | None = None

    @property
    def header(self) -> str:
        """The token, as basic authentication."""
        with self._lock:
            if self._header is None:
                answer = ask_aws(client("ecr", self._region).get_authorization_token)
                self._header = f"Basic {answer['authorizationData'][0]['authorizationToken']}"
            return self._header

    def renew(self, used: str | None, challenge: str | None) -> bool:  # noqa: ARG002 - ECR needs no challenge
        """Drop a refused token: it may have expired."""
        with self._lock:
            if self._header == used:
                self._header = None
        return True


class TokenLogin:
    """The token flow of the distribution protocol: anonymous, or with a user's name and password.

    Source: "Token authentication specification" of the CNCF's distribution project.
    """

    def __init__(self, pool: urllib3.PoolManager, user: tuple[str, str] | None) -> None:
        """Store the login.

        Args:
            pool: Connections.
            user: Name and password; None for anonymous access.
        """
        self._pool, self._user = pool, user
        self._lock = threading.Lock()
        self._header: str | None = None

    @property
    def header(self) -> str | None:
        """The token of the last challenge."""
        return self._header

    def renew(self, used: str | None, challenge: str | None) -> bool:
        """Answer a challenge."""
        with self._lock:
            if self._header != used:
                return True  # another thread was faster
            scheme, _, rest = (challenge or "").partition(" ")
            if scheme.lower() == "basic":
                self._header = self._basic()
                return self._header is not None
            if scheme.lower() != "bearer":
                return False
            # The first of several challenges: a registry may also offer basic authentication with its own realm.
            self._header = f"Bearer {self._token(dict(reversed(_CHALLENGE.findall(rest))))}"
            return True

    def _basic(self) -> str | None:
        if self._user is None:
            return None
        return "Basic " + base64.b64encode(":".join(self._user).encode()).decode()

    def _token(self, challenge: Mapping[str, str]) -> str:
        realm = challenge.get("realm", "")
        address = urlsplit(realm)
        if address.scheme != "https" and address.hostname not in {"localhost", "127.0.0.1"}:
            raise CopyError(f"the registry requests a token from {realm[:200]!r}, which is not an https address")
        query = urlencode({name: challenge[name] for name in ("service", "scope") if name in challenge})
        basic = self._basic()
        headers = {} if basic is None else {"Authorization": basic}
        url = f"{realm}{'&' if address.query else '?'}{query}"
        try:
            response = self._pool.request("GET", url, headers=headers, redirect=False, preload_content=False)
        except urllib3.exceptions.HTTPError as error:
            raise TransientError(f"{address.hostname} issued no token: {kind_of(error)}") from error
        answer = Answer.read(response, str(address.hostname))
        if answer.status == 429 or answer.status >= 500:  # noqa: PLR2004 - busy
            raise TransientError(f"{address.hostname} issued no token: {answer.status}", wait=answer.wait)
        if answer.status != 200:  # noqa: PLR2004 - OK
            raise CopyError(f"{address.hostname} issued no token: {answer.status}; {self._advice}")
        document = json_object(answer.body) or {}
        token = document.get("token") or document.get("access_token")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):  # an error about the header would print it
            raise CopyError(f"{address.hostname} answered without a token")
        return token

    @property
    def _advice(self) -> str:
        if self._user is None:
            return "check that the image exists and is public, or give a login with mirror_image(credentials=…)"
        return "check user name and password in the secret"


def user_of(secret_arn: str) -> tuple[str, str]:
    """Return name and password, or access token, from a secret of Secrets Manager.

    Raises:
        TransientError: Reading it is not allowed, or not yet.
        CopyError: It holds neither.
    """
    region = secret_arn.split(":")[3] if secret_arn.startswith("arn:") else None
    secrets = client("secretsmanager", region)
    text = ask_aws(lambda: secrets.get_secret_value(SecretId=secret_arn)).get("SecretString") or ""
    try:
        values = json.loads(text)
        return str(values["username"]), str(values.get("password") or values["accessToken"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CopyError(
            f"the secret {secret_arn} holds no login; store a JSON text with username and password, "
            "or with username and accessToken"
        ) from None
