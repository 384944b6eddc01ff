"""Which access tokens a load balancer lets pass: keys and signatures are those of OpenSSL."""

from __future__ import annotations

import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.balancing.key_sets import KeySets, fetcher
from ecr_fargate_constructs.local.balancing.tokens import (
    KeysError,
    TokenError,
    Validation,
    bearer,
    claims_of,
    keys_of,
)
from ecr_fargate_constructs.local.https import Authority
from tests.support.issuer import ISSUER, Issuer, encoded, part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

pytestmark = pytest.mark.skipif(not Authority.available(), reason="openssl is not installed")

CONFIG = {
    "Issuer": ISSUER,
    "JwksEndpoint": f"{ISSUER}/jwks.json",
    "AdditionalClaims": [
        {"Name": "scope", "Format": "space-separated-values", "Values": ["orders.read", "orders.write"]},
        {"Name": "groups", "Format": "string-array", "Values": ["shop"]},
        {"Name": "client_id", "Format": "single-string", "Values": ["cart"]},
    ],
}
CLAIMS = {"scope": "openid orders.read", "groups": ["shop", "office"], "client_id": "cart"}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    """An issuer, with one key for all tests."""
    return Issuer.create(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="module")
def keys(issuer: Issuer) -> list[Mapping[str, Any]]:
    """The keys of the issuer."""
    return keys_of(json.dumps(issuer.key_set(use="sig")).encode())


def check(issuer: Issuer, keys: list[Mapping[str, Any]], config: dict[str, Any], claims: dict[str, Any]) -> None:
    Validation.of(config).check(claims_of(issuer.token(claims), keys), time.time())


def test_a_token_with_the_issuer_and_all_claims_passes(issuer: Issuer, keys: list[Mapping[str, Any]]) -> None:
    now = time.time()
    check(issuer, keys, {**CONFIG, "AdditionalClaims": []}, {})
    check(issuer, keys, CONFIG, {**CLAIMS, "nbf": now - 1, "iat": now - 1})
    check(issuer, keys, CONFIG, {**CLAIMS, "scope": "orders.write"})


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": None}, "JWTClaimNotPresent"),
        ({"exp": None}, "JWTClaimNotPresent"),
        ({"iss": "https://other.example.com"}, "JWTClaimValueInvalid"),
        ({"exp": 1}, "JWTClaimValueInvalid"),
        ({"exp": "soon"}, "JWTClaimFormatInvalid"),
        ({"exp": True}, "JWTClaimFormatInvalid"),
        ({"exp": float("inf")}, "JWTClaimFormatInvalid"),
        ({"nbf": 2**40}, "JWTClaimValueInvalid"),
        ({"iat": 2**40}, "JWTClaimValueInvalid"),
        ({"scope": None}, "JWTClaimNotPresent"),
        ({"scope": "openid"}, "JWTClaimValueInvalid"),
        ({"scope": "orders.reader"}, "JWTClaimValueInvalid"),
        ({"scope": ["orders.read"]}, "JWTClaimFormatInvalid"),
        ({"groups": "shop"}, "JWTClaimFormatInvalid"),
        ({"groups": ["office"]}, "JWTClaimValueInvalid"),
        ({"client_id": "cart checkout"}, "JWTClaimValueInvalid"),
    ],
)
def test_a_claim_that_is_missing_or_wrong_is_refused(
    issuer: Issuer, keys: list[Mapping[str, Any]], claims: dict[str, Any], reason: str
) -> None:
    with pytest.raises(TokenError, match=reason):
        check(issuer, keys, CONFIG, {**CLAIMS, **claims})


def test_a_token_that_another_has_signed_or_changed_is_refused(
    issuer: Issuer, keys: list[Mapping[str, Any]], tmp_path: Path
) -> None:
    token = issuer.token()
    header, claims, signature = token.split(".")
    other = Issuer.create(tmp_path).token()
    forged = [
        other,
        f"{header}.{part({'iss': ISSUER, 'exp': 2**40})}.{signature}",
        f"{header}.{claims}.{encoded(b'')}",
        f"{part({'alg': 'none'})}.{claims}.",
        f"{part({'alg': 'HS256', 'kid': 'one'})}.{claims}.{signature}",
        issuer.token(kid="two"),
    ]
    for each in forged:
        with pytest.raises(TokenError, match="JWTSignatureValidationError"):
            claims_of(each, keys)
    assert claims_of(token, keys)["iss"] == ISSUER


@pytest.mark.parametrize(
    "token", ["", "a.b", "a.b.c.d", "a.b.c", f"{part([])}.{part({})}.AA", "é.é.é", f"{'[' * 9}..."]
)
def test_what_is_no_token_is_refused(keys: list[Mapping[str, Any]], token: str) -> None:
    with pytest.raises(TokenError, match="JWTRequestFormatInvalid"):
        claims_of(token, keys)


def test_the_token_is_in_the_authorization_header_after_bearer() -> None:
    assert bearer({"authorization": "Bearer a.b.c"}) == bearer({"Authorization": "bearer  a.b.c"}) == "a.b.c"
    for headers, reason in (
        ({}, "JWTHeaderNotPresent"),
        ({"authorization": "Basic abc"}, "JWTRequestFormatInvalid"),
        ({"authorization": "Bearer "}, "JWTRequestFormatInvalid"),
    ):
        with pytest.raises(TokenError, match=reason):
            bearer(headers)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "no key set"),
        (b"[]", "no key set"),
        (b'{"keys": [1]}', "no key set"),
        (json.dumps({"keys": [{"kty": "RSA"}] * 11}).encode(), "11 keys"),
        (b" " * (150 * 1024 + 1), "153600 bytes"),
    ],
)
def test_a_key_set_that_a_load_balancer_does_not_read_is_an_error(body: bytes, reason: str) -> None:
    with pytest.raises(KeysError, match=reason):
        keys_of(body)


def test_only_keys_for_signatures_count() -> None:
    encryption = {"kty": "RSA", "use": "enc"}
    curve = {"kty": "EC", "crv": "P-256"}
    assert keys_of(json.dumps({"keys": [encryption, curve, {"kty": "RSA"}]}).encode()) == [{"kty": "RSA"}]


def test_keys_are_fetched_once_a_minute() -> None:
    asked: list[str] = []
    now = 0.0

    def fetch(address: str) -> bytes:
        asked.append(address)
        if len(asked) == 1:
            raise TimeoutError("too slow")
        return b'{"keys": []}'

    sets = KeySets(fetch, lambda: now)
    with pytest.raises(KeysError, match="too slow"):
        sets.at("https://a/jwks")
    assert sets.at("https://a/jwks") == sets.at("https://a/jwks") == []
    assert len(asked) == 2
    now = 61
    sets.at("https://a/jwks")
    assert len(asked) == 3


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Authority, str]]:
    """A key set behind a certificate of an authority of the instance."""
    authority = Authority(tmp_path / "https")
    authority.create()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"keys": []}')

        def log_message(self, *_: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.certificate(["localhost"]))
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield authority, f"https://localhost:{server.server_port}/jwks.json"
    server.shutdown()
    server.server_close()
    thread.join()


def test_keys_come_over_https_alone_with_the_authority_of_the_instance(served: tuple[Authority, str]) -> None:
    authority, address = served
    assert KeySets(fetcher(authority.file)).at(address) == []
    with pytest.raises(KeysError, match="certificate"):
        KeySets(fetcher(None)).at(address)
    with pytest.raises(KeysError, match="not HTTPS"):
        KeySets(fetcher(None)).at(address.replace("https", "http"))
