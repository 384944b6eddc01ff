"""A hundred releases of Dev under the default retention: what Prod runs stays, whichever of them it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import aws_cdk as cdk
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecr_fargate_constructs import EcrImage, PrivateRepository, Retention
from ecr_fargate_constructs._rules.lifecycle_policy import LifecyclePolicy
from ecr_fargate_constructs._rules.lock_file import LockedImage, write_lock
from ecr_fargate_constructs._rules.simulation import simulate
from tests.support.templates import only, template_of

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.integration

RELEASES, KEPT_BY_DEFAULT = 100, 20
TAG, DIGEST = "v1", f"sha256:{'a' * 64}"
BEGIN = datetime(2026, 11, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Policies:
    """The policies in the templates of the stages.

    Attributes:
        dev: The default, with nothing said about other stages.
        dev_protecting: The default, with ``protect_locked``.
        prod: The default, in the repository that has a copy of the locked image.
    """

    dev: LifecyclePolicy
    dev_protecting: LifecyclePolicy
    prod: LifecyclePolicy


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Policies:
    """The policies, as ECR gets them."""
    lock = tmp_path_factory.mktemp("lock") / "images.lock.json"
    repository = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/dev"
    locked = LockedImage(
        name="web",
        repository=repository,
        digest=DIGEST,
        tag=TAG,
        architectures=("amd64",),
        revision="abc",
        locked_at="2026-11-29T12:00:00Z",
        deployed_to=("Dev",),
    )
    write_lock(lock, {"web": locked})
    stacks = [cdk.Stack(cdk.App(), name) for name in ("Dev", "DevProtecting", "Prod")]
    PrivateRepository(stacks[0], "Repo")
    PrivateRepository(stacks[1], "Repo", retention=Retention.keep_last(KEPT_BY_DEFAULT).protect_locked(lock))
    PrivateRepository(stacks[2], "Repo").locked_image("web", lock_file=lock)
    repositories = [only(template_of(stack), "AWS::ECR::Repository")["Properties"] for stack in stacks]
    return Policies(
        *(LifecyclePolicy.from_text(each["LifecyclePolicy"]["LifecyclePolicyText"]) for each in repositories)
    )


def _survivors(policy: LifecyclePolicy, pushed: Sequence[EcrImage]) -> set[str]:
    """Push one image after another, let ECR apply the policy after each, and return the digests that are left."""
    images: list[EcrImage] = []
    for image in pushed:
        now = image.pushed_at + timedelta(hours=1)
        images = [each.image for each in simulate(policy, [*images, image], now).kept]
    return {image.digest for image in images}


def _releases(locked: int, hours: Sequence[int]) -> list[EcrImage]:
    """A hundred releases, of which one is locked, some hours after each other."""
    releases, pushed_at = [], BEGIN
    for number, gap in enumerate(hours):
        pushed_at += timedelta(hours=gap)
        tag, digest = (TAG, DIGEST) if number == locked else (f"r{number}", f"sha256:{number:064x}")
        releases.append(EcrImage(tags=[tag], digest=digest, pushed_at=pushed_at))
    return releases


@settings(deadline=None, max_examples=25)
@given(
    locked=st.integers(0, RELEASES - 1),
    hours=st.lists(st.integers(2, 24 * 30), min_size=RELEASES, max_size=RELEASES),
)
def test_what_prod_runs_survives_whichever_release_it_is(policies: Policies, locked: int, hours: list[int]) -> None:
    releases = _releases(locked, hours)
    assert DIGEST in _survivors(policies.dev_protecting, releases), "in the repository of Dev, which several stages use"
    copy = [EcrImage(tags=[TAG], digest=DIGEST, pushed_at=releases[locked].pushed_at)]
    assert _survivors(policies.prod, copy) == {DIGEST}
    after = simulate(policies.prod, copy, releases[-1].pushed_at + timedelta(days=365))
    assert [each.image.digest for each in after.kept] == [DIGEST], "the repository of Prod sees no release of Dev"


@pytest.mark.parametrize(("locked", "stays"), [(0, False), (RELEASES - KEPT_BY_DEFAULT - 1, False), (80, True)])
def test_without_the_rule_dev_expires_it_with_the_twentieth_release_after_it(
    policies: Policies, locked: int, *, stays: bool
) -> None:
    left = _survivors(policies.dev, _releases(locked, [24] * RELEASES))
    assert (DIGEST in left) is stays
    assert len(left) == KEPT_BY_DEFAULT
    protected = _survivors(policies.dev_protecting, _releases(locked, [24] * RELEASES))
    assert DIGEST in protected
    assert len(protected) == KEPT_BY_DEFAULT + (0 if stays else 1), "it is one of the newest twenty, or one more"
