"""Counts and percentages."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import (
    BlueGreen,
    Canary,
    Linear,
    Mixed,
    Preview,
    PublicHttp,
    Rolling,
    Scaling,
    ScheduledCapacity,
    ServiceThresholds,
    TargetHealthCheck,
    Wake,
)
from tests.bad_input import bare, here
from tests.bad_input.case import Case, Expected, Refused


def _count(what: str, expected: Expected, count: Any) -> Case:  # noqa: ANN401 - bad input
    return Case(
        "Counts and percentages",
        what,
        lambda p: here.service(p, desired_count=count),
        lambda p: bare.pattern(p, desired_count=count),
        expected,
    )


def _scaling(what: str, expected: Expected, minimum: Any, maximum: Any, *, ours: Any = None, **signals: Any) -> Case:  # noqa: ANN401 - bad input
    return Case(
        "Counts and percentages",
        what,
        lambda p: here.service(
            p, scaling=Scaling(min_capacity=minimum, max_capacity=maximum, **(ours or {"cpu_percent": 60}))
        ),
        lambda p: bare.scaling(p, minimum, maximum, **signals),
        expected,
    )


def _check(what: str, expected: Expected, ours: dict[str, Any], theirs: dict[str, Any]) -> Case:
    return Case(
        "Counts and percentages",
        what,
        lambda p: here.service(p, ingress=PublicHttp(health_check=TargetHealthCheck(**ours))),
        lambda p: bare.target(p, **theirs),
        expected,
    )


def _rolling(what: str, expected: Expected, minimum: Any, maximum: Any) -> Case:  # noqa: ANN401 - bad input
    return Case(
        "Counts and percentages",
        what,
        lambda p: here.service(p, deployment=Rolling(min_healthy_percent=minimum, max_healthy_percent=maximum)),
        lambda p: bare.pattern(p, min_healthy_percent=minimum, max_healthy_percent=maximum),
        expected,
    )


def _night(minimum: Any = None, maximum: Any = None) -> ScheduledCapacity:  # noqa: ANN401 - bad input
    return ScheduledCapacity(name="night", at=bare.AT_NIGHT, min_capacity=minimum, max_capacity=maximum)


S = here.seconds
CASES = [
    _count("No task", Refused("desired_count=0 is not a number of tasks", "use 1 or more"), 0),
    _count("-1 tasks", Refused("desired_count=-1", "use 1 or more"), -1),
    _count("1.5 tasks", Refused("desired_count=1.5", "use 1 or more"), 1.5),
    _count("`'2'` tasks", Refused("desired_count='2' is not a number", "whole number"), "2"),
    _count("Infinitely many tasks", Refused("desired_count=inf", "use 1 or more"), float("inf")),
    Case(
        "Counts and percentages",
        "A number of tasks, and an autoscaler that decides it",
        lambda p: here.service(p, desired_count=3, scaling=Scaling(min_capacity=2, max_capacity=4, cpu_percent=60)),
        lambda p: (
            bare.pattern(p, desired_count=3)
            .service.auto_scale_task_count(min_capacity=2, max_capacity=4)
            .scale_on_cpu_utilization("Cpu", target_utilization_percent=60)
        ),
        Refused("desired_count=3 and scaling are both given", "keep one"),
    ),
    _scaling("Scaling from 0 tasks", Refused("Scaling.min_capacity=0", "paused=True"), 0, 4, cpu=60),
    Case(
        "Counts and percentages",
        "A service that sleeps, and two tasks at least",
        lambda p: here.service(p, scaling=Scaling(min_capacity=2, max_capacity=4, cpu_percent=60, wake=Wake())),
        None,
        Refused("min_capacity=2", "use min_capacity=0, or omit wake"),
    ),
    Case(
        "Counts and percentages",
        "A service that sleeps after a minute",
        lambda p: here.service(
            p,
            scaling=Scaling(min_capacity=0, max_capacity=1, wake=Wake(idle_after=cdk.Duration.minutes(1))),
        ),
        None,
        Refused("Wake.idle_after is 60 seconds", "5 minutes to 24 hours"),
    ),
    Case(
        "Counts and percentages",
        "A request that waits for longer than its connection lives",
        lambda p: here.service(
            p, scaling=Scaling(min_capacity=0, max_capacity=1, wake=Wake(hold=cdk.Duration.seconds(90)))
        ),
        None,
        Refused("Wake.hold is 90 seconds", "raise idle_timeout"),
    ),
    Case(
        "Counts and percentages",
        "A preview with the name of a branch",
        lambda _: Preview(name="feature/Log-In"),
        None,
        Refused("Preview.name='feature/Log-In'", "for example 'feature-log-in'"),
    ),
    _scaling(
        "Scaling from 5 to 2", Refused("Scaling.min_capacity=5 is above max_capacity=2", "swap the two"), 5, 2, cpu=60
    ),
    _scaling("Scaling from 1.5", Refused("Scaling.min_capacity=1.5", "use 1 or more"), 1.5, 4, cpu=60),
    _scaling(
        "Scaling at 0 % CPU", Refused("Scaling.cpu_percent=0", "use 1 to 100"), 1, 4, ours={"cpu_percent": 0}, cpu=0
    ),
    _scaling(
        "Scaling at 150 % CPU",
        Refused("Scaling.cpu_percent=150", "use 1 to 100"),
        1,
        4,
        ours={"cpu_percent": 150},
        cpu=150,
    ),
    _scaling(
        "Scaling at 0 requests",
        Refused("Scaling.requests_per_target=0", "use 1 or more"),
        1,
        4,
        ours={"requests_per_target": 0},
        requests=0,
    ),
    _scaling(
        "Room to scale, and no signal",
        Refused("has no signal to scale by", "cpu_percent="),
        1,
        4,
        ours={"schedule": ()},
    ),
    _scaling(
        "Half a second of cooldown",
        Refused("Scaling.scale_in_cooldown is 1.5 seconds", "whole seconds"),
        1,
        4,
        ours={"cpu_percent": 60, "scale_in_cooldown": cdk.Duration.millis(1500)},
        cooldown=1500,
    ),
    Case(
        "Counts and percentages",
        "A schedule that changes nothing",
        lambda p: here.service(p, scaling=Scaling(min_capacity=1, max_capacity=4, schedule=[_night()])),
        lambda p: bare.scaling(p, 1, 4, schedule={"night": {}}),
        Refused("'night' changes nothing", "set min_capacity="),
    ),
    Case(
        "Counts and percentages",
        "A schedule with its minimum above its maximum",
        lambda p: here.service(p, scaling=Scaling(min_capacity=1, max_capacity=9, schedule=[_night(4, 2)])),
        lambda p: bare.scaling(p, 1, 9, schedule={"night": {"min_capacity": 4, "max_capacity": 2}}),
        Refused("ScheduledCapacity.min_capacity=4 is above max_capacity=2", "swap the two"),
    ),
    Case(
        "Counts and percentages",
        "A schedule whose minimum is above the maximum that stays",
        lambda p: here.service(p, scaling=Scaling(min_capacity=1, max_capacity=4, schedule=[_night(8)])),
        lambda p: bare.scaling(p, 1, 4, schedule={"night": {"min_capacity": 8}}),
        Refused("'night' could leave min_capacity=8 above max_capacity=4", "give the schedule both"),
    ),
    Case(
        "Counts and percentages",
        "Weight 0 for Spot in a mix with Spot",
        lambda _: Mixed(spot_weight=0),
        lambda p: bare.pattern(
            p, capacity_provider_strategies=[ecs.CapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=0)]
        ),
        Refused("Mixed.spot_weight=0", "use 1 to 1000"),
    ),
    _rolling("101 % healthy at least", Refused("min_healthy_percent=101", "use 0 to 100"), 101, 200),
    _rolling("-1 % healthy at least", Refused("min_healthy_percent=-1", "use 0 to 100"), -1, 200),
    _rolling(
        "100 % at least and at most: it never ends", Refused("Rolling.max_healthy_percent=100", "use 101"), 100, 100
    ),
    _rolling("50 % at most", Refused("Rolling.max_healthy_percent=50", "use 101"), 100, 50),
    Case(
        "Counts and percentages",
        "A canary of 0 %",
        lambda _: Canary(percent=0),
        lambda p: bare.shifting(
            p,
            deployment_strategy=ecs.DeploymentStrategy.CANARY,
            canary_configuration=ecs.TrafficShiftConfig(step_percent=0),
        ),
        Refused("Canary.percent=0 is not a share", "use 0.1 to 100"),
    ),
    Case(
        "Counts and percentages",
        "Steps of 2 % in a linear deployment",
        lambda _: Linear(step_percent=2),
        lambda p: bare.shifting(
            p,
            deployment_strategy=ecs.DeploymentStrategy.LINEAR,
            linear_configuration=ecs.TrafficShiftConfig(step_percent=2),
        ),
        Refused("Linear.step_percent=2", "use 3 to 100"),
    ),
    Case(
        "Counts and percentages",
        "25 hours of baking",
        lambda _: BlueGreen(bake_time=cdk.Duration.hours(25)),
        lambda p: bare.shifting(
            p, deployment_strategy=ecs.DeploymentStrategy.BLUE_GREEN, bake_time=cdk.Duration.hours(25)
        ),
        Refused("BlueGreen.bake_time is 1500 minutes", "0 to 1440"),
    ),
    _check(
        "Health checks every 4 seconds",
        Refused("TargetHealthCheck.interval is 4", "5 to 300"),
        {"interval": S(4)},
        {"interval": S(4)},
    ),
    _check(
        "A health check that may take longer than its interval",
        Refused("timeout is 30 seconds and interval 10", "shorter than the interval"),
        {"timeout": S(30), "interval": S(10)},
        {"timeout": S(30), "interval": S(10)},
    ),
    _check(
        "Healthy after 1 check",
        Refused("healthy_threshold=1", "use 2 to 10"),
        {"healthy_threshold": 1},
        {"healthy_threshold_count": 1},
    ),
    _check(
        "Unhealthy after 11",
        Refused("unhealthy_threshold=11", "use 2 to 10"),
        {"unhealthy_threshold": 11},
        {"unhealthy_threshold_count": 11},
    ),
    _check(
        "Healthy at status 600",
        Refused("TargetHealthCheck.codes='600'", "'200-299'"),
        {"codes": "600"},
        {"healthy_http_codes": "600"},
    ),
    _check(
        "A path `healthz`",
        Refused("TargetHealthCheck.path='healthz'", "'/healthz'"),
        {"path": "healthz"},
        {"path": "healthz"},
    ),
    Case(
        "Counts and percentages",
        "Connections closed after 4001 idle seconds",
        lambda p: here.service(p, ingress=PublicHttp(idle_timeout=S(4001))),
        lambda p: bare.pattern(p, idle_timeout=S(4001)),
        Refused("PublicHttp.idle_timeout is 4001 seconds", "1 to 4000"),
    ),
    Case(
        "Counts and percentages",
        "3601 seconds to finish requests",
        lambda p: here.service(p, ingress=PublicHttp(deregistration_delay=S(3601))),
        lambda p: bare.attribute(p, "deregistration_delay.timeout_seconds", "3601"),
        Refused("PublicHttp.deregistration_delay is 3601 seconds", "0 to 3600"),
    ),
    Case(
        "Counts and percentages",
        "121 seconds to stop",
        lambda p: here.service(p, container=here.container(stop_timeout=S(121))),
        lambda p: bare.container(p, stop_timeout=S(121)),
        Refused("AppContainer.stop_timeout is 121 seconds", "2 to 120"),
    ),
    Case(
        "Counts and percentages",
        "An alarm at 150 % of CPU",
        lambda _: ServiceThresholds(cpu_percent={"Warning": 150}),
        lambda p: bare.alarm(p, 150),
        Refused("ServiceThresholds.cpu_percent['Warning']=150 is not a percentage", "use 0 to 100"),
    ),
    Case(
        "Counts and percentages",
        "An alarm at infinitely few requests",
        lambda _: ServiceThresholds(requests_below={"Warning": float("inf")}),
        lambda p: bare.alarm(p, float("inf")),
        Refused("ServiceThresholds.requests_below['Warning']=inf", "use for example 70"),
    ),
    Case(
        "Counts and percentages",
        "A latency without a unit",
        lambda _: ServiceThresholds(latency={"Warning": 3}),  # type: ignore[dict-item]
        lambda p: bare.alarm(p, 3),
        Refused("ServiceThresholds.latency['Warning']=3 has no unit", "Duration.seconds(1)"),
    ),
]
