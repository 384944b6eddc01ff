"""Values that only the deployment knows pass wherever AWS takes one, and in the unit that it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk.assertions import Template

from ecr_fargate_constructs import (
    AppContainer,
    Approval,
    BlueGreen,
    ConfigurationError,
    ContainerRuntime,
    JobContainer,
    JobRuns,
    LoadBalancedFargateService,
    LoadBalancerSettings,
    Mount,
    PublicHttp,
    QueueScaling,
    ReleaseCommand,
    RestartPolicy,
    RollbackAlarms,
    Rolling,
    Scaling,
    ScheduledJob,
    ServiceAlarms,
    ServiceConnect,
    ServiceDashboard,
    ServiceThresholds,
    SharedVolume,
    Sidecar,
    Stickiness,
    TargetGroupSettings,
    TargetHealthCheck,
    Wake,
    WorkerContainer,
    WorkerService,
    WorkQueue,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Give = Callable[[cdk.Stack, cdk.Duration], object]

pytestmark = pytest.mark.integration

IMAGE = "public.ecr.aws/nginx/nginx:1.29"


def _service(stack: cdk.Stack, container: AppContainer | None = None, **options: Any) -> LoadBalancedFargateService:  # noqa: ANN401
    return LoadBalancedFargateService(
        stack, "Web", container=container or AppContainer(IMAGE, 80), **{"ingress": PublicHttp(), **options}
    )


def _job(stack: cdk.Stack, runs: JobRuns) -> ScheduledJob:
    hourly = scheduler.ScheduleExpression.rate(cdk.Duration.hours(1))
    return ScheduledJob(stack, "Job", container=JobContainer(IMAGE), schedule=hourly, runs=runs)


def _checked(**times: Any) -> AppContainer:  # noqa: ANN401
    return AppContainer(IMAGE, 80, health_check=ecs.HealthCheck(command=["CMD", "true"], **times))


def _sticky(time: cdk.Duration, cookie: str | None = None) -> PublicHttp:
    return PublicHttp(target_group=TargetGroupSettings(stickiness=Stickiness(duration=time, cookie_name=cookie)))


IN_SECONDS: dict[str, tuple[Give, str]] = {
    "health check interval": (lambda s, t: _service(s, _checked(interval=t)), '"Interval": {"Ref": "Later"}'),
    "health check timeout": (lambda s, t: _service(s, _checked(timeout=t)), '"Timeout": {"Ref": "Later"}'),
    "health check start": (lambda s, t: _service(s, _checked(start_period=t)), '"StartPeriod": {"Ref": "Later"}'),
    "restart": (
        lambda s, t: _service(s, AppContainer(IMAGE, 80, restart=RestartPolicy(attempt_period=t))),
        '"RestartAttemptPeriod": {"Ref": "Later"}',
    ),
    "restart of a sidecar": (
        lambda s, t: _service(s, sidecars=[Sidecar("s", IMAGE, restart=RestartPolicy(attempt_period=t))]),
        '"RestartAttemptPeriod": {"Ref": "Later"}',
    ),
    "stop": (lambda s, t: _service(s, AppContainer(IMAGE, 80, stop_timeout=t)), '"StopTimeout": {"Ref": "Later"}'),
    "start": (
        lambda s, t: _service(s, AppContainer(IMAGE, 80, runtime=ContainerRuntime(start_timeout=t))),
        '"StartTimeout": {"Ref": "Later"}',
    ),
    "target interval": (
        lambda s, t: _service(s, ingress=PublicHttp(health_check=TargetHealthCheck(interval=t))),
        '"HealthCheckIntervalSeconds": {"Ref": "Later"}',
    ),
    "stickiness": (
        lambda s, t: _service(s, ingress=_sticky(t)),
        '{"Key": "stickiness.lb_cookie.duration_seconds", "Value": {"Ref": "Later"}}',
    ),
    "stickiness by a cookie": (
        lambda s, t: _service(s, ingress=_sticky(t, "session")),
        '{"Key": "stickiness.app_cookie.duration_seconds", "Value": {"Ref": "Later"}}',
    ),
    "keep alive": (
        lambda s, t: _service(s, ingress=PublicHttp(load_balancer=LoadBalancerSettings(client_keep_alive=t))),
        '{"Key": "client_keep_alive.seconds", "Value": {"Ref": "Later"}}',
    ),
    "rollback": (
        lambda s, t: _service(s, deployment=Rolling(alarms=RollbackAlarms(latency=t))),
        '"Threshold": {"Ref": "Later"}',
    ),
    "alarm": (
        lambda s, t: ServiceAlarms.of(_service(s), thresholds=ServiceThresholds(latency={"Warning": t})),
        '"Threshold": {"Ref": "Later"}',
    ),
    "dashboard": (
        lambda s, t: ServiceDashboard.of(_service(s), thresholds=ServiceThresholds(latency={"Warning": t})),
        '{"Ref": "Later"}',
    ),
    "cooldown": (
        lambda s, t: _service(s, scaling=Scaling(min_capacity=1, max_capacity=2, cpu_percent=50, scale_in_cooldown=t)),
        '"ScaleInCooldown": {"Ref": "Later"}',
    ),
    "stop of a worker": (
        lambda s, t: WorkerService(s, "Worker", container=WorkerContainer(IMAGE, stop_timeout=t)),
        '"StopTimeout": {"Ref": "Later"}',
    ),
    "time for which a request waits": (
        lambda s, t: _service(s, scaling=Scaling(min_capacity=0, max_capacity=1, wake=Wake(hold=t))),
        '"HOLD_SECONDS": {"Ref": "Later"}',
    ),
    "timeout of a release command": (
        lambda s, t: _service(s, release_command=ReleaseCommand(["migrate"], timeout=t)),
        '"TimeoutSeconds": {"Ref": "Later"}',
    ),
    "visibility": (lambda s, t: WorkQueue(s, "Q", visibility_timeout=t), '"VisibilityTimeout": {"Ref": "Later"}'),
    "retention": (lambda s, t: WorkQueue(s, "Q", retention=t), '"MessageRetentionPeriod": {"Ref": "Later"}'),
    "longest wait": (lambda s, t: WorkQueue(s, "Q", longest_wait=t), '"Threshold": {"Ref": "Later"}'),
    "cooldown of a worker": (
        lambda s, t: WorkerService(
            s,
            "Worker",
            container=WorkerContainer(IMAGE),
            scaling=QueueScaling(WorkQueue(s, "Q"), 5, scale_out_cooldown=t),
        ),
        '"ScaleOutCooldown": {"Ref": "Later"}',
    ),
    "timeout of a job": (lambda s, t: _job(s, JobRuns(timeout=t)), '"TimeoutSeconds":", {"Ref": "Later"}'),
    "interval of a job": (lambda s, t: _job(s, JobRuns(retry_interval=t)), '"IntervalSeconds":", {"Ref": "Later"}'),
    "age of a job's event": (
        lambda s, t: _job(s, JobRuns(max_event_age=t)),
        '"MaximumEventAgeInSeconds": {"Ref": "Later"}',
    ),
    "request timeout": (
        lambda s, t: _service(s).enable_service_connect(
            ServiceConnect(namespace="apps", name="web", request_timeout=t)
        ),
        '"PerRequestTimeoutSeconds": {"Ref": "Later"}',
    ),
    "idle timeout": (
        lambda s, t: _service(s).enable_service_connect(ServiceConnect(namespace="apps", name="web", idle_timeout=t)),
        '"IdleTimeoutSeconds": {"Ref": "Later"}',
    ),
}


def _later(stack: cdk.Stack) -> float:
    return cdk.CfnParameter(stack, "Later", type="Number").value_as_number


@pytest.mark.parametrize("what", IN_SECONDS)
def test_a_time_in_seconds_passes(what: str) -> None:
    give, found = IN_SECONDS[what]
    stack = cdk.Stack(cdk.App(), "Stack")
    give(stack, cdk.Duration.seconds(_later(stack)))
    text = str(Template.from_stack(stack).to_json())
    assert found in text.replace("'", '"')
    assert "e+289" not in text


@pytest.mark.parametrize("what", IN_SECONDS)
@pytest.mark.parametrize("unit", ["minutes", "millis"])
def test_a_time_in_another_unit_is_refused_with_the_one_to_use(what: str, unit: str) -> None:
    give, _ = IN_SECONDS[what]
    stack = cdk.Stack(cdk.App(), "Stack")
    time = getattr(cdk.Duration, unit)(_later(stack))
    with pytest.raises(ConfigurationError, match=r"another unit than seconds.*; use cdk\.Duration\.seconds\(…\)"):
        give(stack, time)


def test_minutes_are_taken_in_minutes() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    number = _later(stack)
    _service(stack, deployment=BlueGreen(approval=Approval(timeout=cdk.Duration.minutes(number))))
    assert "'TimeoutInMinutes': {'Ref': 'Later'}" in str(Template.from_stack(stack).to_json())
    with pytest.raises(ConfigurationError, match=r"BlueGreen\.bake_time is a CDK token in another unit than minutes"):
        BlueGreen(bake_time=cdk.Duration.seconds(number))


def test_a_volume_with_the_name_of_a_writable_path_is_refused() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    for name, sidecars in (("writable-0", ()), ("s-writable-0", [Sidecar("s", IMAGE, writable_paths=["/b"])])):
        container = AppContainer(IMAGE, 80, writable_paths=["/a"], mounts=[Mount("/c", SharedVolume(name))])
        with pytest.raises(ConfigurationError, match=f"the volume '{name}' has the name of one of "):
            _service(stack, container, sidecars=sidecars)
    assert not stack.node.children
