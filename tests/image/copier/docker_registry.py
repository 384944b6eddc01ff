"""Debian's docker-registry, and skopeo, which did not write the copier and know better."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest
import urllib3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.image.copier.images import Image

MISSING = [tool for tool in ("docker-registry", "skopeo") if shutil.which(tool) is None]
needs_judges = pytest.mark.skipif(
    bool(MISSING) and not os.environ.get("ECR_FARGATE_REQUIRE_E2E"), reason=f"needs {' and '.join(MISSING)}"
)

USER, PASSWORD = "judge", "correct-horse"
_HTPASSWD = "judge:$2b$05$6EDY7RBTQJZINZ7hfaldhu2IAyrO8Q9QFe3Cqousc9M4WkQMsHTNe"

_CONFIG = """
version: 0.1
log: {{level: info, accesslog: {{disabled: false}}}}
storage: {{filesystem: {{rootdirectory: {storage}}}}}
http: {{addr: "127.0.0.1:0"}}
validation: {{manifests: {{urls: {{allow: ["^https://"]}}}}}}
{auth}
"""


@dataclass(frozen=True)
class DockerRegistry:
    """One that is running."""

    host: str
    log: Path

    def push(self, image: Image, repository: str, tag: str) -> str:
        """Push without any client that might change it, and return its name."""
        pool, root = urllib3.PoolManager(), f"http://{self.host}/v2/{repository}"
        for each in image.everything():
            for digest, data in each.blobs.items():
                assert isinstance(data, bytes)
                began = pool.request("POST", f"{root}/blobs/uploads/")
                place = urljoin(root, began.headers["Location"])
                sent = pool.request("PUT", f"{place}&digest={digest}", body=data)
                assert sent.status == 201, sent.data
            version = tag if each is image else each.digest
            headers = {"Content-Type": each.media_type}
            put = pool.request("PUT", f"{root}/manifests/{version}", body=each.body, headers=headers)
            assert put.status == 201, put.data
        pool.clear()
        return f"{self.host}/{repository}:{tag}"

    def push_layout(self, folder: Path, repository: str, tag: str) -> str:
        """Have skopeo push an OCI layout, and return its name."""
        name = f"{self.host}/{repository}:{tag}"
        skopeo(
            "copy", "--all", "--preserve-digests", "--dest-tls-verify=false", f"oci:{folder}:top", f"docker://{name}"
        )
        return name

    def asked(self, method: str, path: str) -> list[str]:
        """Lines of the access log."""
        pattern = re.compile(f'"{method} {path}')
        return [line for line in self.log.read_text(encoding="utf-8").splitlines() if pattern.search(line)]


def raw_manifest(name: str, *login: str) -> bytes:
    """A manifest as skopeo gets it."""
    return skopeo("inspect", "--raw", "--tls-verify=false", *login, f"docker://{name}")


def pull(name: str, folder: Path) -> None:
    """Pull all of an image: skopeo compares every digest."""
    skopeo("copy", "--all", "--preserve-digests", "--src-tls-verify=false", f"docker://{name}", f"dir:{folder}")


def skopeo(*arguments: str) -> bytes:
    """What skopeo prints."""
    ran = subprocess.run(["skopeo", "--insecure-policy", *arguments], capture_output=True, check=False, timeout=60)  # noqa: S603, S607
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout


@contextmanager
def running(folder: Path, *, password: bool = False) -> Iterator[DockerRegistry]:
    """Run one on a free port of this machine."""
    folder.mkdir()
    auth = ""
    if password:
        (folder / "htpasswd").write_text(f"{_HTPASSWD}\n", encoding="utf-8")
        auth = f"auth: {{htpasswd: {{realm: judges, path: {folder / 'htpasswd'}}}}}"
    config, log = folder / "config.yml", folder / "log"
    config.write_text(_CONFIG.format(storage=folder / "storage", auth=auth), encoding="utf-8")
    with log.open("wb") as output:
        process = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=output, stderr=output)  # noqa: S603, S607
    try:
        yield DockerRegistry(_address(log, process), log)
    finally:
        process.terminate()
        process.wait(10)


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r"listening on (127\.0\.0\.1:\d+)", log.read_text(encoding="utf-8"))
        if found:
            return found[1]
        time.sleep(0.02)
    raise AssertionError(log.read_text(encoding="utf-8"))
