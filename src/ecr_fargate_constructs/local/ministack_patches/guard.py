"""Access control for the embedded AWS: MiniStack itself answers every request.

With access to the AWS API one can run code as the user who started it: Lambda functions are processes of this machine.
So a request needs a signature with the instance's secret, or with temporary credentials that the embedded AWS has
issued. A request to the registry needs the login that ``ecr:GetAuthorizationToken`` returns. Requests that a browser
sends for pages of other sites are refused before that. Load balancers, APIs of API Gateway and function URLs belong to
the user's application, which controls access to them itself. Written for MiniStack 1.5.33, and applied by
``ministack_patches``.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
import uuid
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from ecr_fargate_constructs.local.ministack_patches.asgi import (
    Application,
    Message,
    Receive,
    Request,
    Send,
    respond,
    whole_body,
    without_cors,
)
from ecr_fargate_constructs.local.ministack_patches.internals import find
from ecr_fargate_constructs.local.ministack_patches.signatures import Signatures

_LOOPBACK = re.compile(r"localhost|127\.0\.0\.1|\[::1\]|(?:[a-z0-9-]+\.)+localhost", re.IGNORECASE)
_AMAZON = re.compile(r"(?:[a-z0-9-]+\.)+amazonaws\.com(?:\.cn)?", re.IGNORECASE)
"""Host names that only Amazon assigns: those of the registry and of buckets."""
_BALANCER = re.compile(r"\.(?:alb\.localhost|elb\.amazonaws\.com)(?::\d+)?$", re.IGNORECASE)
_OPEN = frozenset({("GET", "/_ministack/health")})
_BY_TOKEN = re.compile(r"/_ministack/cfn-(?:response|signal)/[0-9a-f-]{32,}")
"""The paths for the results of custom resources: as on AWS, anyone with the URL may write to it once."""
_REFUSED, _UNAUTHORIZED, _UNAVAILABLE = 403, 401, 503


class Guard:
    """Passes on the requests that are allowed, and refuses all others."""

    def __init__(self, application: Application, *, port: int, password: str) -> None:
        """Look up MiniStack's internals.

        Args:
            application: The application that answers allowed requests.
            port: Port that it listens on.
            password: Password of the registry's user ``AWS``.
        """
        self._application = application
        self._port = port
        self._login = base64.b64encode(f"AWS:{password}".encode())
        self._inside = app = import_module("ministack.app")
        self._service_of, self._failure = find(app, "detect_service"), find(app, "_credential_failure")
        self._is_registry, self._respond = find(app, "_is_ecr_registry_path"), find(app, "_send_if_handled")
        self._read, self._client = find(app, "_read_request_body"), find(app, "set_request_client_ip")
        self._broken_off = (find(app, "_RequestBodyDisconnected"), find(app, "_IncompleteRequestBody"))
        self._dated, self._of_api = find(app, "_with_date_header"), find(app, "_with_data_plane_headers")
        self._api, self._api_host = find(app, "_handle_execute_api_request"), find(app, "_EXECUTE_API_RE")
        self._url, self._url_host = find(app, "_handle_lambda_url_request"), find(app, "_LAMBDA_URL_RE")
        self._balancer = find(app, "_handle_alb_request")
        self._balancers = import_module("ministack.services.alb")
        find(self._balancers, "find_lb_for_host")  # not kept here: other patches replace it
        self._signatures = Signatures()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(Request(scope), receive, send)
        else:  # neither this library nor MiniStack's load balancers use web sockets
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, request: Request, receive: Receive, send: Send) -> None:
        if await self._answer_for_application(request, receive, send):
            return
        if why := self.foreign(request):
            await _refuse(request, send, _REFUSED, why)
        elif self._is_registry(request.path):
            if self._logged_in(request):
                await self._application(request.scope, receive, without_cors(send))
            else:
                await _refuse_login(request, send)
        elif (request.method, request.path) in _OPEN or (request.method == "PUT" and _BY_TOKEN.fullmatch(request.path)):
            await self._application(request.scope, receive, without_cors(send))
        else:
            await self._answer_if_signed(request, receive, send)

    def foreign(self, request: Request) -> str | None:
        """Return why a request is refused for its host name or its origin; None if it is allowed."""
        if not self._is_own_address(request.host, named_by_amazon=True):
            return f"{request.host!r} is not a host name of the embedded AWS"
        if self._signatures.in_query(request.query):
            return None  # a presigned URL is a permission by itself, for any page
        headers = request.headers()
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        if origin is None:
            return (
                None
                if site in {"none", "same-origin"}
                else f"the request comes from a page of another site (Sec-Fetch-Site: {site})"
            )
        parts = urlsplit(origin)
        if parts.scheme in {"http", "https"} and self._is_own_address(parts.netloc):
            return None
        return f"the request comes from a page of another site (Origin: {origin})"

    def _is_own_address(self, address: str, *, named_by_amazon: bool = False) -> bool:
        name, colon, port = address.rpartition(":") if re.search(r":\d*$", address) else (address, "", "")
        if named_by_amazon and _AMAZON.fullmatch(name):
            return True
        return bool(_LOOPBACK.fullmatch(name)) and port == str(self._port) if colon else bool(_LOOPBACK.fullmatch(name))

    def _logged_in(self, request: Request) -> bool:
        scheme, _, credentials = request.headers().get("authorization", "").partition(" ")
        try:
            login = base64.b64encode(base64.b64decode(credentials.strip(), validate=True))
        except (binascii.Error, ValueError):
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(login, self._login)

    async def _answer_if_signed(self, request: Request, receive: Receive, send: Send) -> None:
        headers, body, replay = request.headers(), b"", receive
        if self._signatures.need_body(headers):
            body, replay = await whole_body(receive)
        failure = self._signatures.failure(request, headers, body)
        if failure is None:
            await self._application(request.scope, replay, without_cors(send))
            return
        _log_refusal(request, failure.message)
        service = self._service_of(request.method, request.path, headers, request.query)
        answer = self._failure(service, "", str(uuid.uuid4()), failure, headers)
        await self._respond(send, answer, receive, head=request.method == "HEAD")

    async def _answer_for_application(self, request: Request, receive: Receive, send: Send) -> bool:
        """Answer a request to the user's application, without MiniStack's own paths; return whether it was one."""
        host = request.host
        balancer = bool(_BALANCER.search(host))
        if balancer and self._balancers.find_lb_for_host(host) is None:
            await _refuse(request, send, _UNAVAILABLE, f"there is no load balancer {host}")
            return True
        if not (balancer or self._api_host.match(host) or self._url_host.match(host)):
            return False
        headers = request.headers(", ")
        self._client((request.scope.get("client") or ("127.0.0.1",))[0])
        try:
            body = await self._read(receive, request.method, headers)
        except self._broken_off:
            return True
        arguments = (host, request.path, request.method, headers, body, request.query)
        raw = {"raw_query_string": request.raw_query, "raw_path": request.raw_path}
        if balancer:
            answer = await self._balancer(*arguments, **raw)
        elif self._api_host.match(host):
            answer = self._of_api(await self._api(*arguments, **raw), str(uuid.uuid4()), wildcard_cors=False)
        else:
            answer = await self._url(*arguments)
        await self._respond(self._dated(send), answer, receive)
        return True


def guard(application: Application, ecr: Any, *, port: int, password: str) -> Application:  # noqa: ANN401
    """Return an application that answers allowed requests only, and give the registry its own login.

    Args:
        application: MiniStack, or an application in front of it.
        ecr: MiniStack's module for ECR.
        port: Port that MiniStack listens on.
        password: Password of the registry, which is derived from the instance's secret.
    """
    get_token = find(ecr, "_get_authorization_token")
    token = base64.b64encode(f"AWS:{password}".encode()).decode()

    def get_authorization_token(request: dict[str, Any]) -> object:
        status, headers, body = get_token(request)
        answer = json.loads(body)
        for each in answer["authorizationData"]:
            each["authorizationToken"] = token
        return status, headers, json.dumps(answer).encode()

    ecr._get_authorization_token = get_authorization_token  # noqa: SLF001 - what this module is for
    return Guard(application, port=port, password=password)


def _log_refusal(request: Request, why: str) -> None:
    print(f"refused: {request.method} {request.raw_path}: {why!r}", flush=True)


async def _refuse(request: Request, send: Send, status: int, why: str) -> None:
    _log_refusal(request, why)
    await respond(request, send, status, [(b"content-type", b"text/plain; charset=utf-8")], f"{why}\n".encode())


async def _refuse_login(request: Request, send: Send) -> None:
    error = {"errors": [{"code": "DENIED", "message": "Your authorization token is missing or wrong."}]}
    challenge = (b"www-authenticate", b'Basic realm="the private registry",service="ecr.amazonaws.com"')
    headers = [(b"content-type", b"application/json"), challenge]
    await respond(request, send, _UNAUTHORIZED, headers, json.dumps(error).encode())
