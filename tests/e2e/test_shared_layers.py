"""Copies for real: layers are mounted, or streamed where they cannot be; another region, a mirror, a rollback."""

from __future__ import annotations

import json
import re
import shutil
import socketserver
import subprocess
import threading
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.local_app import LocalApp, copy_sample, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GREETING = "Hello from a private ECR repository!"
EDITED = "Hello again, and no layer was sent!"
THERE = "eu-west-1"
PROGRAM = """
import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr, aws_kms as kms

from ecr_fargate_constructs import EcrFargateService, PrivateRepository, PublicHttp, RegistrySettings

app = cdk.App()
registry = cdk.Stack(app, "Registry")
RegistrySettings(registry, "Registry", share_layers={share})

web = cdk.Stack(app, "Web")
EcrFargateService(web, "Web", directory="./app", container_port=8080, ingress=PublicHttp())

images = cdk.Stack(app, "Images")
PrivateRepository(images, "Twice").build_and_push_image("./app")
locked = PrivateRepository(images, "Locked", encryption_key=kms.Key(images, "Key"))
locked.build_and_push_image("./app")
PrivateRepository(images, "Mirror").mirror_image("localhost:{registry}/base/tool:1.2", all_architectures=True)

far = cdk.Stack(app, "Far")
there = ecr.Repository.from_repository_arn(far, "There", "arn:aws:ecr:{there}:{account}:repository/there")
EcrFargateService(far, "Far", directory="./app", container_port=8080, repository=there, ingress=PublicHttp())

for stack in (web, images, far):
    stack.add_stack_dependency(registry)
app.synth()
"""
OCI = "application/vnd.oci.image"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A registry of somebody else's, with one image for two architectures."""
    program = shutil.which("docker-registry")
    assert program is not None, "Debian's docker-registry is needed"
    folder, port = tmp_path_factory.mktemp("registry"), free_port()
    (folder / "config.yml").write_text(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {folder / 'data'}}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\nlog: {{level: error}}\n",
        encoding="utf-8",
    )
    with (folder / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen([program, "serve", str(folder / "config.yml")], stdout=log, stderr=log)  # noqa: S603
    try:
        _wait_for(f"http://127.0.0.1:{port}/v2/")
        _publish(folder / "layout", port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 10
    while not _answers(url):
        assert time.monotonic() < deadline, f"{url} does not answer"
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - loopback
            return True
    except OSError:
        return False


def _publish(layout: Path, port: int) -> None:
    """Write an OCI layout with an index, and push it with skopeo."""
    import hashlib  # noqa: PLC0415

    blobs = layout / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(content: bytes, kind: str) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": f"{OCI}.{kind}", "digest": f"sha256:{digest}", "size": len(content)}

    manifests = []
    for architecture in ("amd64", "arm64"):
        layer = blob(architecture.encode() * 1000, "layer.v1.tar")
        rootfs = {"type": "layers", "diff_ids": [layer["digest"]]}
        config = blob(
            json.dumps({"os": "linux", "architecture": architecture, "rootfs": rootfs}).encode(), "config.v1+json"
        )
        manifest = {"schemaVersion": 2, "mediaType": f"{OCI}.manifest.v1+json", "config": config, "layers": [layer]}
        platform = {"os": "linux", "architecture": architecture}
        manifests.append(blob(json.dumps(manifest).encode(), "manifest.v1+json") | {"platform": platform})
    index = blob(
        json.dumps({"schemaVersion": 2, "mediaType": f"{OCI}.index.v1+json", "manifests": manifests}).encode(),
        "index.v1+json",
    )
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}', encoding="utf-8")
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [index]}), encoding="utf-8")
    target = f"docker://localhost:{port}/base/tool:1.2"
    command = ["skopeo", "copy", "--all", "--preserve-digests", "--dest-tls-verify=false", f"oci:{layout}", target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    assert done.returncode == 0, done.stderr


class _Proxy(socketserver.ThreadingTCPServer):
    """What leads to the internet: it writes down who is asked for, and refuses."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Refuse)


class _Refuse(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, _Proxy)
        self.server.asked.append(self.rfile.readline().decode(errors="replace").strip())
        self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture(scope="module")
def proxy() -> Iterator[_Proxy]:
    """The shell's proxy, for everything that is run here."""
    with _Proxy() as server, pytest.MonkeyPatch.context() as patch:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            patch.setenv(name, f"http://127.0.0.1:{server.server_address[1]}")
        patch.setenv("NO_PROXY", "localhost,127.0.0.1")
        patch.setenv("no_proxy", "localhost,127.0.0.1")
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, registry: int, proxy: _Proxy) -> Iterator[LocalApp]:
    assert not proxy.asked
    app = LocalApp(copy_sample(tmp_path_factory.mktemp("copies") / "sample"), free_port())
    values = {"registry": registry, "there": THERE, "account": f"{app.port:012d}"}
    (app.directory / "app.py").write_text(PROGRAM.format(share=True, **values), encoding="utf-8")
    yield app
    app.end()


def _log(app: LocalApp) -> list[str]:
    return (app.state / "aws.log").read_text(encoding="utf-8", errors="replace").splitlines()


def _brought(lines: list[str], repository: str) -> int:
    """Bytes of layers and configurations that were sent to a repository."""
    pattern = re.compile(rf"registry: (?:PUT|PATCH|POST) /v2/{re.escape(repository)}/blobs/\S* brought (\d+) bytes")
    return sum(int(found[1]) for line in lines if (found := pattern.fullmatch(line)))


def _mounted(lines: list[str], repository: str) -> int:
    pattern = re.compile(rf"registry: POST /v2/{re.escape(repository)}/blobs/uploads/\?mount=\S+ answered 201")
    return sum(pattern.fullmatch(line) is not None for line in lines)


