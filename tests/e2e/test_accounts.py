"""One digest in two accounts and two regions: every stage but the first has no container engine to build with."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from ecr_fargate_constructs.local import toolkit
from tests.e2e.local_app import LocalApp, copy_sample, free_port
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER = "444455556666"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
_SECONDS = 120


@dataclass(frozen=True)
class Place:
    """An account and a region of the embedded AWS, and the stack there."""

    app: LocalApp
    stack: str
    account: str
    region: str

    def ask(self, service: str, operation: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on
        """What an operation answers here: the access key is the account."""
        client = boto3.client(
            service,
            endpoint_url=f"http://localhost:{self.app.port}",
            aws_access_key_id=self.account,
            aws_secret_access_key=self.app.memory.secret,
            region_name=self.region,
            config=Config(proxies={}),
        )
        with contextlib.closing(client):
            answer: dict[str, Any] = getattr(client, operation)(**options)
            return answer

    @property
    def repository(self) -> str:
        """Name of the stack's repository."""
        resources = self.ask("cloudformation", "describe_stack_resources", StackName=self.stack)["StackResources"]
        [name] = [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == "AWS::ECR::Repository"]
        return str(name)

    def digests(self) -> list[str]:
        """Digests of the images in the stack's repository."""
        return [
            each["imageDigest"] for each in self.ask("ecr", "list_images", repositoryName=self.repository)["imageIds"]
        ]

    def settle(self) -> list[str]:
        """Wait until the stack's service is deployed, and return the digest that each container of its tasks runs."""
        [cluster] = self.ask("ecs", "list_clusters")["clusterArns"]
        deadline = time.monotonic() + _SECONDS
        while True:
            [service] = self.ask("ecs", "list_services", cluster=cluster)["serviceArns"]
            [found] = self.ask("ecs", "describe_services", cluster=cluster, services=[service])["services"]
            states = {each.get("rolloutState") for each in found["deployments"]}
            if states == {"COMPLETED"}:
                break
            assert time.monotonic() < deadline, found["events"]
            time.sleep(0.5)
        assert found["runningCount"] == found["desiredCount"] == 2
        tasks = self.ask("ecs", "list_tasks", cluster=cluster)["taskArns"]
        described = self.ask("ecs", "describe_tasks", cluster=cluster, tasks=tasks)["tasks"]
        return [container["imageDigest"] for task in described for container in task["containers"]]


@pytest.fixture
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApp]:
    """The app, with its first stage deployed; taken down afterwards whatever happens."""
    folder = copy_sample(tmp_path_factory.mktemp("accounts") / "sample")
    shutil.copy(ROOT / "tests" / "e2e" / "accounts_app.py", folder / "app.py")
    made = LocalApp(folder, free_port())
    done = made.run("up", "Dev")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        yield made
    finally:
        made.run("down")
    assert not made.leftovers()


def _without_engine(folder: Path) -> str:
    """A search path with Node.js and Python, and nothing else."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    programs = {"node": shutil.which("node", path=toolkit.search_path()), "python3": sys.executable}
    for name, program in programs.items():
        assert program is not None
        wrapper = tools / name  # not a link: Python would not find its packages
        wrapper.write_text(f'#!/bin/sh\nexec {shlex.quote(program)} "$@"\n', encoding="utf-8")
        wrapper.chmod(0o755)
    for engine in ("docker", "podman", "finch", "nerdctl", "buildah"):
        assert shutil.which(engine, path=str(tools)) is None
    return str(tools)


def _cdk(app: LocalApp, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the CDK command line as a job of a pipeline would: with credentials, and without a container engine."""
    # CDK's report of an earlier synthesis would be counted again.
    shutil.rmtree(app.directory / "cdk.out", ignore_errors=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_", "DOCKER_"))}
    environment = {
        **kept,
        **app.credentials,
        "PATH": _without_engine(app.directory),
        "CDK_VALIDATION": "false",
        "CDK_DEFAULT_ACCOUNT": app.memory.account,
        "CDK_DEFAULT_REGION": app.memory.region,
        "NO_PROXY": "localhost,127.0.0.1",
        **variables,
    }
    program = [str(toolkit.find_toolkit(app.directory)), *arguments, "--no-notices"]
    return subprocess.run(program, capture_output=True, text=True, check=False, cwd=app.directory, env=environment)  # noqa: S603


def _bootstrap(app: LocalApp) -> None:
    own = app.memory.account
    assembly = ["--app", str(app.instance.assembly)]  # or the app would be synthesized for the other account
    done = _cdk(app, "bootstrap", f"aws://{own}/eu-west-1", *assembly)
    assert done.returncode == 0, done.stdout + done.stderr
    others = [f"aws://{OTHER}/us-east-1", f"aws://{OTHER}/eu-west-1"]
    trust = ["--trust", own, "--cloudformation-execution-policies", ADMINISTRATOR]
    done = _cdk(app, "bootstrap", *others, *trust, *assembly, AWS_ACCESS_KEY_ID=OTHER)
    assert done.returncode == 0, done.stdout + done.stderr


def _deploy(app: LocalApp, stack: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return _cdk(app, "deploy", stack, "--exclusively", "--require-approval", "never", **variables)


def test_one_digest_runs_in_two_accounts_and_two_regions(app: LocalApp) -> None:
    own = app.memory.account
    places = [
        Place(app, "Dev", own, "us-east-1"),
        Place(app, "Abroad", own, "eu-west-1"),
        Place(app, "Other", OTHER, "us-east-1"),
        Place(app, "OtherAbroad", OTHER, "eu-west-1"),
    ]
    locked = subprocess.run(  # noqa: S603 - our own command
        [
            str(Path(sys.executable).parent / "ecr-fargate"),
            "image",
            "lock",
            "web",
            "--stack",
            "Dev",
            "--format",
            "json",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=app.directory,
        env={**os.environ, "AWS_ENDPOINT_URL": f"http://localhost:{app.port}"},
    )
    assert locked.returncode == 0, locked.stdout + locked.stderr
    digest = json.loads(locked.stdout)["web"]["digest"]
    _bootstrap(app)

    refused = _deploy(app, "Other")
    output = " ".join((refused.stdout + refused.stderr).split())
    assert refused.returncode != 0, "the repository of another account has no policy for this one"
    assert f"not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:us-east-1:{own}" in output
    assert "because no resource-based policy allows the ecr:BatchGetImage action" in output

    admitted = _allow(app)
    assert admitted.returncode == 0, admitted.stdout + admitted.stderr
    for place in places[1:]:
        done = _deploy(app, place.stack, PULL_ACCOUNTS=OTHER)
        assert done.returncode == 0, done.stdout + done.stderr
    for place in places:
        assert place.settle() == [digest, digest], place.stack
        assert place.digests() == [digest], place.stack
    log = (app.state / "engine.log").read_text(encoding="utf-8")
    for place in places[2:]:
        pulled = f"localhost:{app.port}/{place.account}.dkr.ecr.{place.region}.amazonaws.com/shop/stage@{digest}"
        assert f"Trying to pull {pulled}" in log, "from its own registry, and not from what the engine has"


def _allow(app: LocalApp) -> subprocess.CompletedProcess[str]:
    """Deploy the first stage with a policy for the other account; its image is there already."""
    return _deploy(app, "Dev", PULL_ACCOUNTS=OTHER, CDK_DOCKER="/bin/false")
