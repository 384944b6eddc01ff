"""The weights of a rule, as the load balancer reads them."""

from __future__ import annotations

from types import SimpleNamespace

from ecr_fargate_constructs.local.balancing.weights import Forward
from ecr_fargate_constructs.local.ministack_patches.deployments.traffic import set_weights

BLUE, GREEN, RULE = "blue", "green", "rule"


def test_the_load_balancer_reads_the_weights_that_are_set() -> None:
    alb = SimpleNamespace(_rules={RULE: {"Actions": []}}, _listeners={})
    for percentages, weights in (((75, 25), (75, 25)), ((99.9, 0.1), (999, 1))):
        set_weights(alb, RULE, (BLUE, GREEN), percentages)
        [action] = alb._rules[RULE]["Actions"]
        assert Forward.of(action).groups == ((BLUE, weights[0]), (GREEN, weights[1]))
