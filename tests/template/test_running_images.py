"""Several images in a repository, and what its retention policy would do to those that run."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import aws_cdk as cdk
import pytest
from aws_cdk import assertions

from ecr_fargate_constructs import (
    ConfigurationError,
    EcrFargateService,
    EcrImage,
    ExpireOlderThan,
    ImageRepositoryStack,
    KeepNewest,
    LifecycleAction,
    PrivateRepository,
    PublicHttp,
    Retention,
)
from ecr_fargate_constructs.repository.retention_checks import AllOf
from support import make_app, only, template_of

if TYPE_CHECKING:
    from pathlib import Path

NGINX = "public.ecr.aws/nginx/nginx:1.29"
NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
EXPIRING = "retentionMayExpireRunningImage"


def _warnings(stack: cdk.Stack, name: str = EXPIRING) -> list[str]:
    entries = assertions.Annotations.from_stack(stack).find_warning("*", assertions.Match.any_value())
    return [text for each in entries if name in (text := str(each.entry.data))]


def _repository(retention: Retention | None = None) -> tuple[cdk.Stack, PrivateRepository]:
    stack = cdk.Stack(cdk.App(), "Web")
    return stack, PrivateRepository(stack, "Repo", retention=retention or Retention.keep_last(20))


def _policy(stack: cdk.Stack) -> dict[str, object]:
    found = only(template_of(stack), "AWS::ECR::Repository")["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"]
    return dict(json.loads(found))


def test_twenty_releases_do_not_take_a_mirror_in_the_same_repository(tmp_path: Path) -> None:
    stack, repository = _repository()
    mirror = repository.mirror_image(NGINX)
    repository.build_and_push_image(make_app(tmp_path / "app"))
    images = [EcrImage(tags=[str(mirror.tag)], pushed_at=NOW - timedelta(days=99))] + [
        EcrImage(tags=[f"{release:064x}"], pushed_at=NOW - timedelta(days=30 - release)) for release in range(25)
    ]
    expired = repository.retention.simulate(images, NOW).expired
    assert [each.image.tags[0] for each in expired] == [f"{release:064x}" for release in (4, 3, 2, 1, 0)]
    assert _policy(stack) == repository.retention.policy()
    assert _warnings(stack) == []


def test_mirrors_beside_each_other_are_all_protected() -> None:
    stack, repository = _repository()
    for tag in ("1.29", "1.28"):
        repository.mirror_image(f"public.ecr.aws/nginx/nginx:{tag}", id=f"M{tag}")
    assert repository.retention.never_expires("1.29")
    assert repository.retention.never_expires("1.28")
    assert not repository.retention.never_expires("1.27")
    assert _warnings(stack) == []


def test_a_mirror_is_protected_from_a_rule_that_the_user_wrote() -> None:
    stack, repository = _repository(Retention([ExpireOlderThan(1, tag_prefixes=["1."])]))
    repository.mirror_image(NGINX)
    assert repository.retention.never_expires("1.29")
    assert _warnings(stack) == []


def test_a_protected_mirror_stays_as_the_user_wrote_it() -> None:
    retention = Retention.keep_last(20).protect(["1.29"])
    stack, repository = _repository(retention)
    repository.mirror_image(NGINX)
    assert repository.retention == retention
    assert _policy(stack) == retention.policy()


@pytest.mark.parametrize(
    "retention",
    [
        Retention([KeepNewest(5, tag_patterns=["1.29"])]),
        Retention([ExpireOlderThan(9, tag_prefixes=["1."], priority=1)]),
    ],
)
def test_where_the_rules_leave_no_room_a_mirror_is_warned_of(retention: Retention) -> None:
    stack, repository = _repository(retention)
    repository.mirror_image(NGINX)
    assert len(_warnings(stack)) == 1
    assert repository.retention == retention


def test_two_images_under_one_count_rule(tmp_path: Path) -> None:
    stack, repository = _repository()
    repository.build_and_push_image(make_app(tmp_path / "web"), id="WebImage")
    assert _warnings(stack) == []
    repository.build_and_push_image(
        make_app(tmp_path / "worker", dockerfile="FROM scratch\nUSER 1\n"), id="WorkerImage"
    )
    [warning] = _warnings(stack)
    assert "counts Web/Repo/WorkerImage and Web/Repo/WebImage together" in warning
    for way_out in ("a repository of its own", "KeepNewest", "Retention.protect"):
        assert way_out in warning


def test_one_image_under_two_names_is_one_image(tmp_path: Path) -> None:
    stack, repository = _repository()
    for name in ("Web", "Worker"):
        repository.build_and_push_image(make_app(tmp_path / "app"), id=name)
    assert _warnings(stack) == []


def test_a_rule_for_each_prefix_is_a_way_out() -> None:
    stack, repository = _repository(
        Retention([KeepNewest(20, tag_prefixes=["web-"]), KeepNewest(20, tag_prefixes=["worker-"])])
    )
    repository.image_by_tag("web-7")
    repository.image_by_tag("worker-3")
    assert _warnings(stack) == []


def test_services_that_share_the_repository_of_a_stack(tmp_path: Path) -> None:
    app = cdk.App()
    images = ImageRepositoryStack(app, "images")
    for name in ("Web", "Worker", "Admin"):
        stack = cdk.Stack(app, name, synthesizer=images.synthesizer())
        folder = make_app(tmp_path / name, dockerfile=f"FROM scratch\nLABEL a={name}\n")
        EcrFargateService(
            stack, "S", directory=folder, container_port=80, ingress=PublicHttp(), repository=images.repository
        )
    assert ["together" in each for each in _warnings(images)] == [True, True]


@pytest.mark.parametrize("digit", "0123456789abcdef")
def test_the_real_hash_is_asked_about(tmp_path: Path, digit: str) -> None:
    stack, repository = _repository(Retention([ExpireOlderThan(1, tag_prefixes=[digit])]))
    image = repository.build_and_push_image(make_app(tmp_path / "app"))
    assert bool(_warnings(stack)) is (str(image.tag)[0] == digit)


def test_an_image_by_its_digest_is_judged_by_rules_about_all() -> None:
    for count, expected in ((3, 1), (20, 0)):
        stack, repository = _repository(Retention.keep_last(count))
        repository.image_by_digest("sha256:" + "0a" * 32)
        assert len(_warnings(stack)) == expected
    stack, repository = _repository(Retention([ExpireOlderThan(1, tag_prefixes=["pr-"])]))
    repository.image_by_digest("sha256:" + "0a" * 32)
    assert _warnings(stack) == []


def test_archiving_takes_what_runs_as_well(tmp_path: Path) -> None:
    stack, repository = _repository(Retention([KeepNewest(20, tag_patterns=["*"], action=LifecycleAction.ARCHIVE)]))
    for name in ("web", "worker"):
        repository.build_and_push_image(make_app(tmp_path / name, dockerfile=f"FROM {name}\n"), id=name)
    assert len(_warnings(stack)) == 1


def test_destroy_without_emptying() -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    PrivateRepository(stack, "Repo", removal_policy=cdk.RemovalPolicy.DESTROY)
    [warning] = _warnings(stack, "repositoryNotEmptied")
    assert "RepositoryNotEmptyException" in warning
    assert "empty_on_delete=True" in warning


def test_destroy_with_emptying_and_keeping_warn_of_nothing() -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    PrivateRepository(stack, "A", removal_policy=cdk.RemovalPolicy.DESTROY, empty_on_delete=True)
    PrivateRepository(stack, "B")
    assert _warnings(stack, "repositoryNotEmptied") == []


def test_a_policy_that_ecr_refuses_for_its_length() -> None:
    def rules(count: int) -> list[KeepNewest]:
        return [KeepNewest(9, tag_patterns=AllOf(*(f"{rule}-{tag:0120}" for tag in range(9)))) for rule in range(count)]

    assert len(Retention(rules(20)).policy_text()) < 30_720
    with pytest.raises(ConfigurationError, match=r"policy of \d+ characters; ECR takes 30,720 at most"):
        Retention(rules(40))
