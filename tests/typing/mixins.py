"""Mixins and property injectors, for the type checkers."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from typing_extensions import assert_type

from ecr_fargate_constructs import (
    DeploymentAlarms,
    FastRollout,
    Hardened,
    LifecyclePolicy,
    NonBlockingLogs,
    Retention,
    RollbackAlarms,
    Rolling,
    SafeDeployment,
    TargetHealthCheck,
    property_injectors,
)


def adopted(app: cdk.App, service: ecs.FargateService, repository: ecr.Repository) -> None:
    applied = cdk.Mixins.of(app).require_any().apply(SafeDeployment(Rolling(alarms=None), desired_count=None))
    assert_type(applied, cdk.MixinApplicator)
    service.with_(
        DeploymentAlarms(RollbackAlarms(latency=None)),
        FastRollout(TargetHealthCheck(path="/healthz"), deregistration_delay=cdk.Duration.seconds(5)),
        NonBlockingLogs(buffer_mib=4),
    )
    repository.with_(Hardened(writable_paths=["/run"]), LifecyclePolicy(Retention.keep_last(50)))
    cdk.Aspects.of(app).add(cdk.Shims.as_aspect(FastRollout()))
    assert_type(property_injectors(), list[cdk.IPropertyInjector])
    cdk.App(property_injectors=property_injectors())
