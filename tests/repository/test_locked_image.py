"""Images of the lock file: copied by digest, run by digest, with no directory and no container engine."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    ConfigurationError,
    DeployedTo,
    EcrImage,
    Gate,
    LoadBalancedFargateService,
    NoFindings,
    PrivateRepository,
    PublicHttp,
    Retention,
    Scanned,
    Severity,
    SignedBy,
)
from ecr_fargate_constructs._rules.lock_file import LockedImage, write_lock
from tests.support.templates import of_type, only, template_of

pytestmark = pytest.mark.integration

COPY = "Custom::EcrFargateImageCopy"
WEB = LockedImage(
    name="web",
    repository="111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/dev",
    digest=f"sha256:{'a' * 64}",
    tag="v1",
    architectures=("amd64",),
    revision="abc",
    locked_at="2026-11-29T12:00:00Z",
    deployed_to=("Dev",),
)
PROFILE = "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/shop"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    file = tmp_path / "images.lock.json"
    write_lock(file, {"web": WEB})
    return file


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Prod", env=cdk.Environment(account="444455556666", region="us-east-1"))


def _statements(template: dict[str, Any], action: str) -> list[dict[str, Any]]:
    policies = of_type(template, "AWS::IAM::Policy").values()
    statements = [each for policy in policies for each in policy["Properties"]["PolicyDocument"]["Statement"]]
    return [each for each in statements if action in json.dumps(each["Action"])]


def test_the_digest_is_copied_from_the_other_account_and_region_and_run(stack: cdk.Stack, lock: Path) -> None:
    image = PrivateRepository(stack, "Repo").locked_image("web", lock_file=lock)
    LoadBalancedFargateService(stack, "Web", container=AppContainer(image, 80), ingress=PublicHttp())
    template = template_of(stack)
    copy = only(template, COPY)["Properties"]
    assert copy["Source"] == WEB.uri
    assert copy["Architecture"] == "all"
    assert "Gates" not in copy
    assert json.dumps(copy["Destination"]).endswith(':v1"]]}')
    task = only(template, "AWS::ECS::TaskDefinition")
    [container] = task["Properties"]["ContainerDefinitions"]
    assert json.dumps(container["Image"]).endswith(f'@{WEB.digest}"]]}}')
    [copied] = of_type(template, COPY)
    assert copied in task["DependsOn"]
    readable = [each for each in _statements(template, "ecr:BatchGetImage") if "111122223333" in json.dumps(each)]
    assert [each["Action"] for each in readable] == [["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]]
    assert "repository/shop/dev" in json.dumps(readable)


def test_nothing_is_built(stack: cdk.Stack, lock: Path) -> None:
    image = PrivateRepository(stack, "Repo").locked_image("web", lock_file=lock)
    assert (image.tag, image.asset, image.settings) == ("v1", None, None)
    assert isinstance(stack.node.root, cdk.App)
    manifest = Path(stack.node.root.synth().directory) / "Prod.assets.json"
    assert not json.loads(manifest.read_text()).get("dockerImages")


@pytest.mark.parametrize(
    ("held", "wanted", "runs"),
    [
        (("amd64",), None, Architecture.X86_64),
        (("arm64",), None, Architecture.ARM64),
        (("arm64", "amd64"), None, Architecture.X86_64),
        (("arm64", "amd64"), Architecture.ARM64, Architecture.ARM64),
    ],
)
def test_tasks_run_an_architecture_that_the_image_has(
    stack: cdk.Stack, lock: Path, held: tuple[str, ...], wanted: Architecture | None, runs: Architecture
) -> None:
    write_lock(lock, {"web": replace(WEB, architectures=held)})
    image = PrivateRepository(stack, "Repo").locked_image("web", lock_file=lock, architecture=wanted)
    assert image.architecture is runs


def test_another_architecture_is_refused_and_leaves_nothing(stack: cdk.Stack, lock: Path) -> None:
    repository = PrivateRepository(stack, "Repo")
    with pytest.raises(
        ConfigurationError, match=r"\[Prod/Repo/web\] architecture=ARM64, but .* locks 'web' for amd64; use one of"
    ):
        repository.locked_image("web", lock_file=lock, architecture=Architecture.ARM64)
    assert repository.node.try_find_child("web") is None
    assert stack.node.try_find_child("EcrFargateImageCopier") is None


def test_a_name_that_is_not_locked_is_refused_with_the_place(stack: cdk.Stack, lock: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"\[Prod/Repo/api\] .* has no image 'api'; it has web; run"):
        PrivateRepository(stack, "Repo").locked_image("api", lock_file=lock)


def test_an_image_without_a_tag_gets_one_from_its_digest(stack: cdk.Stack, lock: Path) -> None:
    write_lock(lock, {"web": replace(WEB, tag=None)})
    assert PrivateRepository(stack, "Repo").locked_image("web", lock_file=lock).tag == f"sha256-{'a' * 64}"


@pytest.mark.parametrize(
    ("gate", "property_", "action", "where"),
    [
        (Scanned(), {"Gate": "Scanned"}, "ecr:DescribeImageScanFindings", "Repo"),
        (
            NoFindings(),
            {"Gate": "NoFindings", "Severities": "HIGH,CRITICAL"},
            "ecr:DescribeImageScanFindings",
            "Repo",
        ),
        (
            NoFindings(Severity.LOW),
            {"Gate": "NoFindings", "Severities": "LOW,MEDIUM,HIGH,CRITICAL"},
            "ecr:DescribeImageScanFindings",
            "Repo",
        ),
        (
            SignedBy(PROFILE),
            {"Gate": "SignedBy", "SigningProfile": PROFILE},
            "ecr:DescribeImageSigningStatus",
            "111122223333:repository/shop/dev",
        ),
    ],
)
def test_a_gate_is_a_property_of_the_copy_and_a_right_on_one_repository(
    stack: cdk.Stack, lock: Path, gate: Gate, property_: dict[str, str], action: str, where: str
) -> None:
    PrivateRepository(stack, "Repo").locked_image("web", lock_file=lock, gates=[gate])
    template = template_of(stack)
    assert only(template, COPY)["Properties"]["Gates"] == [property_]
    [statement] = _statements(template, action)
    assert statement["Action"] == action
    assert where in json.dumps(statement["Resource"])


def test_deployed_to_is_decided_by_the_lock_file_alone(stack: cdk.Stack, lock: Path) -> None:
    repository = PrivateRepository(stack, "Repo")
    with pytest.raises(
        ConfigurationError,
        match=re.escape(
            f"[Prod/Repo/web] the gate DeployedTo('Staging') refuses the image 'web' ({WEB.digest}): {lock} names Dev; "
            "deploy it there, then run 'ecr-fargate image lock web --stack Staging'"
        ),
    ):
        repository.locked_image("web", lock_file=lock, gates=[DeployedTo("Staging")])
    repository.locked_image("web", lock_file=lock, gates=[DeployedTo("Dev")])
    assert "Gates" not in only(template_of(stack), COPY)["Properties"]


def test_bad_gates_are_refused() -> None:
    with pytest.raises(
        ConfigurationError, match=r"SignedBy\.signing_profile='shop' is not the ARN of a signing profile"
    ):
        SignedBy("shop")
    with pytest.raises(ConfigurationError, match=r"DeployedTo\.stack is empty"):
        DeployedTo("")
    with pytest.raises(ConfigurationError, match="severity='HIGH' is a str; use Severity"):
        NoFindings("HIGH")  # type: ignore[arg-type]


def _releases(count: int, now: datetime) -> list[EcrImage]:
    return [
        EcrImage(tags=[f"v{number}"], digest=f"sha256:{number:064x}", pushed_at=now - timedelta(hours=count - number))
        for number in range(1, count + 1)
    ]


def test_an_image_that_prod_runs_survives_a_hundred_releases(lock: Path) -> None:
    now = datetime(2026, 11, 29, tzinfo=timezone.utc)
    expired = {each.image.tags[0] for each in Retention.keep_last(20).simulate(_releases(100, now), now).expired}
    assert "v1" in expired, "one repository for every stage, and its image is gone"
    plan = Retention.keep_last(20).protect_locked(lock).simulate(_releases(100, now), now)
    assert "v1" in {each.image.tags[0] for each in plan.kept}
    assert len(plan.kept) == 21


def test_images_without_a_tag_and_twice_the_same_tag_need_no_rule(lock: Path) -> None:
    write_lock(lock, {"a": replace(WEB, tag=None), "b": WEB, "c": WEB})
    assert Retention.keep_last(20).protect_locked(lock) == Retention.keep_last(20).protect(["v1"])
