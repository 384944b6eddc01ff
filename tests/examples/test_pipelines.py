"""The pipelines of examples/pipelines: they synthesize, they are linted, and they may do no more than they need."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs._rules.lock_file import LockedImage, write_lock
from tests.support import ROOT
from tests.support.linting import actionlint, cfn_lint
from tests.support.pipelines import (
    FOLDER,
    WORKFLOW,
    build_commands,
    copy_of_the_example,
    synthesize,
    template,
    workflow,
)
from tests.support.templates import of_type

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

WEB = LockedImage(
    name="web",
    repository="111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/dev",
    digest=f"sha256:{'a' * 64}",
    tag="v1",
    architectures=("amd64",),
    revision="abc",
    locked_at="2026-11-29T12:00:00Z",
    deployed_to=("Dev-Shop",),
)
PROJECT = "AWS::CodeBuild::Project"
CHANGES = {"dev": "id-token", "lock": "id-token contents", "rollback": "contents", "prod": "id-token"}
"""What each job may write."""

Template = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example after the first lock."""
    copied = copy_of_the_example(tmp_path_factory.mktemp("pipelines") / "shop")
    write_lock(copied / "images.lock.json", {"web": WEB})
    return copied


@pytest.fixture(scope="module")
def pipelines(folder: Path) -> Path:
    return synthesize(folder, "code_pipeline")


@pytest.fixture(scope="module")
def roles(folder: Path) -> Path:
    return synthesize(folder, "github_roles")


def _stages(of: Template) -> dict[str, list[str]]:
    """The actions of each stage in the order in which they run, without the stage that updates the pipeline."""
    [pipeline] = of_type(of, "AWS::CodePipeline::Pipeline").values()
    return {
        stage["Name"]: [action["Name"] for action in sorted(stage["Actions"], key=lambda each: each["RunOrder"])]
        for stage in pipeline["Properties"]["Stages"]
        if stage["Name"] != "UpdatePipeline"
    }


def _privileged(of: Template) -> list[str]:
    """Projects that may run a container engine."""
    return [name for name, each in of_type(of, PROJECT).items() if each["Properties"]["Environment"]["PrivilegedMode"]]


