"""What a record shows of an account: nothing by which it could be told, and no secret."""

from __future__ import annotations

import json

from tests.aws.masks import Mask

MASK = Mask.of(
    "123456789012",
    "eu-west-1",
    "efc-1a2b-",
    {
        "efc-1a2b-Web-WebServiceD04B5F3E-XyZ": "WebServiceD04B5F3E",
        "efc-1a2b-Web-WebService": "Other",
        "short": "Short",
    },
    secrets=["made-for-a-test"],
)


def test_account_region_and_prefix_are_masked() -> None:
    arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/efc-1a2b-Web-Cluster"
    assert MASK(arn) == "arn:aws:ecs:<region>:<account>:cluster/Web-Cluster"


def test_the_longest_physical_id_wins_and_short_ones_are_left_alone() -> None:
    assert MASK("efc-1a2b-Web-WebServiceD04B5F3E-XyZ is short") == "<WebServiceD04B5F3E> is short"


def test_secrets_keys_tokens_and_signed_addresses_never_get_into_a_record() -> None:
    told = {
        "reason": "the value made-for-a-test is wrong",
        "key": "AKIAIOSFODNN7EXAMPLE",
        "token": "eyJwYXlsb2FkIjoi.eyJkYXRh-aBc.x",
        "layer": "https://bucket.s3.amazonaws.com/a?X-Amz-Signature=0a1b&X-Amz-Date=1",
    }
    shown = json.dumps(MASK(told))
    for text in ("made-for-a-test", "AKIA", "eyJ", "X-Amz-Signature"):
        assert text not in shown


def test_what_is_made_at_random_is_masked() -> None:
    digest = f"sha256:{'0a' * 32}"
    assert MASK([digest]) == ["<digest>"]
    assert MASK("vpc-0123456789abcdef0 at 2026-11-30T12:00:00Z") == "<vpc> at <time>"
    assert MASK("3f2504e0-4f89-11d3-9a0c-0305e82c3301") == "<uuid>"


def test_plain_lists_are_sorted_and_lists_of_objects_keep_their_order() -> None:
    assert MASK({"names": ["b", "a"], "hooks": [{"a": 2}, {"a": 1}]}) == {
        "names": ["a", "b"],
        "hooks": [{"a": 2}, {"a": 1}],
    }
    assert MASK((1, 10, 2)) == [1, 10, 2]
