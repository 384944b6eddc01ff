"""The pipelines of examples/pipelines: what their jobs run, step by step, against the embedded AWS."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local import base_images
from ecr_fargate_constructs.local.podman import podman_environment
from ecr_fargate_constructs.local.toolkit import toolkit_environment
from tests.e2e.local_app import LocalApp, free_port
from tests.support import ROOT
from tests.support.pipelines import build_commands, commands, copy_of_the_example, template, workflow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

BASE = "public.ecr.aws/docker/library/python:3.13-slim"


@dataclass
class Runner:
    """Runs the commands of jobs as GitHub's runner does, each job in a fresh checkout.

    Other actions than commands are replaced: the checkout by a clone, Python and Node.js by those of the tests, and the
    credentials of a role by those of the embedded AWS.
    """

    app: LocalApp
    origin: Path
    folder: Path
    ran: list[tuple[str, str]] = field(default_factory=list)

    def checkout(self, ref: str = "main") -> Path:
        place = self.folder / f"checkout-{len(list(self.folder.iterdir()))}"
        git(self.folder, "clone", "--quiet", str(self.origin), str(place))
        git(place, "checkout", "--quiet", *(["main"] if ref == "main" else ["--detach", ref]))
        (place / "node_modules").symlink_to(ROOT / "node_modules")
        return place

    def environment(self, *, engine: bool) -> dict[str, str]:
        memory, instance = self.app.memory, self.app.instance
        stand_ins = base_images.provide(memory.engine, [BASE], podman_environment(instance), lambda _text: None)
        variables = toolkit_environment(instance, memory, stand_ins)
        variables |= {"PIP_NO_INDEX": "1", "npm_config_offline": "true", "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        return variables if engine else {**variables, "CDK_DOCKER": "false"}  # the program that only fails

    def job(
        self, name: str, *, ref: str = "main", engine: bool = False, inputs: Mapping[str, str] | None = None
    ) -> str:
        """Run a job, and return the commit that it has put out; "" if none."""
        place = self.checkout(ref)
        output = place / "output"
        output.touch()
        head = git(place, "rev-parse", "HEAD")
        runner = {"GITHUB_SHA": head, "GITHUB_REF_NAME": "main", "GITHUB_OUTPUT": str(output), "CI": "true"}
        for step in commands(name):
            given = {key: _filled(value, inputs or {}) for key, value in step.get("env", {}).items()}
            self.run(place, step["run"], {**self.environment(engine=engine), **runner, **given})
            self.ran.append((name, step["run"]))
        return output.read_text(encoding="utf-8").strip().removeprefix("commit=")

    def run(self, place: Path, script: str, variables: Mapping[str, str]) -> str:
        """Run a script, and return what it prints."""
        done = subprocess.run(  # noqa: S603 - the commands of the example
            ["bash", "-e", "-c", script],  # noqa: S607 - as GitHub's runner does without `shell:`
            cwd=place,
            env=dict(variables),
            capture_output=True,
            text=True,
            check=False,
        )
        printed = done.stdout + done.stderr
        assert done.returncode == 0, f"{script}\n{printed}"
        return printed

    def cdk(self, command: str, *, ref: str = "main") -> str:
        """Run the CDK's command line in a fresh checkout, without a container engine."""
        return self.run(
            self.checkout(ref), f"npx --yes aws-cdk@2.1148.1 --no-notices {command}", self.environment(engine=False)
        )

    def lock(self) -> dict[str, Any]:
        entry: dict[str, Any] = json.loads(git(self.origin, "show", "main:images.lock.json"))["images"]["web"]
        return entry

    def digest(self, stack: str) -> str:
        """The digest that the tasks of a stack's last deployment run; "" if there is none yet."""
        resources = self.app.ask("cloudformation", "describe_stack_resources", StackName=stack)["StackResources"]
        [service] = [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == "AWS::ECS::Service"]
        cluster = service.split("/")[-2]
        [now] = self.app.ask("ecs", "describe_services", cluster=cluster, services=[service])["services"]
        tasks = self.app.ask("ecs", "list_tasks", cluster=cluster)["taskArns"]
        described = self.app.ask("ecs", "describe_tasks", cluster=cluster, tasks=tasks)["tasks"]
        deployed = [task for task in described if task["taskDefinitionArn"] == now["taskDefinition"]]
        digests = {container.get("imageDigest", "") for task in deployed for container in task["containers"]}
        assert len(digests) <= 1, digests
        return "".join(digests)


