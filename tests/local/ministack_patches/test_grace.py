"""A service of the embedded AWS has its grace period from its creation on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ecr_fargate_constructs.local.ministack_patches.grace import keep_grace_periods
from ecr_fargate_constructs.local.ministack_patches.internals import MovedError


@pytest.mark.parametrize(("properties", "seconds"), [({"HealthCheckGracePeriodSeconds": "60"}, 60), ({}, 0)])
def test_the_grace_period_of_a_template_reaches_the_service(properties: dict[str, Any], seconds: int) -> None:
    ecs = SimpleNamespace(_services={})

    def create(logical_id: str, _properties: dict[str, Any], stack: str) -> tuple[str, dict[str, Any]]:
        ecs._services[f"Cluster/{stack}-{logical_id}"] = {"healthCheckGracePeriodSeconds": 0}
        return f"arn:aws:ecs:us-east-1:000000000001:service/Cluster/{stack}-{logical_id}", {"Name": logical_id}

    handlers: dict[str, Any] = {"AWS::ECS::Service": {"create": create, "delete": None}}
    keep_grace_periods(handlers, ecs)
    arn, attributes = handlers["AWS::ECS::Service"]["create"]("Web", properties, "Shop")
    assert (arn.rpartition("/")[2], attributes) == ("Shop-Web", {"Name": "Web"})
    assert ecs._services["Cluster/Shop-Web"]["healthCheckGracePeriodSeconds"] == seconds


def test_a_type_that_is_gone_is_named() -> None:
    with pytest.raises(MovedError, match="AWS::ECS::Service"):
        keep_grace_periods({}, SimpleNamespace(_services={}))
