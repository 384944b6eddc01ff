"""Direct delivery, for real: the first run, a code change, a hotswap. The tests build on each other."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.local_app import LocalApp, copy_sample, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GREETING = "Hello from a private ECR repository!"
EDITED = "Hello again, pushed directly!"
SWAPPED = "Hello, hotswapped!"
PROGRAM = """
import aws_cdk as cdk

from ecr_fargate_constructs import EcrFargateService, ImageRepositoryStack, PublicHttp

app = cdk.App()
images = ImageRepositoryStack(app, "WebImages")
stack = cdk.Stack(app, "Web", synthesizer=images.synthesizer())
EcrFargateService(
    stack, "Web", directory="./app", container_port=8080, ingress=PublicHttp(), repository=images.repository
)
app.synth()
"""


@pytest.fixture(scope="module")
def direct_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApp]:
    app = LocalApp(copy_sample(tmp_path_factory.mktemp("direct") / "sample"), free_port())
    (app.directory / "app.py").write_text(PROGRAM, encoding="utf-8")
    yield app
    app.end()


def _repositories(app: LocalApp) -> dict[str, list[dict[str, Any]]]:
    """Images of each repository."""
    names = [item["repositoryName"] for item in app.ask("ecr", "describe_repositories")["repositories"]]
    return {
        "assets" if "container-assets" in name else name: app.ask("ecr", "describe_images", repositoryName=name)[
            "imageDetails"
        ]
        for name in names
    }


def _template(app: LocalApp, stack: str) -> dict[str, Any]:
    template = app.ask("cloudformation", "get_template", StackName=stack)["TemplateBody"]
    found: dict[str, Any] = template if isinstance(template, dict) else json.loads(template)
    return dict(found["Resources"])


def test_the_first_run_pushes_into_the_new_repository_and_answers(direct_app: LocalApp) -> None:
    done = direct_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert direct_app.get() == (200, f"{GREETING}\n")
    repositories = _repositories(direct_app)
    assert repositories["assets"] == []
    [image] = repositories["webimages"]
    expected = f"{direct_app.port:012d}.dkr.ecr.us-east-1.amazonaws.com/webimages@{image['imageDigest']}"
    assert direct_app.containers() == [expected] * 2
    command = next(line for line in _log(direct_app) if line.startswith("$ cdk deploy"))
    assert command.endswith("--require-approval never --all")


def test_a_code_change_changes_the_task_definition_alone(direct_app: LocalApp) -> None:
    before = {stack: _template(direct_app, stack) for stack in ("WebImages", "Web")}
    direct_app.edit(GREETING, EDITED)
    done = direct_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert direct_app.get() == (200, f"{EDITED}\n")
    after = {stack: _template(direct_app, stack) for stack in ("WebImages", "Web")}
    assert after["WebImages"] == before["WebImages"]
    changed = {after["Web"][name]["Type"] for name in after["Web"] if before["Web"][name] != after["Web"][name]}
    assert changed == {"AWS::ECS::TaskDefinition"}
    repositories = _repositories(direct_app)
    assert (len(repositories["assets"]), len(repositories["webimages"])) == (0, 2)


def test_a_hotswap_serves_a_code_change_without_cloudformation(direct_app: LocalApp) -> None:
    before = _template(direct_app, "Web")
    direct_app.edit(EDITED, SWAPPED)
    done = direct_app.run("cdk", "deploy", "Web", "--hotswap")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hotswapped!" in done.stdout
    assert direct_app.get() == (200, f"{SWAPPED}\n")
    assert _template(direct_app, "Web") == before


def test_without_the_dependency_of_the_manifest_the_first_run_fails(direct_app: LocalApp, tmp_path: Path) -> None:
    """The dependency is what makes the first run work: a command line that no longer needs it would be noticed."""
    program = direct_app.directory / "other.py"
    program.write_text(PROGRAM.replace('"Web', '"Other'), encoding="utf-8")
    assembly = tmp_path / "cdk.out"
    done = direct_app.run("cdk", "synth", "--quiet", "--app", "python3 other.py", "--output", str(assembly))
    assert done.returncode == 0, done.stdout + done.stderr
    manifest = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["artifacts"]["Other.assets"].pop("dependencies") == ["OtherImages"]
    (assembly / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    done = direct_app.run("cdk", "deploy", "--all", "--require-approval", "never", "--app", str(assembly))
    assert done.returncode == 1
    # The role that publishes may ask for repositories that admit it: for one that is missing, IAM refuses the question.
    assert "Failed to build asset Other/Image/Asset" in done.stdout + done.stderr
    shutil.rmtree(assembly)


def test_down_leaves_nothing(direct_app: LocalApp) -> None:
    assert direct_app.run("down").returncode == 0
    assert not direct_app.leftovers()


def _log(app: LocalApp) -> list[str]:
    log = app.state / "cdk.log"
    return log.read_text(encoding="utf-8").splitlines()