def git(place: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Tests", "-c", "user.email=tests@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *identity, *arguments], cwd=place, capture_output=True, text=True, check=False)  # noqa: S603, S607
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _filled(value: str, inputs: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ inputs\.(\w+) }}", lambda match: inputs[match[1]], value)


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    """A repository with the example, and an embedded AWS that is bootstrapped."""
    source = copy_of_the_example(tmp_path / "source")
    git(source, "init", "--quiet")
    git(source, "add", ".")
    git(source, "commit", "--quiet", "--message", "The shop")
    git(tmp_path, "clone", "--quiet", "--bare", str(source), "origin.git")
    (tmp_path / "jobs").mkdir()
    app = LocalApp(source, free_port())
    started = app.run("start", "--clock", "60")  # CloudFormation waits for a deployment, as on AWS
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        made = Runner(app, tmp_path / "origin.git", tmp_path / "jobs")
        environment = f"aws://{app.instance.account}/{app.instance.region}"
        made.run(made.checkout(), f"npx --yes aws-cdk@2.1148.1 bootstrap {environment}", made.environment(engine=True))
        yield made
    finally:
        app.run("down")
    assert not app.leftovers()


def test_the_jobs_deploy_lock_promote_and_roll_back(runner: Runner) -> None:
    runner.job("dev", engine=True)
    first = runner.job("lock")
    assert first == git(runner.origin, "rev-parse", "main")
    lock = runner.lock()
    assert lock["deployedTo"] == ["Dev-Shop"]
    assert lock["revision"] == git(runner.origin, "rev-parse", "main~1")
    runner.cdk("publish-assets --unstable=publish-assets 'Prod/*'")
    assert _repositories(runner) == {"shop/dev"}, "the assets of Prod are published, and no image is copied"
    runner.job("prod", ref=first)
    assert runner.digest("Prod-Shop") == runner.digest("Dev-Shop") == lock["digest"]

    place = runner.checkout()
    page = place / "app" / "index.html"
    page.write_text("<p>The second version</p>\n", encoding="utf-8")
    git(place, "commit", "--quiet", "--all", "--message", "The second version")
    git(place, "push", "--quiet", "origin", "main")
    runner.job("dev", engine=True)
    second = runner.job("lock")
    assert runner.lock()["digest"] != lock["digest"]
    difference = runner.cdk("diff 'Prod/*'")
    assert difference.count(f"@{lock['digest']}") == difference.count(f"@{runner.lock()['digest']}") == 2
    runner.job("prod", ref=second)
    assert runner.digest("Prod-Shop") == runner.lock()["digest"]

    back = runner.job("rollback", inputs={"lock_of": first})
    assert runner.lock() == lock
    runner.job("prod", ref=back)
    assert runner.digest("Prod-Shop") == lock["digest"] != runner.digest("Dev-Shop")
    assert {*runner.ran} == {(job, step["run"]) for job in workflow()["jobs"] for step in commands(job)}

    _run_the_builds_of_code_pipeline(runner)
    assert runner.lock()["digest"] == runner.digest("Dev-Shop"), "Dev is locked again, by the other pipeline"
    assert "Resources still stabilizing" in runner.cdk("deploy 'Prod/*' --express --require-approval never")
    assert runner.digest("Prod-Shop") in {runner.lock()["digest"], ""}, "none yet, or that of the lock"


def _repositories(runner: Runner) -> set[str]:
    """Repositories but those of the CDK's bootstrap."""
    found = runner.app.ask("ecr", "describe_repositories")["repositories"]
    return {each["repositoryName"] for each in found if not each["repositoryName"].startswith("cdk-")}


def _run_the_builds_of_code_pipeline(runner: Runner) -> None:
    """The commands of its projects that are the example's own: to synthesize, and to lock."""
    place = runner.checkout()
    variables = runner.environment(engine=False)
    runner.run(place, "npx --yes aws-cdk@2.1148.1 synth --quiet --app 'python3 code_pipeline.py'", variables)
    stack = template(place / "cdk.out", "DevPipeline")
    builds = {project: build_commands(stack, project) for project in ("Synth", "Lock")}
    version = {"CODEBUILD_RESOLVED_SOURCE_VERSION": git(place, "rev-parse", "HEAD")}
    for project, own in builds.items():
        assert own, project
        for command in own:
            runner.run(place, command, {**variables, **version})
