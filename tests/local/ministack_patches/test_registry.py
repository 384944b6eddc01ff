"""The private registry of the embedded AWS: as strict as ECR where a delivery depends on it."""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import json
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.ministack_patches.registry import apply_ecr_rules
from ecr_fargate_constructs.local.ministack_patches.registry_log import log_registry_requests
from ecr_fargate_constructs.local.ministack_patches.scans import PATH, Verdicts, answer_scans

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT, REGION = "123456789012", "us-east-1"
IMAGE, INDEX = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"
LAYER, CONFIG = b"layer" * 20, b"{}"


class Registry:
    """The registry and the ECR of one account, asked in one region."""

    def __init__(self, ecr: Any, region: str = REGION) -> None:  # noqa: ANN401 - the inside of an untyped package
        self.ecr, self.region = ecr, region

    def send(self, method: str, path: str, body: bytes = b"", query: dict[str, str] | None = None) -> SimpleNamespace:
        headers = {"host": f"{ACCOUNT}.dkr.ecr.{self.region}.amazonaws.com", "content-type": IMAGE}
        asked = {name: [value] for name, value in (query or {}).items()}
        request = self.ecr.handle_registry_request(method, f"/v2/{path}", headers, body, asked)
        status, answered, content = contextvars.copy_context().run(asyncio.run, request)
        return SimpleNamespace(status=status, headers=answered, body=content)

    def call(self, action: str, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - members of the API
        async def ask() -> Any:  # noqa: ANN401 - the inside of an untyped package
            responses = import_module("ministack.core.responses")
            with responses.request_scope(ACCOUNT, self.region):
                target = {"x-amz-target": f"AmazonEC2ContainerRegistry_V20150921.{action}"}
                return await self.ecr.handle_request("POST", "/", target, json.dumps(request).encode(), {})

        return dict(json.loads(asyncio.run(ask())[2]))

    def upload(self, repository: str, blob: bytes) -> str:
        session = self.send("POST", f"{repository}/blobs/uploads/").headers["Location"].removeprefix("/v2/")
        assert self.send("PUT", session, blob, {"digest": digest_of(blob)}).status == 201
        return digest_of(blob)

    def push(self, repository: str, tag: str = "1", layer: bytes = LAYER) -> str:
        manifest = image_of(self.upload(repository, CONFIG), self.upload(repository, layer))
        assert self.send("PUT", f"{repository}/manifests/{tag}", manifest).status == 201
        return digest_of(manifest)

    def mount(self, source: str = "assets", digest: str = "") -> int:
        query = {"mount": digest or digest_of(LAYER), "from": source}
        return int(self.send("POST", "web/blobs/uploads/", query=query).status)


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def image_of(config: str, *layers: str, **foreign: object) -> bytes:
    parts = [{"digest": layer, "size": 1, **foreign} for layer in layers]
    return json.dumps({"schemaVersion": 2, "config": {"digest": config}, "layers": parts}).encode()


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry with the repositories ``assets`` and ``web``."""
    ecr = import_module("ministack.services.ecr")
    unpatched = dict(vars(ecr))
    apply_ecr_rules(ecr)
    made = Registry(ecr)
    for name in ("assets", "web"):
        made.call("CreateRepository", repositoryName=name)
    yield made
    ecr.reset()
    vars(ecr).update(unpatched)


def error(answer: SimpleNamespace) -> tuple[int, str, str]:
    [found] = json.loads(answer.body)["errors"]
    return answer.status, found["code"], found["message"]


def test_the_api_of_account_settings_is_really_missing() -> None:
    ecr = Registry(import_module("ministack.services.ecr"))
    assert ecr.call("GetAccountSetting", name="BLOB_MOUNTING")["__type"] == "InvalidAction"


def test_account_settings_have_defaults_and_are_kept_by_region(registry: Registry) -> None:
    other = Registry(registry.ecr, "eu-west-1")
    for name, value in (
        ("BASIC_SCAN_TYPE_VERSION", "AWS_NATIVE"),
        ("REGISTRY_POLICY_SCOPE", "V2"),
        ("BLOB_MOUNTING", "DISABLED"),
    ):
        assert registry.call("GetAccountSetting", name=name) == {"name": name, "value": value}
    enabled = {"name": "BLOB_MOUNTING", "value": "ENABLED"}
    assert registry.call("PutAccountSetting", **enabled) == enabled
    assert registry.call("GetAccountSetting", name="BLOB_MOUNTING") == enabled
    assert other.call("GetAccountSetting", name="BLOB_MOUNTING")["value"] == "DISABLED"
    registry.ecr.reset()
    assert registry.call("GetAccountSetting", name="BLOB_MOUNTING")["value"] == "DISABLED"


@pytest.mark.parametrize(
    ("action", "setting"),
    [
        ("GetAccountSetting", {"name": "BLOB"}),
        ("PutAccountSetting", {"name": "BLOB", "value": "ENABLED"}),
        ("PutAccountSetting", {"name": "BLOB_MOUNTING", "value": "ON"}),
        ("PutAccountSetting", {"name": "BLOB_MOUNTING"}),
    ],
)
def test_unknown_settings_are_refused(registry: Registry, action: str, setting: dict[str, str]) -> None:
    assert registry.call(action, **setting)["__type"] == "InvalidParameterException"


def test_the_api_of_scans_is_really_missing() -> None:
    ecr = Registry(import_module("ministack.services.ecr"))
    assert ecr.call("DescribeImageScanFindings", repositoryName="web", imageId={})["__type"] == "InvalidAction"


def test_a_scan_on_push_has_ended_and_found_nothing(registry: Registry) -> None:
    registry.push("web")
    [image] = registry.call("ListImages", repositoryName="web")["imageIds"]
    scan = {"repositoryName": "web", "imageId": {"imageDigest": image["imageDigest"]}}
    assert registry.call("DescribeImageScanFindings", **scan)["__type"] == "ScanNotFoundException"
    registry.call(
        "PutImageScanningConfiguration", repositoryName="web", imageScanningConfiguration={"scanOnPush": True}
    )
    answer = registry.call("DescribeImageScanFindings", **scan)
    assert (answer["imageScanStatus"]["status"], answer["imageScanFindings"]["findings"]) == ("COMPLETE", [])
    missing = {**scan, "imageId": {"imageDigest": f"sha256:{'0' * 64}"}}
    assert registry.call("DescribeImageScanFindings", **missing)["__type"] == "ImageNotFoundException"
    nowhere = {**scan, "repositoryName": "nowhere"}
    assert registry.call("DescribeImageScanFindings", **nowhere)["__type"] == "RepositoryNotFoundException"


def test_a_scan_finds_and_ecr_has_signed_what_seeds_say(registry: Registry) -> None:
    digest = registry.push("web")
    registry.call(
        "PutImageScanningConfiguration", repositoryName="web", imageScanningConfiguration={"scanOnPush": True}
    )
    verdicts = answer_scans(registry.ecr)
    image = {"repositoryName": "web", "imageId": {"imageDigest": digest}}

    def status() -> tuple[str, dict[str, str]]:
        answer = registry.call("DescribeImageScanFindings", **image)
        listed = {each["name"]: each["severity"] for each in answer["imageScanFindings"]["findings"]}
        return answer["imageScanStatus"]["status"], listed

    assert status() == ("COMPLETE", {})
    assert registry.call("DescribeImageSigningStatus", **image)["signingStatuses"] == []
    profile = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/shop"
    seeds = {"findings": {digest: {"CVE-2026-0001": "HIGH"}}, "signatures": {f"web@{digest}": [profile]}}
    _seed(verdicts, seeds)
    assert status() == ("COMPLETE", {"CVE-2026-0001": "HIGH"})
    signed = registry.call("DescribeImageSigningStatus", **image)["signingStatuses"]
    assert signed == [{"signingProfileArn": profile, "status": "COMPLETE"}]
    _seed(verdicts, {"findings": {digest: "UNSUPPORTED_IMAGE"}, "signatures": {}})
    assert status() == ("UNSUPPORTED_IMAGE", {})
    missing = {**image, "imageId": {"imageDigest": f"sha256:{'0' * 64}"}}
    assert registry.call("DescribeImageSigningStatus", **missing)["__type"] == "ImageNotFoundException"
    registry.ecr.reset()
    assert (verdicts.findings, verdicts.signatures) == ({}, {})


def _seed(verdicts: Verdicts, seeds: dict[str, object]) -> None:
    """Send seeds, as ``ecr-fargate local seed`` does."""
    sent: list[int] = []

    async def receive() -> Any:  # noqa: ANN401 - ASGI
        return {"type": "http.request", "body": json.dumps(seeds).encode(), "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI
        sent.append(message.get("status", 0))

    scope = {"type": "http", "method": "POST", "path": PATH, "headers": [], "query_string": b""}

    async def ask() -> None:
        await verdicts.serve(_nothing)(scope, receive, send)

    asyncio.run(ask())
    assert sent[0] == 200


async def _nothing(*_: object) -> None:
    raise AssertionError("the request was for another application")


def test_a_layer_is_mounted_and_not_copied(registry: Registry) -> None:
    registry.call("PutAccountSetting", name="BLOB_MOUNTING", value="ENABLED")
    registry.push("assets")
    assert registry.mount() == 201
    assert registry.send("GET", f"web/blobs/{digest_of(LAYER)}").body == LAYER
    bytes_of = {name: blobs[digest_of(LAYER)] for (_, _, name), blobs in registry.ecr._layer_blobs.all_items()}
    assert bytes_of["web"] is bytes_of["assets"]


def test_a_layer_is_not_mounted_unless_the_account_allows_it(registry: Registry) -> None:
    registry.push("assets")
    assert registry.mount() == 202
    Registry(registry.ecr, "eu-west-1").call("PutAccountSetting", name="BLOB_MOUNTING", value="ENABLED")
    assert registry.mount() == 202
    assert registry.send("HEAD", f"web/blobs/{digest_of(LAYER)}").status == 404


def test_a_layer_that_no_image_refers_to_is_not_mounted(registry: Registry) -> None:
    registry.call("PutAccountSetting", name="BLOB_MOUNTING", value="ENABLED")
    registry.upload("assets", LAYER)
    assert registry.mount() == 202
    registry.push("assets")
    assert registry.mount() == 201


@pytest.mark.parametrize(
    "encryption",
    [{"encryptionType": "KMS"}, {"encryptionType": "KMS", "kmsKey": "arn:aws:kms:us-east-1:123456789012:key/a"}],
)
def test_a_layer_is_mounted_between_repositories_that_are_encrypted_alike(
    registry: Registry, encryption: dict[str, str]
) -> None:
    registry.call("PutAccountSetting", name="BLOB_MOUNTING", value="ENABLED")
    for name in ("secret", "web"):
        registry.call("DeleteRepository", repositoryName=name, force=True)
        registry.call("CreateRepository", repositoryName=name, encryptionConfiguration=encryption)
    registry.push("assets")
    registry.push("secret")
    assert (registry.mount("assets"), registry.mount("secret")) == (202, 201)


def test_a_layer_of_nowhere_or_of_another_region_is_not_mounted(registry: Registry) -> None:
    registry.call("PutAccountSetting", name="BLOB_MOUNTING", value="ENABLED")
    other = Registry(registry.ecr, "eu-west-1")
    other.call("CreateRepository", repositoryName="abroad")
    other.push("abroad")
    assert [registry.mount(source) for source in ("abroad", "unknown", "")] == [202, 202, 202]
    registry.push("assets")
    assert registry.mount(digest=digest_of(b"other")) == 202


def test_a_repository_of_another_region_is_asked_there(registry: Registry) -> None:
    other = Registry(registry.ecr, "eu-west-1")
    other.call("CreateRepository", repositoryName="abroad")
    digest = other.push("abroad")
    assert other.send("HEAD", f"abroad/manifests/{digest}").status == 200
    assert registry.send("HEAD", f"abroad/manifests/{digest}").status == 404
    [token] = other.call("GetAuthorizationToken")["authorizationData"]
    assert token["proxyEndpoint"] == f"https://{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"


def test_an_image_has_the_size_of_its_parts_and_an_index_that_of_its_largest_image(registry: Registry) -> None:
    small, large = registry.push("web", "small"), registry.push("web", "large", b"x" * 1000)
    index = json.dumps({"manifests": [{"digest": small}, {"digest": large}]}).encode()
    assert registry.send("PUT", "web/manifests/all", index).status == 201
    found = registry.call("DescribeImages", repositoryName="web")["imageDetails"]
    sizes = {image["imageTags"][0]: image["imageSizeInBytes"] for image in found}
    assert sizes == {"small": 102, "large": 1002, "all": 1002}
    missing = registry.call("DescribeImages", repositoryName="web", imageIds=[{"imageTag": "no"}])
    assert missing["__type"] == "ImageNotFoundException"


def test_layers_that_are_there_are_said_to_be(registry: Registry) -> None:
    there, absent = registry.upload("web", LAYER), digest_of(b"other")
    request = {"repositoryName": "web", "layerDigests": [there, absent]}
    assert registry.call("BatchCheckLayerAvailability", **request)["layers"] == [
        {"layerDigest": there, "layerAvailability": "AVAILABLE", "layerSize": len(LAYER)},
        {"layerDigest": absent, "layerAvailability": "UNAVAILABLE"},
    ]
    unknown = registry.call("BatchCheckLayerAvailability", repositoryName="no", layerDigests=[there])
    assert unknown["__type"] == "RepositoryNotFoundException"


@pytest.mark.parametrize("reference", ["1", "digest"])
def test_an_image_without_its_layers_is_refused(registry: Registry, reference: str) -> None:
    config, layer = registry.upload("web", CONFIG), digest_of(LAYER)
    registry.upload("assets", LAYER)  # of another repository: that does not help
    manifest = image_of(config, layer, layer)
    path = f"web/manifests/{digest_of(manifest) if reference == 'digest' else reference}"
    message = (
        f"Layers with digests '[{layer}]' required for pushing image into repository with name 'web' in the registry "
        f"with id '{ACCOUNT}' do not exist"
    )
    assert error(registry.send("PUT", path, manifest)) == (400, "MANIFEST_BLOB_UNKNOWN", message)
    assert registry.call("DescribeImages", repositoryName="web")["imageDetails"] == []
    registry.upload("web", LAYER)
    assert registry.send("PUT", path, manifest).status == 201


def test_an_image_without_its_configuration_is_refused(registry: Registry) -> None:
    manifest = image_of(digest_of(CONFIG), registry.upload("web", LAYER))
    assert error(registry.send("PUT", "web/manifests/1", manifest))[1] == "MANIFEST_BLOB_UNKNOWN"


def test_a_layer_that_lives_elsewhere_may_be_missing(registry: Registry) -> None:
    manifest = image_of(registry.upload("web", CONFIG), digest_of(LAYER), urls=["https://example.com/layer"])
    assert registry.send("PUT", "web/manifests/1", manifest).status == 201


def test_an_index_without_its_images_is_refused(registry: Registry) -> None:
    child, absent = registry.push("web"), digest_of(b"other")
    index = json.dumps({"mediaType": INDEX, "manifests": [{"digest": child}, {"digest": absent}]}).encode()
    status, code, message = error(registry.send("PUT", "web/manifests/all", index))
    assert (status, code) == (400, "MANIFEST_BLOB_UNKNOWN")
    assert message.startswith(f"Images with digests '[{absent}]' required for pushing image into repository with name")


@pytest.mark.parametrize(
    ("body", "code"), [(image_of(digest_of(b"no")), "MANIFEST_INVALID"), (b"{", "UNSUPPORTED"), (b"[]", "UNSUPPORTED")]
)
def test_what_is_not_the_image_of_its_digest_is_refused(registry: Registry, body: bytes, code: str) -> None:
    assert error(registry.send("PUT", f"web/manifests/{digest_of(b'')}", body))[:2] == (400, code)


def test_a_taken_tag_of_an_immutable_repository_is_refused(registry: Registry) -> None:
    registry.call("PutImageTagMutability", repositoryName="web", imageTagMutability="IMMUTABLE")
    registry.push("web")
    same = image_of(digest_of(CONFIG), digest_of(LAYER))
    status, code, message = error(registry.send("PUT", "web/manifests/1", same))
    assert (status, code) == (400, "TAG_INVALID")
    assert "cannot be overwritten because the repository is immutable" in message
    assert registry.send("PUT", "web/manifests/2", same).status == 201


def test_parts_of_an_upload_are_answered_as_ecr_does(registry: Registry) -> None:
    session = registry.send("POST", "web/blobs/uploads/").headers["Location"].removeprefix("/v2/")
    answers = [registry.send("PATCH", session, part) for part in (b"12345", b"67890")]
    assert [(answer.status, answer.headers["Range"]) for answer in answers] == [(201, "0-4"), (201, "0-4")]
    assert registry.send("PUT", session, b"x", {"digest": digest_of(b"1234567890x")}).status == 201
    assert registry.send("PATCH", session, b"more").status == 404


def test_an_upload_in_one_piece_is_kept_as_it_came(registry: Registry) -> None:
    session = registry.send("POST", "web/blobs/uploads/").headers["Location"].removeprefix("/v2/")
    assert error(registry.send("PUT", session, LAYER, {"digest": digest_of(b"other")}))[1] == "DIGEST_INVALID"
    assert registry.send("PUT", session, LAYER, {"digest": digest_of(LAYER)}).status == 201
    assert registry.send("GET", f"web/blobs/{digest_of(LAYER)}").body is LAYER


def test_a_repository_that_is_made_again_is_empty(registry: Registry) -> None:
    digest = registry.push("web")
    registry.call("BatchDeleteImage", repositoryName="web", imageIds=[{"imageDigest": digest}])
    assert registry.send("HEAD", f"web/manifests/{digest}").status == 404
    assert registry.send("HEAD", f"web/blobs/{digest_of(LAYER)}").status == 200
    registry.call("DeleteRepository", repositoryName="web")
    registry.call("CreateRepository", repositoryName="web")
    assert registry.send("HEAD", f"web/blobs/{digest_of(LAYER)}").status == 404


def test_the_log_says_what_the_registry_is_asked_and_brought(capsys: pytest.CaptureFixture[str]) -> None:
    parts = iter([{"body": b"abc", "more_body": True}, {"body": b"de"}])

    async def application(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        while scope["method"] == "PATCH" and (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 202})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Any:  # noqa: ANN401 - ASGI
        return next(parts)

    async def send(_message: Any) -> None:  # noqa: ANN401 - ASGI
        pass

    async def run() -> None:
        logged = log_registry_requests(application)
        for method, path, query in (
            ("GET", "/v2/web/manifests/1", b""),
            ("PATCH", "/v2/web/blobs/uploads/1", b"state=x"),
            ("POST", "/v2/web/blobs/uploads/", b"mount=sha256%3Aab&from=team%2Fassets"),
            ("GET", "/elsewhere", b""),
        ):
            await logged({"type": "http", "method": method, "path": path, "query_string": query}, receive, send)

    asyncio.run(run())
    assert capsys.readouterr().out.splitlines() == [
        "registry: GET /v2/web/manifests/1",
        "registry: GET /v2/web/manifests/1 answered 202",
        "registry: PATCH /v2/web/blobs/uploads/1",
        "registry: PATCH /v2/web/blobs/uploads/1 brought 5 bytes",
        "registry: PATCH /v2/web/blobs/uploads/1 answered 202",
        "registry: POST /v2/web/blobs/uploads/?mount=sha256:ab&from=team/assets",
        "registry: POST /v2/web/blobs/uploads/?mount=sha256:ab&from=team/assets answered 202",
    ]
