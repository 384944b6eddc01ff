"""Twenty previews at once, torn down in any order, in a CloudFormation of the tests."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ecr_fargate_constructs._rules import previews
from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.preview.stacks import chosen, delete, preview_stacks

NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)


@dataclass
class CloudFormation:
    """Stacks, each of which takes some looks to be deleted; pages of seven."""

    stacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    looks: dict[str, int] = field(default_factory=dict)
    stuck: frozenset[str] = frozenset()

    def add(self, name: str, *, preview: str | None, expires: datetime | None = None) -> None:
        outputs = [{"OutputKey": "Url", "OutputValue": f"https://{preview}.example.com/"}]
        if expires is not None:
            outputs.append({"OutputKey": previews.EXPIRES, "OutputValue": previews.written(expires)})
        self.stacks[name] = {
            "StackName": name,
            "StackId": f"arn:{name}",
            "StackStatus": "CREATE_COMPLETE",
            "Tags": [] if preview is None else [{"Key": previews.TAG, "Value": preview}],
            "Outputs": outputs,
        }

    def get_paginator(self, _operation: str) -> Any:  # noqa: ANN401 - boto3's
        return self

    def paginate(self) -> Any:  # noqa: ANN401 - boto3's
        found = list(self.stacks.values())
        return [{"Stacks": found[start : start + 7]} for start in range(0, len(found), 7)]

    def delete_stack(self, StackName: str) -> None:  # noqa: N803 - boto3's
        stack = next(each for each in self.stacks.values() if each["StackId"] == StackName)
        stack["StackStatus"] = "DELETE_IN_PROGRESS"
        self.looks.setdefault(StackName, 0)
        self.looks[StackName] += random.Random(StackName).randint(0, 5)  # noqa: S311 - it protects nothing

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        stack = next(each for each in self.stacks.values() if each["StackId"] == StackName)
        self.looks[StackName] -= 1
        if self.looks[StackName] < 0:
            failed = stack["StackName"] in self.stuck
            stack["StackStatus"] = "DELETE_FAILED" if failed else "DELETE_COMPLETE"
            stack["StackStatusReason"] = "the bucket is not empty" if failed else ""
        return {"Stacks": [stack]}


@pytest.fixture
def cloud() -> CloudFormation:
    made = CloudFormation()
    for number in range(20):
        made.add(f"Shop-preview-pr-{number}", preview=f"pr-{number}", expires=NOW + timedelta(hours=number - 5))
    made.add("Shop", preview=None)
    return made


@pytest.mark.parametrize("seed", range(5))
def test_twenty_previews_go_in_any_order_and_nothing_else_does(cloud: CloudFormation, seed: int) -> None:
    names = [f"pr-{number}" for number in range(20)]
    random.Random(seed).shuffle(names)  # noqa: S311 - it protects nothing
    gone: list[str] = []
    for half in (names[:10], names[10:]):
        delete(cloud, chosen(preview_stacks(cloud), half), lambda each: gone.append(each.preview), lambda _: None)
        assert set(gone) >= set(half)
    assert sorted(gone) == sorted(names)
    assert preview_stacks(cloud) == []
    assert cloud.stacks["Shop"]["StackStatus"] == "CREATE_COMPLETE"


def test_what_is_listed(cloud: CloudFormation) -> None:
    stacks = preview_stacks(cloud)
    assert len(stacks) == 20
    first = stacks[0]
    assert (first.preview, first.name, first.url) == ("pr-0", "Shop-preview-pr-0", "https://pr-0.example.com/")
    assert {each.preview for each in stacks if each.expired(NOW)} == {f"pr-{number}" for number in range(6)}


def test_one_without_expiry_never_expires() -> None:
    cloud = CloudFormation()
    cloud.add("Shop-preview-a", preview="a")
    [stack] = preview_stacks(cloud)
    assert stack.expires is None
    assert not stack.expired(NOW)


def test_a_name_that_is_none_deletes_nothing(cloud: CloudFormation) -> None:
    with pytest.raises(ToolError) as refused:
        chosen(preview_stacks(cloud), ["pr-1", "pr-99"])
    assert refused.value.cause == "there is no preview pr-99"
    assert cloud.looks == {}


def test_a_stack_that_stays_is_named_with_the_reason_and_the_others_go(cloud: CloudFormation) -> None:
    cloud.stuck = frozenset({"Shop-preview-pr-3"})
    with pytest.raises(ToolError, match=r"Shop-preview-pr-3 \(the bucket is not empty"):
        delete(cloud, preview_stacks(cloud), lambda _: None, lambda _: None)
    assert [each.preview for each in preview_stacks(cloud)] == ["pr-3"]


def test_waiting_ends() -> None:
    cloud = CloudFormation()
    cloud.add("Shop-preview-a", preview="a")
    stacks = preview_stacks(cloud)

    def never(_: float) -> None:
        cloud.looks["arn:Shop-preview-a"] = 5

    cloud.looks["arn:Shop-preview-a"] = 5
    with pytest.raises(ToolError, match="not deleted after 45 minutes: Shop-preview-a"):
        delete(cloud, stacks, lambda _: None, never)


def test_a_missing_permission_is_named(cloud: CloudFormation) -> None:
    def denied(**_: str) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "DeleteStack")

    cloud.delete_stack = denied  # type: ignore[method-assign, assignment]
    with pytest.raises(ToolError, match="lacks cloudformation:DeleteStack"):
        delete(cloud, preview_stacks(cloud)[:1], lambda _: None, lambda _: None)