def _repository(app: LocalApp, beginning: str) -> str:
    names = [each["repositoryName"] for each in app.ask("ecr", "describe_repositories")["repositories"]]
    [name] = [name for name in names if name.startswith(beginning)]
    return str(name)


def _blobs(app: LocalApp, repository: str, digest: str) -> set[str]:
    """Layers and configuration of an image, by digest."""
    manifest = json.loads(_manifest(app, repository, digest))
    return {each["digest"] for each in (manifest["config"], *manifest["layers"])}


def _manifest(app: LocalApp, repository: str, version: str) -> bytes:
    host = f"{app.port:012d}.dkr.ecr.us-east-1.amazonaws.com"
    [login] = app.ask("ecr", "get_authorization_token")["authorizationData"]
    headers = {"Host": host, "Authorization": f"Basic {login['authorizationToken']}"}
    address = f"http://localhost:{app.port}/v2/{repository}/manifests/{version}"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(urllib.request.Request(address, headers=headers), timeout=10) as answer:
        body: bytes = answer.read()
        return body


def _image(app: LocalApp, repository: str) -> dict[str, Any]:
    images: list[dict[str, Any]] = app.ask("ecr", "describe_images", repositoryName=repository)["imageDetails"]
    return max(images, key=lambda each: each["imagePushedAt"])


def _up(app: LocalApp, *stacks: str) -> list[str]:
    """Deploy, and return what the log of the embedded AWS says of it."""
    before = len(_log(app)) if app.state.exists() else 0
    done = app.run("up", *stacks)
    assert done.returncode == 0, done.stdout + done.stderr
    return _log(app)[before:]


def test_with_shared_layers_the_first_copy_sends_nothing(app: LocalApp) -> None:
    log = _up(app, "Registry", "Web")
    assert app.ask("ecr", "get_account_setting", name="BLOB_MOUNTING")["value"] == "ENABLED"
    repository = _repository(app, "web-")
    assert _brought(log, repository) == 0
    assert _mounted(log, repository) > 0
    assert app.get() == (200, f"{GREETING}\n")


def test_a_code_change_sends_no_layer_and_both_repositories_name_one_blob(app: LocalApp) -> None:
    app.edit(GREETING, EDITED)
    log = _up(app, "Registry", "Web")
    repository, assets = _repository(app, "web-"), _repository(app, "cdk-")
    assert _brought(log, repository) == 0
    assert _mounted(log, repository) > 0
    assert _brought(log, assets) > 0, "the command line has pushed the new layer, once"
    digest = _image(app, repository)["imageDigest"]
    assert _blobs(app, repository, digest) == _blobs(app, assets, digest)
    assert app.get() == (200, f"{EDITED}\n")


def test_the_version_before_and_the_same_version_again_cost_nothing(app: LocalApp) -> None:
    repository = _repository(app, "web-")
    for old, new in ((EDITED, GREETING), (GREETING, EDITED)):
        app.edit(old, new)
        log = _up(app, "Registry", "Web")
        assert app.get() == (200, f"{new}\n")
        assert _brought(log, repository) == _mounted(log, repository) == 0
        assert not [line for line in log if f"PUT /v2/{repository}/manifests" in line]


def test_another_stack_mounts_and_a_key_of_its_own_makes_it_stream(app: LocalApp) -> None:
    log = _up(app, "Registry", "Images")
    twice, locked = _repository(app, "images-twice"), _repository(app, "images-locked")
    assert _mounted(log, twice) > 0
    assert _brought(log, twice) == 0
    assert _mounted(log, locked) == 0
    assert _brought(log, locked) > 1000
    assert _image(app, twice)["imageDigest"] == _image(app, locked)["imageDigest"]


def test_a_mirror_of_a_whole_index_has_its_digest(app: LocalApp, registry: int) -> None:
    address = f"docker://localhost:{registry}/base/tool:1.2"
    command = ["skopeo", "inspect", "--raw", "--tls-verify=false", address]
    raw = subprocess.run(command, capture_output=True, check=True).stdout  # noqa: S603 - no shell
    mirror = _repository(app, "images-mirror")
    assert _manifest(app, mirror, "1.2") == raw
    for child in json.loads(raw)["manifests"]:
        assert json.loads(_manifest(app, mirror, child["digest"]))["layers"]


def test_a_repository_in_another_region_is_copied_to_and_pulled_from(app: LocalApp) -> None:
    app.ask("ecr", "create_repository", repositoryName="there", region=THERE)
    log = _up(app, "Registry", "Far")
    assert _brought(log, "there") > 1000
    images = app.ask("ecr", "describe_images", repositoryName="there", region=THERE)["imageDetails"]
    running = [each for each in app.containers() if f".{THERE}." in each]
    assert running == [f"{app.port:012d}.dkr.ecr.{THERE}.amazonaws.com/there@{images[0]['imageDigest']}"] * 2


def test_without_shared_layers_a_code_change_is_streamed(app: LocalApp) -> None:
    app.ask("ecr", "put_account_setting", name="BLOB_MOUNTING", value="DISABLED")
    app.edit(EDITED, "Hello, streamed!")
    log = _up(app, "Registry", "Web")
    repository = _repository(app, "web-")
    assert _mounted(log, repository) == 0
    assert 0 < _brought(log, repository) < 100_000, "the layers that did not change are there"
    assert app.get() == (200, "Hello, streamed!\n")


def test_nobody_was_asked_for_aws(app: LocalApp, proxy: _Proxy) -> None:
    """After all deployments above, with a proxy that would lead there. Base images may be asked for."""
    assert app.state.exists()
    assert not [line for line in proxy.asked if "amazonaws" in line or ".aws:" in line.replace("public.ecr.aws:", "")]