def _statements(of: Template, role: str) -> list[dict[str, Any]]:
    return [
        statement
        for name, policy in of_type(of, "AWS::IAM::Policy").items()
        if role in name
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def _actions(statements: list[dict[str, Any]]) -> set[str]:
    return {
        action
        for each in statements
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    }


def _filter_of_pushes(of: Template) -> dict[str, Any]:
    [pipeline] = of_type(of, "AWS::CodePipeline::Pipeline").values()
    [trigger] = pipeline["Properties"]["Triggers"]
    [pushes] = trigger["GitConfiguration"]["Push"]
    return dict(pushes)


def test_one_pipeline_ends_with_the_lock_and_the_other_one_begins_with_it(pipelines: Path) -> None:
    first, second = template(pipelines, "DevPipeline"), template(pipelines, "ProdPipeline")
    assert list(_stages(first)) == ["Source", "Build", "Assets", "Dev"]
    assert _stages(first)["Dev"] == ["Shop.Prepare", "Shop.Deploy", "Lock"]
    assert list(_stages(second)) == ["Source", "Build", "Assets", "Prod"]
    assert _stages(second)["Prod"] == ["Approve", "Shop.Prepare", "Shop.Deploy"]
    assert _filter_of_pushes(first)["FilePaths"] == {"Excludes": ["images.lock.json"]}
    assert _filter_of_pushes(second)["FilePaths"] == {"Includes": ["images.lock.json"]}


def test_a_container_engine_runs_where_the_image_of_dev_is_built_and_nowhere_else(pipelines: Path) -> None:
    [builds] = _privileged(template(pipelines, "DevPipeline"))
    assert "DockerAsset" in builds
    assert _privileged(template(pipelines, "ProdPipeline")) == []
    manifest = json.loads(next(pipelines.rglob("ProdPipelineProd*.assets.json")).read_text(encoding="utf-8"))
    assert manifest["files"]
    assert not manifest.get("dockerImages")


def test_before_the_first_lock_there_is_one_pipeline(tmp_path: Path) -> None:
    assembly = synthesize(copy_of_the_example(tmp_path / "shop"), "code_pipeline")
    assert {file.name for file in assembly.glob("*Pipeline.template.json")} == {"DevPipeline.template.json"}


def test_nothing_is_looked_up_so_no_step_that_synthesizes_needs_credentials(pipelines: Path) -> None:
    manifests = list(pipelines.rglob("manifest.json"))
    assert len(manifests) == 3
    assert not any("missing" in json.loads(file.read_text(encoding="utf-8")) for file in manifests)


def test_who_uses_the_connection_may_by_the_name_of_its_service(pipelines: Path) -> None:
    """The ARN of a connection begins with ``codeconnections`` since 2024; CDK allows the older action only."""
    for stack in ("DevPipeline", "ProdPipeline"):
        policies = of_type(template(pipelines, stack), "AWS::IAM::Policy").values()
        allowed = [_actions(each["Properties"]["PolicyDocument"]["Statement"]) for each in policies]
        users = [each for each in allowed if "codestar-connections:UseConnection" in each]
        assert users
        assert all("codeconnections:UseConnection" in each for each in users)


def test_the_lock_step_may_push(pipelines: Path) -> None:
    projects = of_type(template(pipelines, "DevPipeline"), PROJECT)
    [spec] = [each["Properties"]["Source"]["BuildSpec"] for name, each in projects.items() if "Lock" in name]
    assert json.loads(spec)["env"] == {"git-credential-helper": "yes"}


def test_the_lock_step_may_do_what_the_command_asks_and_nothing_else(pipelines: Path) -> None:
    first = template(pipelines, "DevPipeline")
    assert build_commands(first, "Lock")[1].startswith("ecr-fargate image lock web --stack Dev-Shop ")
    own = [each for each in _statements(first, "Lock") if _actions([each]) & _asked_by_the_command()]
    assert _actions(own) == _asked_by_the_command()
    assert _everywhere(own) == {"ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition"}


def _asked_by_the_command() -> set[str]:
    """The permissions that ``image lock`` names when one is missing, and the one that the registry asks of it."""
    source = ROOT / "src" / "ecr_fargate_constructs" / "tools"
    files = [*(source / "lock").glob("*.py"), source / "aws_calls.py"]
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    return {
        name
        for name in re.findall(r"\b((?:cloudformation|ecr|ecs):[A-Z]\w+)", text)
        if name != "cloudformation:DescribeStacks"
    }


def _everywhere(statements: list[dict[str, Any]]) -> set[str]:
    return _actions([each for each in statements if each["Resource"] == "*"])


def test_the_roles_of_github_are_taken_with_a_token_and_take_roles_of_the_bootstrap(roles: Path) -> None:
    for stack, account, may in (
        ("DevRole", "111122223333", ["deploy", "file-publishing", "image-publishing", "lookup"]),
        ("ProdRole", "444455556666", ["deploy", "file-publishing", "lookup"]),
    ):
        found = template(roles, stack)
        [role] = of_type(found, "AWS::IAM::Role").values()
        [trust] = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        environment = stack.removesuffix("Role").lower()
        assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert trust["Condition"] == {
            "StringEquals": {
                "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                "token.actions.githubusercontent.com:sub": f"repo:example@123456/shop@456789:environment:{environment}",
            }
        }
        statements = _statements(found, "")
        [taken] = [each for each in statements if each["Action"] == "sts:AssumeRole"]
        assert taken["Resource"] == [
            f"arn:aws:iam::{account}:role/cdk-hnb659fds-{name}-role-{account}-eu-west-1" for name in may
        ]
        rest = _asked_by_the_command() if stack == "DevRole" else set()
        assert _actions(statements) == {"sts:AssumeRole", *rest}
        assert f"arn:aws:iam::{account}:role/{role['Properties']['RoleName']}" in WORKFLOW.read_text(encoding="utf-8")


def test_cfn_lint_finds_nothing(pipelines: Path, roles: Path) -> None:
    assert not cfn_lint([*roles.rglob("*.template.json")])
    # E3703 makes an error of the advice to write Fn::Sub for the Fn::Join of CDK Pipelines' role.
    assert not cfn_lint([*pipelines.glob("*.template.json")], ignored=["E3703"])
    # W3010: CDK names the zones of a stack whose account and region it knows.
    assert not cfn_lint([*pipelines.glob("*/*.template.json")], ignored=["W3010"])


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    assert actionlint(WORKFLOW) == []
    faulty = tmp_path / "faulty.yml"
    faulty.write_text(
        WORKFLOW.read_text("utf-8").replace("needs.lock.outputs.commit", "needs.dev.outputs.commit"), "utf-8"
    )
    assert [finding["kind"] for finding in actionlint(faulty)] == ["expression"]


def test_the_workflow_trusts_no_moving_version_and_stores_no_key() -> None:
    text = WORKFLOW.read_text(encoding="utf-8")
    used = re.findall(r"uses: (\S+)( # v\d+\.\d+\.\d+)?$", text, re.MULTILINE)
    assert len(used) == text.count("uses:") == 12
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) and version for action, version in used)
    assert len(dict(used)) == 4, "an action has one version"
    assert "secrets." not in text
    assert "access-key" not in text.replace("access key", "")


def test_a_job_may_write_what_it_has_to() -> None:
    read = workflow()
    assert read["permissions"] == {"id-token": "write", "contents": "read"}
    for name, job in read["jobs"].items():
        may = job.get("permissions", read["permissions"])
        assert " ".join(key for key, value in may.items() if value == "write") == CHANGES[name]
        takes_a_role = any("configure-aws-credentials" in step.get("uses", "") for step in job["steps"])
        assert takes_a_role == ("id-token" in CHANGES[name])
        assert ("environment" in job) == takes_a_role, "the role is that of an environment"
    assert read["jobs"]["prod"]["environment"] == "prod"


def test_text_that_others_write_reaches_no_command_as_part_of_it() -> None:
    for job in workflow()["jobs"].values():
        assert not any("${{" in step.get("run", "") for step in job["steps"])


def test_the_versions_are_those_of_this_project() -> None:
    pinned = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]["aws-cdk"]
    texts = {file.name: file.read_text(encoding="utf-8") for file in (WORKFLOW, FOLDER / "code_pipeline.py")}
    assert set(re.findall(r"aws-cdk@(\S+)", texts["deploy.yml"])) == {pinned}
    assert f'CDK = "{pinned}"' in texts["code_pipeline.py"]
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    assert (FOLDER / "requirements.txt").read_text("utf-8") == f"ecr-fargate-constructs[local]=={version[1]}\n"
