"""Names of images: which are ECR's, and get a token of AWS."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs.image.copier import login
from ecr_fargate_constructs.image.copier.errors import CopyError
from ecr_fargate_constructs.image.copier.reference import Reference
from tests.image.copier.images import digest_of

if TYPE_CHECKING:
    from tests.image.copier.aws import Aws

pytestmark = pytest.mark.integration

PARTITIONS = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_text(encoding="utf-8"))
ACCOUNT = "123456789012"
DIGEST = digest_of(b"x")


@pytest.mark.parametrize("partition", PARTITIONS["partitions"], ids=lambda each: each["id"])
def test_ecr_of_each_partition_is_known(partition: dict[str, Any]) -> None:
    suffix = partition["outputs"]["dnsSuffix"]
    for region in [each for each in partition["regions"] if "global" not in each]:
        for service in ("ecr", "ecr-fips"):
            assert Reference.parse(f"{ACCOUNT}.dkr.{service}.{region}.{suffix}/shop:1").ecr_region == region


@pytest.mark.parametrize("suffix", ["on.aws", "on.amazonwebservices.com.cn", "on.amazonwebservices.eu"])
def test_ecr_by_ipv6_is_known(suffix: str) -> None:
    assert Reference.parse(f"{ACCOUNT}.dkr-ecr.eu-west-1.{suffix}/shop:1").ecr_region == "eu-west-1"
    assert Reference.parse(f"{ACCOUNT}.dkr-ecr-fips.us-east-1.{suffix}/shop:1").ecr_region == "us-east-1"


HOSTILE = [
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com.evil.example",
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com@evil.example",
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com:443",
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com\n",
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com.",
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com#.evil.example",
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com\\.evil.example",
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.comevil.example",
    f"{ACCOUNT}.dkr.ecr.us-east-1.evilamazonaws.com",
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonawsXcom",
    f"{ACCOUNT}.dkr.ecr.evil.example.amazonaws.com",
    f"{ACCOUNT}.dkr.ecr.us-east-1",
    f"{ACCOUNT}.dkr.ecr.us-east-1.on.aws",
    f"{ACCOUNT}.dkr-ecr.us-east-1.amazonaws.com",
    f"evil.example.{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com",
    f"user@{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com",
    "12345678901.dkr.ecr.us-east-1.amazonaws.com",
    "\uff11" * 12 + ".dkr.ecr.us-east-1.amazonaws.com",
    "public.ecr.aws",
    "docker.io",
]


@pytest.mark.parametrize("host", HOSTILE)
def test_no_other_host_is_ecr(host: str) -> None:
    assert Reference.parse(f"{host}/shop:1").ecr_region is None


@pytest.mark.parametrize("host", HOSTILE[:2])
def test_a_host_that_looks_like_ecr_gets_no_token(aws: Aws, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    regions: list[str | None] = []
    make = login.client

    def client(service: str, region: str | None = None) -> Any:  # noqa: ANN401 - boto3's
        regions.append(region)
        return make(service, region)

    monkeypatch.setattr(login, "client", client)
    monkeypatch.setattr("socket.getaddrinfo", _only_here)
    aws.registry.named("444455556666.dkr.ecr.eu-west-1.amazonaws.com/shop/web:v1")
    outcome = aws.copy(f"{host}/assets:abc")
    assert "evil.example: the connection failed" in outcome.reason
    assert regions == ["eu-west-1"], "that of the destination"
    assert {each.host for each in aws.registry.requests} == {"444455556666.dkr.ecr.eu-west-1.amazonaws.com"}


def _only_here(host: str, port: int, *_: object) -> list[object]:
    if host != "127.0.0.1":
        raise socket.gaierror(host)
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("public.ecr.aws/nginx/nginx:1.29", ("public.ecr.aws", "nginx/nginx", "1.29", None)),
        ("localhost:5000/shop:1", ("localhost:5000", "shop", "1", None)),
        ("localhost:5000/shop@" + DIGEST, ("localhost:5000", "shop", None, DIGEST)),
        (f"ghcr.io/a/b/c:1@{DIGEST}", ("ghcr.io", "a/b/c", "1", DIGEST)),
        ("docker.io/library/nginx:1", ("registry-1.docker.io", "library/nginx", "1", None)),
        ("index.docker.io/library/nginx:1", ("registry-1.docker.io", "library/nginx", "1", None)),
    ],
)
def test_a_full_name_has_its_parts(text: str, parts: tuple[str, str, str | None, str | None]) -> None:
    found = Reference.parse(text)
    assert (found.host, found.repository, found.tag, found.digest) == parts
    assert found.version == (parts[3] or parts[2])
    if "docker.io" not in text:
        assert str(found) == text


@pytest.mark.parametrize(
    "text", ["", "shop", "shop:1", "a/b", "a/", "/", "a/:1", "a/@" + DIGEST, "localhost:5000/shop"]
)
def test_a_name_that_is_not_full_is_refused(text: str) -> None:
    with pytest.raises(CopyError, match="is not the full name of an image"):
        Reference.parse(text)


@pytest.mark.parametrize(
    ("host", "scheme"),
    [
        ("localhost", "http"),
        ("localhost:5000", "http"),
        ("127.0.0.1:5000", "http"),
        ("127.1.2.3", "http"),
        ("[::1]:5000", "http"),
        ("localhost.evil.example", "https"),
        ("127.0.0.1.evil.example", "https"),
        ("evil.example", "https"),
        ("127.evil.example", "https"),
    ],
)
def test_only_this_machine_is_asked_without_encryption(host: str, scheme: str) -> None:
    assert Reference.parse(f"{host}/shop:1").scheme == scheme


@given(text=st.text())
def test_whatever_is_named_is_read_or_refused(text: str) -> None:
    try:
        found = Reference.parse(text)
    except CopyError:
        return
    assert found.host == text.partition("/")[0] or found.host == "registry-1.docker.io"
    assert found.repository
    assert found.version
