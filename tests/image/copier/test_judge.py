"""Judged by others: between two of Debian's docker-registry, and looked at by skopeo, an image stays what it is."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.image.copier import login
from ecr_fargate_constructs.image.copier.deadline import Deadline
from ecr_fargate_constructs.image.copier.errors import CopyError
from ecr_fargate_constructs.image.copier.handler import copy
from tests.image.copier.docker_registry import (
    PASSWORD,
    USER,
    DockerRegistry,
    needs_judges,
    pull,
    raw_manifest,
    running,
    skopeo,
)
from tests.image.copier.images import (
    DOCKER_FOREIGN,
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    OCI_ZSTD,
    descriptor,
    digest_of,
    image,
    index,
    write_layout,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [needs_judges, pytest.mark.integration]

LARGE = bytes(range(256)) * 12_000
SHARED = b"shared" * 1000
AMD, ARM = image(LARGE, SHARED), image(SHARED, b"arm", architecture="arm64")
DOCKER_AMD, DOCKER_ARM = image(LARGE, SHARED, docker=True), image(SHARED, architecture="arm64", docker=True)
FOREIGN = descriptor(DOCKER_FOREIGN, b"of Windows", urls=["https://mcr.microsoft.com/v2/windows/blobs/sha256:x"])
ATTESTATION = image(
    b'{"_type":"https://in-toto.io/Statement/v0.1"}', architecture=None, layer_type="application/vnd.in-toto+json"
)
PLATFORMS = [{"os": "linux", "architecture": "amd64"}, {"os": "linux", "architecture": "arm64", "variant": "v8"}]
ATTESTED = index(
    AMD,
    ARM,
    ATTESTATION,
    platforms=[*PLATFORMS, {"os": "unknown", "architecture": "unknown"}],
    annotations={"org.opencontainers.image.title": "Größe ☃"},
)
IMAGES = {
    "an OCI image": AMD,
    "a Docker image": DOCKER_AMD,
    "an OCI index": index(AMD, ARM),
    "a Docker manifest list": index(DOCKER_AMD, DOCKER_ARM, platforms=PLATFORMS, docker=True),
    "an index with attestations": ATTESTED,
    "an index in an index": index(index(AMD, ARM), ARM),
    "an index with one image twice": index(AMD, AMD, platforms=PLATFORMS),
    "an image with zstd layers": image(b"\x28\xb5\x2f\xfd" + SHARED, layer_type=OCI_ZSTD),
    "an image with layers that live elsewhere": image(SHARED, docker=True, extra=[FOREIGN]),
    "an image with one layer twice": image(SHARED, b"x", SHARED),
    "an image with an empty layer": image(b"", b"x"),
    "an image without layers": image(),
    "an image with all that one may add": image(
        SHARED,
        annotations={"a": "ä"},
        subject=descriptor(OCI_MANIFEST, b"of another"),
        artifactType="application/x",
        unknown=[1, None, {"x": "\ud83d\ude00"}],
    ),
}
PULLED = {name for name in IMAGES if "elsewhere" not in name and "index in an index" not in name}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRegistry]:
    """Where images are."""
    with running(tmp_path_factory.mktemp("judge") / "source") as registry:
        yield registry


@pytest.fixture(scope="module")
def destination(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRegistry]:
    """Where they are copied to."""
    with running(tmp_path_factory.mktemp("judge") / "destination") as registry:
        yield registry


def _copy(name: str, to: str, architecture: str = "all", secret: str | None = None) -> str:
    return copy(name, to, architecture, Deadline(60), secret)


@pytest.mark.parametrize("number", range(len(IMAGES)), ids=list(IMAGES))
def test_the_copy_is_the_image(
    source: DockerRegistry, destination: DockerRegistry, tmp_path: Path, number: int
) -> None:
    kind, whole = list(IMAGES.items())[number]
    name, to = source.push(whole, f"shop/{number}", "v1"), f"{destination.host}/copies/{number}:v1"
    assert _copy(name, to) == whole.digest
    assert raw_manifest(name) == raw_manifest(to) == whole.body
    for each in whole.everything():
        by_digest = f"{to.rpartition(':')[0]}@{each.digest}"
        assert raw_manifest(by_digest) == each.body
    if kind in PULLED:
        pull(to, tmp_path / "pulled")


@pytest.mark.parametrize("kind", ["an OCI image", "an OCI index", "an index with attestations"])
def test_what_skopeo_has_pushed_is_copied(
    source: DockerRegistry, destination: DockerRegistry, tmp_path: Path, kind: str
) -> None:
    whole = IMAGES[kind]
    name = source.push_layout(write_layout(whole, tmp_path / "layout"), "pushed", digest_of(kind.encode())[7:])
    to = f"{destination.host}/pushed:{name.rpartition(':')[2]}"
    assert _copy(name, to) == whole.digest
    assert raw_manifest(name) == raw_manifest(to) == whole.body
    pull(to, tmp_path / "pulled")


NESTED = index(index(AMD, ARM), platforms=PLATFORMS[1:])
PROCESSORS = [
    (index(AMD, ARM), "amd64", AMD),
    (index(AMD, ARM), "arm64", ARM),
    (index(DOCKER_AMD, DOCKER_ARM, docker=True), "arm64", DOCKER_ARM),
    (ATTESTED, "arm64", ARM),
    (NESTED, "arm64", ARM),
    (AMD, "amd64", AMD),
]


@pytest.mark.parametrize("number", range(len(PROCESSORS)))
def test_one_processor_of_an_index_keeps_its_digest(
    source: DockerRegistry, destination: DockerRegistry, number: int
) -> None:
    whole, architecture, child = PROCESSORS[number]
    name, to = source.push(whole, "processors", f"v{number}"), f"{destination.host}/processors:v{number}"
    assert _copy(name, to, architecture) == child.digest
    assert raw_manifest(to) == child.body


def test_an_image_is_copied_by_its_digest(source: DockerRegistry, destination: DockerRegistry) -> None:
    source.push(index(AMD, ARM), "digests", "v1")
    for number, each in enumerate((index(AMD, ARM), ARM)):
        to = f"{destination.host}/digests:{number}"
        assert _copy(f"{source.host}/digests:other@{each.digest}", to) == each.digest
        assert raw_manifest(to) == each.body


def test_the_second_copy_sends_nothing(source: DockerRegistry, destination: DockerRegistry) -> None:
    name, to = source.push(AMD, "twice", "v1"), f"{destination.host}/twice:v1"
    _copy(name, to)
    sent = len(destination.asked("(PUT|POST|PATCH)", "/v2/twice/"))
    assert sent == 3 * 2 + 1, "three blobs and a manifest"
    assert _copy(name, to) == AMD.digest
    assert len(destination.asked("(PUT|POST|PATCH)", "/v2/twice/")) == sent


def test_within_one_registry_layers_are_mounted_and_none_is_sent(source: DockerRegistry, tmp_path: Path) -> None:
    name, to = source.push(ATTESTED, "assets", "v1"), f"{source.host}/mounted:v1"
    assert _copy(name, to) == ATTESTED.digest
    assert raw_manifest(to) == ATTESTED.body
    assert source.asked("(PUT|PATCH)", "/v2/mounted/blobs/") == []
    mounted = source.asked("POST", "/v2/mounted/blobs/uploads/\\?mount=")
    blobs = {blob for each in ATTESTED.everything() for blob in each.blobs}
    assert len(mounted) == len(blobs)
    assert all('" 201 ' in line for line in mounted)
    pull(to, tmp_path / "pulled")


def test_a_registry_with_a_password_is_read_with_that_of_the_secret(
    destination: DockerRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hub-AbCdEf"
    secret = {"SecretString": json.dumps({"username": USER, "password": PASSWORD})}
    monkeypatch.setattr(login, "client", lambda *_: SimpleNamespace(get_secret_value=lambda SecretId: secret))  # noqa: ARG005, N803
    with running(tmp_path / "locked", password=True) as locked:
        name = f"{locked.host}/shop:v1"
        folder = write_layout(AMD, tmp_path / "layout")
        login_of_skopeo = f"--dest-creds={USER}:{PASSWORD}"
        skopeo(
            "copy",
            "--preserve-digests",
            "--dest-tls-verify=false",
            login_of_skopeo,
            f"oci:{folder}:top",
            f"docker://{name}",
        )
        to = f"{destination.host}/locked:v1"
        with pytest.raises(CopyError, match="401 UNAUTHORIZED authentication required"):
            _copy(name, to)
        assert _copy(name, to, secret=arn) == AMD.digest
        assert raw_manifest(to) == raw_manifest(name, f"--creds={USER}:{PASSWORD}") == AMD.body


def test_a_registry_that_is_gone_is_named(
    destination: DockerRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecr_fargate_constructs.image.copier.deadline._FIRST_WAIT", 0.001)
    with running(tmp_path / "gone") as gone:
        name = gone.push(AMD, "shop", "v1")
    with pytest.raises(CopyError, match=r"127\.0\.0\.1: the connection failed \(NewConnectionError\)"):
        _copy(name, f"{destination.host}/gone:v1")


def test_the_kinds_are_those_that_ecr_takes() -> None:
    kinds = {each.media_type for whole in IMAGES.values() for each in whole.everything()}
    assert kinds == {OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST}
    layers = {layer["mediaType"] for each in IMAGES.values() for layer in json.loads(each.body).get("layers", [])}
    assert {OCI_LAYER, OCI_ZSTD, DOCKER_FOREIGN} <= layers
