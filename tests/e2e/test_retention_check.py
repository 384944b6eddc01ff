"""Retention against what runs: twelve versions, ten of them kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_app import LocalApp

POLICY = "ingress=PublicHttp("
MANIFEST = '{{"schemaVersion":2,"config":{{"digest":"sha256:{0:064x}"}},"layers":[]}}'


def _check(app: LocalApp, repository: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [str(Path(sys.executable).parent / "ecr-fargate"), "retention", "check", "--repository", repository],
        env={
            **os.environ,
            "AWS_ENDPOINT_URL": f"http://localhost:{app.port}",
            "AWS_ACCESS_KEY_ID": f"{app.port:012d}",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": "us-east-1",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_check_fails_when_the_policy_would_take_what_runs(faulty_app: LocalApp) -> None:
    app = faulty_app.directory / "app.py"
    text = app.read_text(encoding="utf-8").replace(
        "EcrFargateService,", "EcrFargateService, PrivateRepository, Retention,"
    )
    kept = f'repository=PrivateRepository(stack, "Repo", retention=Retention.keep_last(10)),\n    {POLICY}'
    app.write_text(text.replace(POLICY, kept), encoding="utf-8")
    done = faulty_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    [repository] = [
        item["repositoryName"]
        for item in faulty_app.ask("ecr", "describe_repositories")["repositories"]
        if "container-assets" not in item["repositoryName"]
    ]

    def push(versions: range) -> None:
        for number in versions:
            faulty_app.ask(
                "ecr",
                "put_image",
                repositoryName=repository,
                imageTag=f"v{number}",
                imageManifest=MANIFEST.format(number),
            )

    push(range(2, 11))  # what runs is the tenth youngest now
    done = _check(faulty_app, repository)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the policy takes none of them" in done.stdout

    push(range(11, 13))  # twelve versions: what runs is the oldest
    done = _check(faulty_app, repository)
    assert done.returncode == 1, done.stdout + done.stderr
    [image] = [
        detail
        for detail in faulty_app.ask("ecr", "describe_images", repositoryName=repository)["imageDetails"]
        if not detail["imageTags"][0].startswith("v")
    ]
    assert image["imageTags"][0] in done.stdout
    assert "rule 2 (expire images tagged * beyond the newest 10)" in done.stdout
    assert "used by service Web-" in done.stdout
    assert ", task " in done.stdout
