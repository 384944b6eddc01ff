"""Which target group a request goes to."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs.local.balancing.weights import Forward

_WEIGHTS = st.lists(st.integers(0, 999), min_size=1, max_size=5)


def _forward(*weights: int, sticky: int | None = None) -> Forward:
    return Forward(tuple((f"group{index}", weight) for index, weight in enumerate(weights)), sticky)


@pytest.mark.parametrize("weights", [(100, 0), (95, 5), (50, 50), (1, 2, 3), (0, 100)])
def test_shares_follow_the_weights_within_binomial_bounds(weights: tuple[int, ...]) -> None:
    draw = random.Random(7).random  # noqa: S311 - the same each time
    forward, requests = _forward(*weights), 20_000
    chosen = [forward.choose(draw) for _ in range(requests)]
    for index, weight in enumerate(weights):
        share = weight / sum(weights)
        four_deviations = 4 * math.sqrt(requests * share * (1 - share))  # exceeded once in 16,000 runs
        assert abs(chosen.count(f"group{index}") - requests * share) <= four_deviations


@given(_WEIGHTS, st.floats(0, 1, exclude_max=True))
def test_a_group_of_weight_0_is_never_chosen(weights: list[int], drawn: float) -> None:
    chosen = _forward(*weights).choose(lambda: drawn)
    if sum(weights):
        assert chosen is not None
        assert weights[int(chosen.removeprefix("group"))] > 0
    else:
        assert chosen is None


def test_a_client_with_a_cookie_stays_whatever_the_weight() -> None:
    assert _forward(100, 0, sticky=60).choose(lambda: 0, "group1") == "group1"
    assert _forward(100, 0, sticky=60).choose(lambda: 0, "another") == "group0"
    assert _forward(100, 0).choose(lambda: 0, "group1") == "group0"  # of a rule that is no longer sticky


def test_an_action_is_read_as_the_api_says_it() -> None:
    assert Forward.of({"TargetGroupArn": "a"}) == Forward((("a", 1),))
    config = {
        "TargetGroups": [{"TargetGroupArn": "a", "Weight": "0"}, {"TargetGroupArn": "b"}],
        "TargetGroupStickinessConfig": {"Enabled": "true", "DurationSeconds": "30"},
    }
    assert Forward.of({"ForwardConfig": config}) == Forward((("a", 0), ("b", 1)), 30)
    assert Forward.of({"ForwardConfig": {**config, "TargetGroupStickinessConfig": {"Enabled": False}}}) == Forward(
        (("a", 0), ("b", 1))
    )
