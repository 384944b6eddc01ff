"""Registries that lead to their storage, or to another registry: followed, without the registry's login."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.image.copier.aws import HOST, SOURCE, SOURCE_HOST, Aws
from tests.image.copier.fake_registry import FakeRegistry
from tests.image.copier.images import image, index
from tests.image.copier.mishaps import after, answers, cut_after, leads_to, says

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        shutil.which("openssl") is None and not os.environ.get("ECR_FARGATE_REQUIRE_E2E"), reason="needs openssl"
    ),
]

SIGNED = "X-Amz-Signature=5igned"
IMAGE = image(b"one" * 1000, b"two" * 500_000)
LAYER = IMAGE.layers[1]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine, with its key."""
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    where = ["-keyout", str(file), "-out", f"{file}.crt"]
    command = ["openssl", "req", "-x509", "-nodes", "-days", "2", *curve, *names, *where]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    with file.open("a", encoding="utf-8") as both:
        both.write(file.with_name(f"{file.name}.crt").read_text(encoding="utf-8"))
    return file


@pytest.fixture
def storage(aws: Aws, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRegistry]:
    """Another host, with encryption."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    aws.secrets.add(SIGNED)
    with FakeRegistry().serving(context) as other:
        aws.others.append(other)
        yield other


def _lead(aws: Aws, storage: FakeRegistry, status: int = 307) -> None:
    storage.at("storage", "x").hold(IMAGE, None)
    location = f"{storage.url}/storage/{{}}?{SIGNED}"
    aws.registry.fail("GET", "/blobs/", leads_to(location, status), times=100, host=SOURCE_HOST)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_layers_are_read_from_a_storage_that_never_sees_the_login(aws: Aws, storage: FakeRegistry, status: int) -> None:
    aws.hold(IMAGE)
    _lead(aws, storage, status)
    assert aws.copy().digest == IMAGE.digest
    assert {each.path for each in storage.requests} == {f"/storage/{blob}?{SIGNED}" for blob in IMAGE.blobs}
    assert {each.login for each in storage.requests} == {None}
    assert {each.host for each in storage.requests} == {storage.url.removeprefix("https://")}
    assert None not in {each.login for each in aws.registry.requests}


def test_a_storage_without_trusted_certificate_is_not_read(
    aws: Aws, storage: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    aws.hold(IMAGE)
    _lead(aws, storage)
    outcome = aws.copy()
    assert "localhost: the connection failed (SSLError)" in outcome.reason
    assert storage.requests == []


@pytest.mark.parametrize("act", [says(503), cut_after(1_000_000)], ids=["busy", "cut"])
def test_a_storage_that_fails_is_asked_again_by_way_of_the_registry(
    aws: Aws, storage: FakeRegistry, act: object
) -> None:
    aws.hold(IMAGE)
    _lead(aws, storage)
    storage.fail("GET", LAYER, act, times=2)  # type: ignore[arg-type]
    assert aws.copy().digest == IMAGE.digest
    assert len(aws.registry.made("GET", f"/blobs/{LAYER}", SOURCE_HOST)) == 3, "a signed address has an end"


def test_a_storage_that_refuses_is_named_without_its_words_and_gets_no_other_login(
    aws: Aws, storage: FakeRegistry
) -> None:
    aws.hold(IMAGE)
    _lead(aws, storage)
    body = f"<Error><Code>SignatureDoesNotMatch</Code><SignatureProvided>{SIGNED}</SignatureProvided></Error>".encode()
    headers = {"WWW-Authenticate": f'Bearer realm="{storage.url}/token"'}
    storage.fail("GET", "", answers(403, headers, body), times=9)
    outcome = aws.copy()
    assert f"GET blobs/{next(iter(IMAGE.blobs))}: 403 from localhost" in outcome.reason
    assert len(storage.requests) == 1


def test_a_password_is_not_given_to_whom_the_registry_leads_to(aws: Aws, storage: FakeRegistry) -> None:
    source = f"{aws.registry.host}/library/shop:abc"
    aws.hold(IMAGE, source)
    aws.registry.logins[aws.registry.host] = "Bearer wanted"
    aws.registry.realm = f"{aws.registry.url}/token"
    aws.registry.fail("GET", "/blobs/", leads_to(f"{storage.url}/storage/{{}}"), times=9, host=aws.registry.host)
    storage.fail("GET", "", says(401, WWW_Authenticate=f'Bearer realm="{storage.url}/token"'), times=9)
    outcome = aws.copy(source)
    assert "401 from localhost" in outcome.reason
    assert storage.made("GET", "/token") == []


def test_a_manifest_may_be_with_another_registry_as_those_of_kubernetes_are(aws: Aws, storage: FakeRegistry) -> None:
    whole = index(IMAGE)
    aws.hold(whole)
    name = storage.url.removeprefix("https://")
    storage.at(name, "k8s/pause").hold(whole, "abc")
    aws.registry.fail(
        "GET", "/manifests/", leads_to(f"{storage.url}/v2/k8s/pause/manifests/{{}}"), times=9, host=SOURCE_HOST
    )
    aws.registry.fail("GET", "/blobs/", leads_to(f"{storage.url}/v2/k8s/pause/blobs/{{}}"), times=9, host=SOURCE_HOST)
    assert aws.copy(architecture="all").digest == whole.digest
    assert {each.login for each in storage.requests} == {None}


def test_an_upload_elsewhere_goes_there_without_the_login(aws: Aws, storage: FakeRegistry) -> None:
    aws.hold(IMAGE)
    storage.at(storage.url.removeprefix("https://"), "x")
    for session in ("first", "second", "third"):
        storage.uploads.add(session)
        location = f"{storage.url}/v2/x/blobs/uploads/{session}?{SIGNED}"
        aws.registry.fail("POST", "/blobs/uploads/", answers(202, {"Location": location}), host=HOST)
    store = aws.registry.named(f"{HOST}/shop/web:v1").blobs
    storage.fail("PUT", "", after(lambda: store.update(IMAGE.blobs)), times=3)
    assert aws.copy().digest == IMAGE.digest
    assert {each.login for each in storage.requests} == {None}
    assert all(SIGNED in each.path and "&digest=sha256:" in each.path for each in storage.made("PUT", ""))


@pytest.mark.parametrize(
    "location",
    [
        "/v2/moved/blobs/{}",
        f"https://{SOURCE_HOST}/v2/moved/blobs/{{}}",
        f"https://{SOURCE_HOST}:443/v2/moved/blobs/{{}}",
        "../../moved/blobs/{}",
    ],
)
def test_a_registry_that_leads_to_itself_goes_on_with_the_login(aws: Aws, location: str) -> None:
    aws.hold(IMAGE)
    aws.registry.at(SOURCE_HOST, "moved").hold(IMAGE, None)
    aws.registry.fail("GET", "/v2/assets/blobs/", leads_to(location), times=9)
    assert aws.copy().digest == IMAGE.digest
    assert len(aws.registry.made("GET", "/v2/moved/blobs/", SOURCE_HOST)) == 4, "the configuration is read twice"
    assert None not in {each.login for each in aws.registry.requests}


def test_a_redirect_with_an_endless_body_does_not_fill_the_memory(aws: Aws) -> None:
    aws.hold(IMAGE)
    location = {"Location": "/v2/assets/blobs/x"}
    aws.registry.fail("GET", "/blobs/", answers(307, location, b" " * (5 * 2**20)), times=9, host=SOURCE_HOST)
    outcome = aws.copy(SOURCE)
    assert "an answer has more than 4194304 bytes" in outcome.reason
