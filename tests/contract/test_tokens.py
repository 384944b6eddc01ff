"""Our reading of tokens agrees with that of the CDK in use."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ecr_fargate_constructs._rules.tokens import is_token

pytestmark = pytest.mark.integration


def test_every_encoding_is_seen() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    parameter = cdk.CfnParameter(stack, "Number", type="Number")
    texts = cdk.CfnParameter(stack, "Texts", type="CommaDelimitedList")
    for token in (
        parameter.value_as_number,
        cdk.Token.as_number(parameter.value_as_number),
        cdk.Fn.ref("Number"),
        f"prefix-{cdk.Aws.REGION}",
        texts.value_as_list,
        cdk.Fn.split(",", cdk.Aws.REGION),
        cdk.Fn.join("", [cdk.Aws.REGION]),
        cdk.Fn.get_att("A", "B"),
    ):
        assert is_token(token), token
        assert cdk.Token.is_unresolved(token)


@given(st.one_of(st.text(max_size=40), st.integers(-(2**52), 2**52), st.floats(allow_nan=False, allow_infinity=False)))
@example("${Token[")
@example("${Token[]}")
def test_ordinary_values_are_none(value: object) -> None:
    assert is_token(value) == cdk.Token.is_unresolved(value)
