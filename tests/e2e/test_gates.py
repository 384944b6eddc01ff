"""Each gate refuses an image, with the image, the stage and the finding in the reason, and lets it pass afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.local_app import LocalApp, copy_sample, free_port
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PROFILE = "arn:aws:signer:us-east-1:111122223333:/signing-profiles/shop"


@pytest.fixture
def app(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalApp]:
    """The app, with its first stage deployed; taken down afterwards whatever happens."""
    monkeypatch.setenv("STAGES", "")
    folder = copy_sample(tmp_path_factory.mktemp("gates") / "sample")
    shutil.copy(ROOT / "tests" / "e2e" / "gates_app.py", folder / "app.py")
    made = LocalApp(folder, free_port())
    done = made.run("up", "Dev")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        yield made
    finally:
        made.run("down")
    assert not made.leftovers()


def _lock(app: LocalApp, *options: str) -> str:
    """Lock the image that Dev runs, and return its digest."""
    done = subprocess.run(  # noqa: S603 - our own command
        [str(Path(sys.executable).parent / "ecr-fargate"), "image", "lock", "web", "--format", "json", *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=app.directory,
        env={**os.environ, "AWS_ENDPOINT_URL": f"http://localhost:{app.port}"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return str(json.loads(done.stdout)["web"]["digest"])


def _seed(app: LocalApp, **seeds: Any) -> None:  # noqa: ANN401 - JSON
    file = app.directory / "verdicts.json"
    file.write_text(json.dumps(seeds), encoding="utf-8")
    done = app.run("seed", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


def _refusal(app: LocalApp, stack: str) -> str:
    """Deploy a stack that is refused, and return what is said about it."""
    done = app.run("up", stack)
    assert done.returncode != 0, f"{stack} was deployed"
    return " ".join((done.stdout + done.stderr).split())


def _passes(app: LocalApp, stack: str, digest: str) -> None:
    done = app.run("up", stack)
    assert done.returncode == 0, done.stdout + done.stderr
    [image] = app.ask("ecr", "list_images", repositoryName=f"shop/{stack.lower()}")["imageIds"]
    assert image["imageDigest"] == digest
    assert image["imageTag"], "it has its tag, which it gets after the gates"


def test_each_gate_refuses_and_lets_pass(app: LocalApp, monkeypatch: pytest.MonkeyPatch) -> None:
    [image] = app.ask("ecr", "list_images", repositoryName="shop/dev")["imageIds"]
    registry = f"{app.port:012d}.dkr.ecr.us-east-1.amazonaws.com"
    digest = _lock(app, "--image", f"{registry}/shop/dev:{image['imageTag']}")
    assert digest == image["imageDigest"]

    def refused(gate: str, stack: str, why: str) -> None:
        reason = f"the gate {gate} refuses shop/dev@{digest} for {registry}/shop/{stack.lower()}: {why}"
        monkeypatch.setenv("STAGES", stack)
        assert reason in _refusal(app, stack)

    monkeypatch.setenv("STAGES", "Deployed")
    assert (
        f"the gate DeployedTo('Dev') refuses the image 'web' ({digest}): images.lock.json names no stack; deploy it "
        "there, then run 'ecr-fargate image lock web --stack Dev'"
    ) in _refusal(app, "Deployed")
    assert _lock(app, "--stack", "Dev") == digest
    _passes(app, "Deployed", digest)

    _seed(app, findings={digest: "UNSUPPORTED_IMAGE"})
    refused("Scanned", "Scanned", "ECR's scan is UNSUPPORTED_IMAGE: UnsupportedImageError: ")
    _seed(app, findings={digest: {"CVE-2026-0001": "CRITICAL", "CVE-2026-0002": "LOW"}})
    _passes(app, "Scanned", digest)

    finding = "1 finding of severity HIGH or CRITICAL: CVE-2026-0001 (CRITICAL)"
    refused("NoFindings", "NoFindings", finding)
    _seed(app, findings={digest: {"CVE-2026-0002": "LOW"}})
    _passes(app, "NoFindings", digest)

    _seed(app, signatures={f"shop/dev@{digest}": PROFILE.replace("/shop", "/another")})
    refused("SignedBy", "Signed", f"ECR's status for {PROFILE} is not signed")
    _seed(app, signatures={f"shop/dev@{digest}": [PROFILE]})
    _passes(app, "Signed", digest)
