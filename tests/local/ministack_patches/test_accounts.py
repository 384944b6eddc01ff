"""Several accounts and regions: the registry of each has a name of its own, and admits others by its policies alone."""

from __future__ import annotations

import hashlib
import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from ecr_fargate_constructs.local.ministack_patches.accounts import lead_to_other_accounts, serve_registries_by_path
from ecr_fargate_constructs.local.ministack_patches.engine import use_local_names
from tests.local.ministack_patches.test_guard import ACCOUNT, LOGIN, PORT, Emulator, emulator
from tests.local.ministack_patches.test_iam import Role, aws

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["aws", "emulator"]

OTHER = "444455556666"
HERE, ABROAD = (f"{OTHER}.dkr.ecr.{region}.amazonaws.com" for region in ("us-east-1", "eu-west-1"))
READ = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "ecr:*"}


@pytest.fixture
def both(aws: Emulator) -> Iterator[Emulator]:
    """The embedded AWS with IAM, and with requests that lead to other accounts."""
    ecr = import_module("ministack.services.ecr")
    ecr.reset()
    kept = dict(vars(ecr))
    lead_to_other_accounts(ecr)
    aws.application = serve_registries_by_path(aws.application, PORT)
    yield aws
    vars(ecr).update(kept)
    ecr.reset()


def _other(aws: Emulator, region: str = "us-east-1") -> Any:  # noqa: ANN401 - boto3's
    return aws.client("ecr", key=OTHER, region=region)


def _push(aws: Emulator, path: str, config: bytes = b"{}") -> str:
    """Push an image by the path of a registry, and return its digest."""
    started = aws.ask("POST", f"/v2/{path}/blobs/uploads/", LOGIN)
    assert started.status == 202, started.body
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    assert started.headers["location"].startswith(f"/v2/{path}/"), "the upload goes on at the same registry"
    assert aws.ask("PUT", f"{started.headers['location']}?digest={digest}", LOGIN, config).status == 201
    manifest = json.dumps({"schemaVersion": 2, "config": {"digest": digest}, "layers": []}).encode()
    assert aws.ask("PUT", f"/v2/{path}/manifests/v1", LOGIN, manifest).status == 201
    return f"sha256:{hashlib.sha256(manifest).hexdigest()}"


def test_repositories_of_the_same_name_are_apart(both: Emulator) -> None:
    for region in ("us-east-1", "eu-west-1"):
        _other(both, region).create_repository(repositoryName="web")
    both.client("ecr").create_repository(repositoryName="web")
    digest = _push(both, f"{ABROAD}/web")
    assert both.ask("GET", f"/v2/{ABROAD}/web/manifests/{digest}", LOGIN).status == 200
    assert both.ask("GET", f"/v2/{HERE}/web/manifests/{digest}", LOGIN).status == 404
    assert both.ask("GET", f"/v2/web/manifests/{digest}", LOGIN).status == 404
    assert [
        each["imageDigest"] for each in _other(both, "eu-west-1").list_images(repositoryName="web")["imageIds"]
    ] == [digest]


@pytest.mark.parametrize("host", ["evil.example", f"evil.example:{PORT}", "localhost:4567"])
def test_a_registry_in_the_path_lets_no_other_host_name_in(both: Emulator, host: str) -> None:
    _other(both).create_repository(repositoryName="web")
    digest = _push(both, f"{HERE}/web")
    assert both.ask("GET", f"/v2/{HERE}/web/manifests/{digest}", LOGIN, host=host).status == 403


def test_a_role_reads_a_repository_of_another_account_only_if_both_policies_allow_it(both: Emulator) -> None:
    _other(both).create_repository(repositoryName="web")
    digest = _push(both, f"{HERE}/web")
    role = Role(both, "Copier", {"Action": ["ecr:GetAuthorizationToken", "ecr:DescribeImages"]}, {"Action": "ecr:*"})
    ecr = role.client("ecr")
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    login = {"Authorization": f"Basic {token}"}
    question = {"registryId": OTHER, "repositoryName": "web"}

    refused = both.ask("GET", f"/v2/{HERE}/web/manifests/{digest}", login)
    assert refused.status == 403
    assert b"because no resource-based policy allows the ecr:BatchGetImage action" in refused.body
    with pytest.raises(ClientError, match=f"arn:aws:ecr:us-east-1:{OTHER}:repository/web because no resource-based"):
        ecr.describe_images(**question)

    _other(both).set_repository_policy(repositoryName="web", policyText=json.dumps({"Statement": [READ]}))
    assert both.ask("GET", f"/v2/{HERE}/web/manifests/{digest}", login).status == 200
    [image] = ecr.describe_images(**question)["imageDetails"]
    assert (image["registryId"], image["imageDigest"]) == (OTHER, digest)

    role.allow({"Action": "ecr:GetAuthorizationToken"})
    assert both.ask("GET", f"/v2/{HERE}/web/manifests/{digest}", login).status == 403, "its own policy has to allow it"


def test_a_repository_that_does_not_exist_admits_nobody_else(both: Emulator) -> None:
    ecr = Role(both, "Copier", {"Action": "ecr:*"}).client("ecr")
    with pytest.raises(ClientError, match="no resource-based policy allows"):
        ecr.describe_images(registryId=OTHER, repositoryName="web")
    with pytest.raises(ClientError, match="RepositoryNotFoundException"):
        ecr.describe_images(repositoryName="web")


def test_the_engine_pulls_images_of_other_accounts_by_the_address_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, str]] = []
    models = {"images": ("ImageCollection", "pull", "get"), "containers": ("ContainerCollection", "run")}
    for module, (holder, *names) in models.items():
        for name in names:
            record = _recorded(asked, name)
            monkeypatch.setattr(getattr(import_module(f"docker.models.{module}"), holder), name, record)
    images, containers = import_module("docker.models.images"), import_module("docker.models.containers")
    monkeypatch.setattr(images.Image, "tag", _recorded(asked, "tag"))
    use_local_names("http://localhost:4566", mapped=ACCOUNT)

    own, other = (f"{account}.dkr.ecr.eu-west-1.amazonaws.com/web" for account in (ACCOUNT, OTHER))
    collection = images.ImageCollection()
    collection.pull(f"{other}@sha256:1")
    collection.get(f"{other}:1")
    images.Image().tag(other, tag="1")
    containers.ContainerCollection().run(f"{other}:1", name="of the container")
    collection.pull(f"{own}:1")
    collection.pull("public.ecr.aws/docker/library/python:3.13-slim")
    assert asked == [
        ("pull", f"localhost:4566/{other}@sha256:1"),
        ("get", f"localhost:4566/{other}:1"),
        ("tag", f"localhost:4566/{other}"),
        ("run", f"localhost:4566/{other}:1"),
        ("pull", f"{own}:1"),
        ("pull", "public.ecr.aws/docker/library/python:3.13-slim"),
    ]


def _recorded(asked: list[tuple[str, str]], what: str) -> Any:  # noqa: ANN401
    return lambda _self, name, /, *_arguments, **_options: asked.append((what, name))
