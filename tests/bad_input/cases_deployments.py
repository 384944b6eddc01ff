"""Deployments that never move, times that never come, redirects that never end."""

from __future__ import annotations

import math
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_lambda as lambda_

from ecr_fargate_constructs import (
    Approval,
    BlueGreen,
    DeploymentHook,
    LoadBalancerSettings,
    PublicHttp,
    Redirect,
    RollbackAlarms,
    Rolling,
    Route,
    ScheduledCapacity,
    TargetHealthCheck,
)
from tests.bad_input import bare, here
from tests.bad_input.case import Case, Expected, Place, Refused

FAMILY = "Deployments, times and redirects"
STAGE = ecs.DeploymentLifecycleStage
ROLL_BACK = ecs.AlarmBehavior.ROLLBACK_ON_ALARM


def _function(place: Place) -> lambda_.Function:
    code = lambda_.Code.from_inline("def handler(event, context): return {'hookStatus': 'SUCCEEDED'}")
    return lambda_.Function(
        place.stack, "Hook", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=code
    )


def _rolling(what: str, expected: Expected, count: int, least: int, most: int) -> Case:
    return Case(
        FAMILY,
        what,
        lambda p: here.service(
            p,
            desired_count=count,
            deployment=Rolling(min_healthy_percent=least, max_healthy_percent=most),
        ),
        lambda p: bare.pattern(p, desired_count=count, min_healthy_percent=least, max_healthy_percent=most),
        expected,
    )


def _grace(what: str, wrong: str, period: cdk.Duration) -> Case:
    return Case(
        FAMILY,
        f"{what} in which failed checks of a new task do not count",
        lambda p: here.service(p, health_check_grace_period=period),
        lambda p: bare.pattern(p, health_check_grace_period=period),
        Refused(f"[Stack/Web] health_check_grace_period is {wrong}", "AWS takes whole seconds, 0 to 2147483647"),
    )


def _scheduled(what: str, expected: Expected, expression: str, zone: str | None = None) -> Case:
    time_zone = None if zone is None else cdk.TimeZone.of(zone)
    at = appscaling.Schedule.expression(expression)

    def theirs(place: Any) -> object:  # noqa: ANN401 - as in the other tables
        scalable = bare.pattern(place).service.auto_scale_task_count(max_capacity=4)
        return scalable.scale_on_schedule("day", schedule=at, min_capacity=2, time_zone=time_zone)

    return Case(
        FAMILY,
        what,
        lambda _: ScheduledCapacity(name="day", at=at, min_capacity=2, time_zone=time_zone),
        theirs,
        expected,
    )


def _redirect(what: str, expected: Expected, **options: Any) -> Case:  # noqa: ANN401 - bad input
    return Case(
        FAMILY,
        what,
        lambda _: Redirect(**options),
        lambda _: elbv2.ListenerAction.redirect(**options),
        expected,
    )


CASES = [
    _grace("Half a second", "0.5 seconds", cdk.Duration.millis(500)),
    _grace("69 years", "2177452800 seconds", cdk.Duration.days(25_202)),
    _rolling(
        "2 tasks, 100 % at least and 125 % at most", Refused("never replaces 2 tasks", "150 or more"), 2, 100, 125
    ),
    _rolling(
        "3 tasks, 100 % at least and 133 % at most", Refused("never replaces 3 tasks", "134 or more"), 3, 100, 133
    ),
    _rolling("1 task, 50 % at least and 150 % at most", Refused("never replaces 1 task", "200 or more"), 1, 50, 150),
    _scheduled("A schedule `garbage`", Refused("at='garbage' is not a schedule", "Schedule.cron"), "garbage"),
    _scheduled("Hour 25", Refused("has '25' as its hour", "use 0 to 23"), "cron(0 25 * * ? *)"),
    _scheduled("Every 0 minutes", Refused("is not a rate", "'rate(5 minutes)'"), "rate(0 minutes)"),
    _scheduled(
        "A time zone on Mars",
        Refused("time_zone='Mars/Olympus' is not a time zone", "IANA"),
        "cron(0 8 * * ? *)",
        "Mars/Olympus",
    ),
    _redirect('`host="#{host}"`', Refused("changes nothing", "give another host="), host="#{host}"),
    _redirect('`path="/#{path}"`', Refused("changes nothing", "give another host="), path="/#{path}"),
    _redirect(
        '`query="?a=b"`',
        Refused("Redirect.query='?a=b' begins with '?'", "remove it"),
        host="a.example.com",
        query="?a=b",
    ),
    Case(
        FAMILY,
        "An approval in the middle of the shift of traffic",
        lambda _: BlueGreen(approval=Approval(stage=STAGE.PRODUCTION_TRAFFIC_SHIFT)),
        None,
        Refused("waits at PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT, or POST_SCALE_UP"),
    ),
    Case(
        FAMILY,
        "Details of a hook that are not a number",
        lambda p: DeploymentHook(function=p.given, stages=[STAGE.POST_SCALE_UP], details={"share": math.nan}),
        None,
        Refused("DeploymentHook.details is not JSON", "plain values"),
        given=_function,
    ),
    Case(
        FAMILY,
        "An alarm with a name of 256 characters",
        lambda _: RollbackAlarms(existing=["a" * 256]),
        lambda p: bare.shifting(
            p, deployment_alarms=ecs.DeploymentAlarmConfig(alarm_names=["a" * 256], behavior=ROLL_BACK)
        ),
        Refused("has a name of 256 characters, but an alarm's name has at most 255", "the alarm's name"),
    ),
    Case(
        FAMILY,
        "A route by the header `Host`",
        lambda _: Route(path="/*", header={"Host": "a.example.com"}),
        lambda _: elbv2.ListenerCondition.http_header("Host", ["a.example.com"]),
        Refused("Route.header has 'Host'", "use host="),
    ),
    Case(
        FAMILY,
        "Healthy at status 299 to 200",
        lambda _: TargetHealthCheck(codes="299-200"),
        lambda p: bare.target(p, healthy_http_codes="299-200"),
        Refused("TargetHealthCheck.codes='299-200'", "use '200-299'"),
    ),
    Case(
        FAMILY,
        "IPv6 for a load balancer in a VPC with IPv4 only",
        lambda p: here.service(
            p,
            ingress=PublicHttp(load_balancer=LoadBalancerSettings(ip_address_type=elbv2.IpAddressType.DUAL_STACK)),
        ),
        lambda p: bare.pattern(p, ip_address_type=elbv2.IpAddressType.DUAL_STACK),
        Refused("LoadBalancerSettings.ip_address_type=DUAL_STACK requires subnets with IPv6", "give the vpc"),
    ),
]
