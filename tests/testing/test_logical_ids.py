from __future__ import annotations

from typing import Any, NoReturn

import pytest

from ecr_fargate_constructs.testing import AssertLogicalIdsStable


def no_record() -> NoReturn:
    raise AssertionError("the record was asked for, though a template was given")


assert_logical_ids_stable = AssertLogicalIdsStable(no_record)


def template(policy: str | None = None, **types: str) -> dict[str, Any]:
    more = {} if policy is None else {"DeletionPolicy": policy}
    return {"Resources": {name: {"Type": kind, **more} for name, kind in types.items()}}


def failure(new: dict[str, Any], old: dict[str, Any], **options: Any) -> list[str]:  # noqa: ANN401
    with pytest.raises(AssertionError) as caught:
        assert_logical_ids_stable(new, old, **options)
    return str(caught.value).splitlines()


def test_the_same_and_additions_are_fine() -> None:
    old = template(Data="AWS::S3::Bucket")
    assert_logical_ids_stable(old, old)
    assert_logical_ids_stable(template(Data="AWS::S3::Bucket", More="AWS::S3::Bucket"), old)


def test_what_holds_no_state_may_be_renamed() -> None:
    assert_logical_ids_stable(template(B="AWS::IAM::Role"), template(A="AWS::IAM::Role"))


@pytest.mark.parametrize(
    ("policy", "fate"),
    [
        (None, "deleted"),
        ("Delete", "deleted"),
        ("Retain", "left behind (Retain)"),
        ("RetainExceptOnCreate", "left behind (RetainExceptOnCreate)"),
    ],
)
def test_a_replacement_is_named_as_such_with_what_happens_to_the_old_one(policy: str | None, fate: str) -> None:
    lines = failure(template(Data2="AWS::S3::Bucket"), template(policy, Data="AWS::S3::Bucket"))
    assert lines == [
        "stateful resources have to keep their logical ids:",
        "  Data (AWS::S3::Bucket) is replaced by Data2: CloudFormation makes that one, empty, and the old one is "
        + fate,
    ]


def test_a_removal_is_named_as_such() -> None:
    old = template("Retain", Data="AWS::S3::Bucket", Table="AWS::DynamoDB::Table")
    assert failure(template(Data="AWS::S3::Bucket"), old)[1:] == [
        "  Table (AWS::DynamoDB::Table) is gone: it is left behind (Retain)"
    ]


def test_another_type_under_the_same_id() -> None:
    lines = failure(template(Data="AWS::DynamoDB::GlobalTable"), template(Data="AWS::DynamoDB::Table"))
    assert lines[1:] == ["  Data (AWS::DynamoDB::Table) is gone: it is deleted"]


def test_other_types_can_be_held() -> None:
    lines = failure(template(B="AWS::IAM::Role"), template(A="AWS::IAM::Role"), types={"AWS::IAM::Role"})
    assert lines[1].startswith("  A (AWS::IAM::Role) is replaced by B")
