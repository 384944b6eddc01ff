"""The retention commands, against files and against a stand-in for AWS."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from ecr_fargate_constructs import ArchiveOlderThan, Retention
from ecr_fargate_constructs.cli import retention as retention_cli
from ecr_fargate_constructs.local.aws_clients import aws_client
from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.retention.usage import images_in_use

if TYPE_CHECKING:
    from pathlib import Path

URI = "111122223333.dkr.ecr.us-east-1.amazonaws.com/team/web"
NOW = datetime.now(timezone.utc)


def _details(count: int) -> list[dict[str, Any]]:
    """Images v1 (the oldest) to vN."""
    return [
        {
            "imageTags": [f"v{number}"],
            "imageDigest": f"sha256:{number:064x}",
            "imagePushedAt": NOW - timedelta(days=count - number),
        }
        for number in range(1, count + 1)
    ]


class FakeAws:
    """ECR and ECS with one repository, one service and its tasks; every page holds one item."""

    def __init__(self, *, images: int = 12, runs: str = "v12", tasks: str | None = None, denied: str = "") -> None:
        self.images, self.runs, self.tasks, self.denied = _details(images), runs, tasks, denied
        self.policy = Retention.keep_last(10).policy_text()

    def get_paginator(self, operation: str) -> Any:  # noqa: ANN401 - as boto3
        class Paginator:
            @staticmethod
            def paginate(**options: str) -> list[dict[str, Any]]:
                if self.denied == operation:
                    raise ClientError({"Error": {"Code": "AccessDeniedException"}}, operation)
                return self._pages(operation, options)

        return Paginator

    def _pages(self, operation: str, options: dict[str, str]) -> list[dict[str, Any]]:
        arn = "arn:aws:ecs:us-east-1:111122223333:"
        items: dict[str, tuple[str, list[Any]]] = {
            "describe_images": ("imageDetails", self.images),
            "list_clusters": ("clusterArns", ["c1"]),
            "list_services": ("serviceArns", ["s1"]),
            "list_tasks": ("taskArns", ["a/task/c1/t1"] if self.tasks else []),
            "list_task_definitions": (
                "taskDefinitionArns",
                [f"{arn}task-definition/{name}" for name in ("web:1", "web:2", "web:3", "web-other:2")],
            ),
        }
        if operation == "list_task_definitions":
            assert options == {"familyPrefix": "web", "status": "ACTIVE"}
        key, found = items[operation]
        return [{key: [item]} for item in found] or [{key: []}]

    def describe_repositories(self, **_: object) -> dict[str, Any]:
        return {"repositories": [{"repositoryUri": URI}]}

    def get_lifecycle_policy(self, **_: object) -> dict[str, Any]:
        return {"lifecyclePolicyText": self.policy}

    def describe_services(self, **_: object) -> dict[str, Any]:
        definition = "arn:aws:ecs:us-east-1:111122223333:task-definition/web:3"
        service = {"serviceName": "web", "status": "ACTIVE", "taskDefinition": definition, "deployments": []}
        return {"services": [service, {"serviceName": "gone", "status": "INACTIVE"}]}

    def describe_tasks(self, **_: object) -> dict[str, Any]:
        container = {"image": f"{URI}:{self.tasks}", "imageDigest": f"sha256:{int((self.tasks or 'v0')[1:]):064x}"}
        return {"tasks": [{"taskArn": "a/task/c1/t1", "taskDefinitionArn": "x", "containers": [container]}]}

    def describe_task_definition(self, *, taskDefinition: str) -> dict[str, Any]:  # noqa: N803 - AWS's word
        tag = {"3": self.runs, "2": "v11"}[taskDefinition.rpartition(":")[2]]
        images = [f"{URI}:{tag}", "public.ecr.aws/nginx/nginx:1", f"{URI}-other:{tag}"]
        return {"taskDefinition": {"containerDefinitions": [{"image": image} for image in images]}}


def _run(monkeypatch: pytest.MonkeyPatch, aws: FakeAws | None, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(retention_cli, "aws_client", lambda *_: aws)
    monkeypatch.setenv("COLUMNS", "300")
    result = CliRunner().invoke(retention_cli.retention, list(arguments), catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def _files(folder: Path) -> tuple[Path, Path]:
    policy, images = folder / "policy.json", folder / "images.json"
    policy.write_text(Retention.keep_last(10).policy_text(), encoding="utf-8")
    images.write_text(json.dumps({"imageDetails": _details(12)}, default=str), encoding="utf-8")
    return policy, images


def test_simulate_shows_what_goes_and_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    policy, images = _files(tmp_path)
    code, output = _run(monkeypatch, None, "simulate", "--policy", str(policy), "--images", str(images))
    assert code == 0
    assert "10 kept, 0 archived, 2 expired" in output
    assert "rule 2 (expire images tagged * beyond the newest 10)" in output


def test_simulate_prints_json_and_draws_a_picture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    policy, images = _files(tmp_path)
    picture = tmp_path / "plan.svg"
    options = ("--policy", str(policy), "--images", str(images), "--format", "json", "--svg", str(picture))
    code, output = _run(monkeypatch, None, "simulate", *options)
    assert code == 0
    assert [item["tags"] for item in json.loads(output) if item["outcome"] == "expired"] == [["v2"], ["v1"]]
    drawn = ET.parse(picture).getroot()  # noqa: S314 - our own file
    circles = drawn.findall("{http://www.w3.org/2000/svg}circle")
    assert len(circles) == 3 + 12  # the legend and the images


def test_a_policy_is_read_from_any_template(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _, images = _files(tmp_path)
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}
    text = json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]})
    resources = {
        "Theirs": {"Type": "AWS::ECR::Repository", "Properties": {"LifecyclePolicy": {"LifecyclePolicyText": text}}},
        "Bare": {"Type": "AWS::ECR::Repository", "Properties": {}},
    }
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "A.template.json").write_text(json.dumps({"Resources": resources}), encoding="utf-8")
    code, output = _run(monkeypatch, None, "simulate", "--template", str(tmp_path / "out"), "--images", str(images))
    assert code == 0
    assert "1 kept, 0 archived, 11 expired" in output


def test_simulate_reads_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = _run(monkeypatch, FakeAws(), "simulate", "--repository", "team/web")
    assert code == 0
    assert "10 kept, 0 archived, 2 expired" in output


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (("simulate",), "one source of images is needed"),
        (("simulate", "--images", "{images}"), "no policy is given"),
        (("simulate", "--images", "{images}", "--policy", "{policy}", "--template", "{policy}"), "twice"),
        (("simulate", "--images", "{policy}", "--policy", "{policy}"), "holds no list of images"),
        (("simulate", "--images", "{images}", "--policy", "{images}"), "is not an ECR lifecycle policy"),
        (("simulate", "--images", "{images}", "--template", "{images}"), "no repository with a lifecycle policy"),
    ],
)
def test_what_is_missing_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: tuple[str, ...], wrong: str
) -> None:
    policy, images = _files(tmp_path)
    filled = [argument.format(policy=policy, images=images) for argument in arguments]
    with pytest.raises(ToolError, match=wrong):
        _run(monkeypatch, None, *filled)


def test_a_region_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(ToolError, match="You must specify a region") as refused:
        aws_client("ecr", None)
    assert refused.value.fix == "set AWS_REGION, or choose a profile"
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert aws_client("ecr", None).meta.region_name == "eu-north-1"
    assert aws_client("ecr", None).meta.config.retries["total_max_attempts"] == 11
    assert aws_client("ecr", "http://127.0.0.1:9").meta.config.retries["total_max_attempts"] == 3, "it says so at once"


def test_check_passes_while_what_runs_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = _run(monkeypatch, FakeAws(tasks="v12"), "check", "--repository", "team/web")
    assert (code, output) == (0, "2 images of team/web are in use, and the policy keeps all of them\n")


def test_check_names_the_image_the_user_and_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = FakeAws(runs="v1", tasks="v2")
    code, output = _run(monkeypatch, aws, "check", "--repository", "team/web", "--cluster", "c1")
    assert code == 1
    assert output.splitlines() == [
        "v2: expired because of rule 2 (expire images tagged * beyond the newest 10); used by task t1",
        "v1: expired because of rule 2 (expire images tagged * beyond the newest 10); used by service web",
    ]
    code, output = _run(monkeypatch, aws, "check", "--repository", "team/web", "--format", "json")
    assert code == 1
    assert [(item["tags"], item["users"]) for item in json.loads(output)] == [
        (["v2"], ["task t1"]),
        (["v1"], ["service web"]),
    ]


def test_check_names_an_image_that_would_be_archived(monkeypatch: pytest.MonkeyPatch) -> None:
    """An archived image cannot be pulled."""
    aws = FakeAws(runs="v2")
    aws.policy = Retention([ArchiveOlderThan(9, tag_prefixes=["v"])]).policy_text()
    code, output = _run(monkeypatch, aws, "check", "--repository", "team/web")
    assert code == 1
    assert output.startswith("v2: archived because of rule 1")
    assert output.endswith("used by service web\n")


def test_an_image_that_another_stage_runs_counts_by_its_lock_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def entry(repository: str, number: int) -> dict[str, Any]:
        digest = f"sha256:{number:064x}"
        return {"repository": repository, "digest": digest, "tag": f"v{number}", "architectures": ["amd64"]}

    lock = tmp_path / "images.lock.json"
    elsewhere = URI.replace("team/web", "other")
    images = {"web": entry(URI, 1), "gone": entry(URI, 99), "other": entry(elsewhere, 2)}
    lock.write_text(json.dumps({"version": 1, "images": images}), encoding="utf-8")
    code, output = _run(monkeypatch, FakeAws(), "check", "--repository", "team/web", "--lock", str(lock))
    assert code == 1
    assert output.splitlines() == [
        "v1: expired because of rule 2 (expire images tagged * beyond the newest 10); used by web of images.lock.json",
        f"sha256:{99:064x}: no longer in team/web; used by gone of images.lock.json",
    ]
    lock.write_text("{}", encoding="utf-8")
    with pytest.raises(ToolError, match="is not a lock file"):
        _run(monkeypatch, FakeAws(), "check", "--repository", "team/web", "--lock", str(lock))


def test_the_previous_revision_counts_as_in_use() -> None:
    usages = images_in_use(FakeAws(), URI, None)
    assert {usage.reference: usage.users for usage in usages} == {
        "v11": ("previous revision of service web",),
        "v12": ("service web",),
    }


def test_an_image_that_is_in_use_by_tag_and_by_digest_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = _run(monkeypatch, FakeAws(runs="v2", tasks="v2"), "check", "--repository", "team/web")
    assert code == 1
    assert output.splitlines() == [
        "v2: expired because of rule 2 (expire images tagged * beyond the newest 10); used by service web, task t1"
    ]


def test_an_image_that_is_gone_already_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = FakeAws(runs="v99")
    assert _run(monkeypatch, aws, "check", "--repository", "team/web") == (
        1,
        "v99: no longer in team/web; used by service web\n",
    )
    code, output = _run(monkeypatch, aws, "check", "--repository", "team/web", "--format", "json")
    assert (code, json.loads(output)) == (1, [{"reference": "v99", "outcome": "missing", "users": ["service web"]}])


def test_a_missing_permission_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ToolError, match="lacks ecs:ListServices") as caught:
        _run(monkeypatch, FakeAws(denied="list_services"), "check", "--repository", "team/web")
    assert caught.value.fix == "allow ecs:ListServices"
