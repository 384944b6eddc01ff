from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs.testing.differences import changes, differences, short

JSON = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def template(**resources: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"Resources": resources}


def test_each_resource_is_named_with_its_type_and_both_values() -> None:
    old = template(
        Web={"Type": "AWS::ECS::Service", "Properties": {"DesiredCount": 2, "Tags": [{"Key": "a", "Value": "b"}]}},
        Old={"Type": "AWS::S3::Bucket"},
        Same={"Type": "AWS::SNS::Topic"},
    )
    new = template(
        Web={"Type": "AWS::ECS::Service", "Properties": {"DesiredCount": 3, "Tags": [{"Key": "a", "Value": "c"}]}},
        New={"Type": "AWS::S3::Bucket"},
        Same={"Type": "AWS::SNS::Topic"},
    )
    assert list(differences(old, new)) == [
        "+ Resources New (AWS::S3::Bucket): new",
        "- Resources Old (AWS::S3::Bucket): gone",
        "~ Resources Web (AWS::ECS::Service)",
        "    Properties.DesiredCount: 2 -> 3",
        '    Properties.Tags.0.Value: "b" -> "c"',
    ]


def test_an_expression_is_shown_whole() -> None:
    old = {"Queue": {"Ref": "A"}, "Arn": {"Fn::GetAtt": ["A", "Arn"]}}
    new = {"Queue": {"Ref": "B"}}
    assert list(changes(old, new)) == [
        (("Arn",), {"Fn::GetAtt": ["A", "Arn"]}, None),
        (("Queue",), {"Ref": "A"}, {"Ref": "B"}),
    ]


def test_lists_of_other_lengths_are_shown_whole() -> None:
    assert list(changes({"Zones": ["a"]}, {"Zones": ["a", "b"]})) == [(("Zones",), ["a"], ["a", "b"])]


def test_other_sections_and_scalars() -> None:
    old = {"Conditions": {}, "Description": "one", "Outputs": {"Url": {"Value": "a"}}}
    new = {"Description": "two", "Outputs": {"Url": {"Value": "b"}}}
    assert list(differences(old, new)) == [
        "Conditions: {} -> absent",
        'Description: "one" -> "two"',
        "~ Outputs Url",
        '    Value: "a" -> "b"',
    ]


def test_long_values_are_cut() -> None:
    text = short(["word"] * 100)
    assert len(text) == 160
    assert text.endswith(" ...")


@given(JSON, JSON)
def test_there_are_changes_exactly_when_the_values_differ(old: object, new: object) -> None:
    found = list(changes(old, new))
    assert bool(found) == (old != new)
    assert all(was != now for _, was, now in found)
