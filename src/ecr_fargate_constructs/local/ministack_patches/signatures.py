"""Verify the signatures of requests: MiniStack by default verifies only those of presigned S3 URLs.

The verification itself is MiniStack's, which verifies all signatures if its ``AUTH`` is on. That would also evaluate
policies, which the embedded AWS leaves to AWS, and it accepts an account's keys unverified. Written for MiniStack
1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

import hashlib
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecr_fargate_constructs.local.ministack_patches.asgi import Request

    _Query: TypeAlias = Mapping[str, list[str]]

_ALGORITHM = "AWS4-HMAC-SHA256"
_STREAMED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"  # each chunk is signed
_UNVERIFIED = ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD")  # the signature says that the body is not signed
_UNSIGNED = (
    "The request is not signed. The embedded AWS requires its own credentials, which change with every start: "
    "'ecr-fargate local env' prints them"
)
_WRONG = (
    "The request is not signed with the credentials of this embedded AWS, which change with every start: "
    "'ecr-fargate local env' prints them"
)


class Signatures:
    """Verifies signatures with the secrets that this MiniStack knows."""

    def __init__(self) -> None:
        evaluator, sigv4 = import_module("ministack.core.iam_evaluator"), import_module("ministack.core.sigv4")
        responses, app = import_module("ministack.core.responses"), import_module("ministack.app")
        self._error, self._resolve = find(evaluator, "AuthError"), find(evaluator, "resolve_credential")
        self._unknown, self._request = find(evaluator, "CredentialResolutionError"), find(evaluator, "SignedRequest")
        self._of_user, self._check_version_2 = (
            find(evaluator, "find_iam_access_key_account"),
            find(evaluator, "_sigv2_check"),
        )
        self._of_session, self._default = (
            find(responses, "_account_from_sts_session"),
            find(responses, "get_account_id"),
        )
        self._in_header, self._in_query = find(sigv4, "parse_header_signature"), find(sigv4, "parse_query_signature")
        self._too_old, self._expired = find(sigv4, "request_time_failure"), find(sigv4, "presigned_request_is_expired")
        self._differs, self._bucket = find(sigv4, "header_signature_failure"), find(app, "_extract_s3_vhost_bucket")

    @staticmethod
    def in_query(query: _Query) -> bool:
        """Return whether the signature is in the URL: anyone with a presigned URL may use it."""
        return "X-Amz-Signature" in query or {"AWSAccessKeyId", "Signature"} <= query.keys()

    @staticmethod
    def need_body(headers: Mapping[str, str]) -> bool:
        """Return whether the body is needed to verify the signature."""
        return not headers.get("x-amz-content-sha256", _STREAMED).startswith(_UNVERIFIED)

    def failure(self, request: Request, headers: Mapping[str, str], body: bytes) -> Any:  # noqa: ANN401 - MiniStack's
        """Return MiniStack's error for a request without a valid signature; None if it is valid."""
        authorization = headers.get("authorization", "")
        if authorization.startswith(_ALGORITHM):
            return self._version_4(request, headers, body, in_query=False)
        if authorization and self.in_query(request.query):  # MiniStack would trust the service that the header names
            return self._error("AccessDenied", "Use either a presigned URL or the header Authorization, not both.")
        if "X-Amz-Signature" in request.query:
            return self._version_4(request, headers, body, in_query=True)
        if authorization.startswith("AWS ") or self.in_query(request.query):
            return self._version_2(request, headers, authorization)
        return self._error("MissingAuthenticationToken", _UNSIGNED)

    def _version_4(self, request: Request, headers: Mapping[str, str], body: bytes, *, in_query: bool) -> Any:  # noqa: ANN401
        signature = self._in_query(request.query) if in_query else self._in_header(headers)
        if isinstance(signature, tuple):
            return self._error(*signature)
        if signature.region_set is not None:
            return self._error(
                "IncompleteSignature", "The embedded AWS does not verify signatures for several regions."
            )
        expires = request.query.get("X-Amz-Expires", [""])[0] if in_query else ""
        if failure := self._unsigned(headers, signature.signed_headers) or self._late(signature, expires):
            return failure
        token = request.query.get("X-Amz-Security-Token", [""])[0] if in_query else headers.get("x-amz-security-token")
        credential = self._credential(signature.access_key_id, token or "")
        if isinstance(credential, self._unknown):
            return self._error(credential.code, credential.message)
        signed_parts = (credential.secret_access_key, request.method, request.raw_path, request.query, headers, body)
        failure = self._differs(signature, *signed_parts, presigned=in_query)
        if failure and failure[0] == "SignatureDoesNotMatch":
            return self._error(failure[0], _WRONG)
        if failure is None and _another_body(headers, body):
            failure = ("XAmzContentSHA256Mismatch", "The body does not match the header x-amz-content-sha256.")
        return self._error(*failure) if failure else None

    def _unsigned(self, headers: Mapping[str, str], signed: str) -> Any:  # noqa: ANN401 - MiniStack's
        """Refuse ``x-amz-`` headers that the signature does not cover.

        All of them must be signed: IAM user guide, "Create a signed AWS API request". Otherwise a stranger could add an
        ``X-Amz-Target``, and use the presigned URL of an S3 object for any service.
        """
        covered = signed.lower().split(";")
        loose = sorted(name for name in headers if name.startswith("x-amz-") and name not in covered)
        if not loose:
            return None
        return self._error("AccessDenied", f"Headers of the request are not signed: {', '.join(loose)}")

    def _late(self, signature: Any, expires: str) -> Any:  # noqa: ANN401 - MiniStack's
        try:
            if expires and not self._expired(signature.amz_date, expires):
                return None
        except ValueError:
            pass
        skewed = ("AccessDenied", "Request has expired") if expires else self._too_old(signature)
        return self._error(*skewed) if skewed else None

    def _version_2(self, request: Request, headers: Mapping[str, str], authorization: str) -> Any:  # noqa: ANN401
        """Verify S3's old signature version, boto3's default for presigned URLs."""
        key = authorization.removeprefix("AWS ").partition(":")[0] or request.query["AWSAccessKeyId"][0]
        bucket = self._bucket(request.host)
        path = f"/{bucket}{request.raw_path}" if bucket else request.raw_path
        signed = self._request(
            key, request.method, request.raw_path, request.query, headers, sigv2=True, auth_path=path
        )
        checked = self._check_version_2(signed, self._account(key))
        return checked if isinstance(checked, self._error) else None

    def _credential(self, key: str, token: str) -> Any:  # noqa: ANN401 - MiniStack's
        return self._resolve(key, self._account(key), token)

    def _account(self, key: str) -> str:
        own = key if re.fullmatch(r"[0-9]{12}", key) else None
        return str(self._of_session(key) or own or self._of_user(key) or self._default())


def _another_body(headers: Mapping[str, str], body: bytes) -> bool:
    declared = headers.get("x-amz-content-sha256", "")
    return bool(re.fullmatch(r"[0-9a-fA-F]{64}", declared)) and declared.lower() != hashlib.sha256(body).hexdigest()
