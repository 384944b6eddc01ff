"""Property injectors: defaults of this library for what CDK's constructs are given."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import jsii
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs.mixins.base import is_ours
from ecr_fargate_constructs.service.deployment.rolling import Rolling, percents_of
from ecr_fargate_constructs.service.ingress.load_balancer import grpc_codes_of
from ecr_fargate_constructs.service.ingress.settings import ListenerSettings
from ecr_fargate_constructs.service.ingress.targets import Targets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from constructs import Construct

_HTTP = {None, "HTTP", "HTTPS"}
_HTTPS_PORTS = {443, 8443}
_ALL, _TWICE = 100, 200
"""Maxima of tasks, in percent: up to the first ECS does not rebalance them among zones, and from the second on any
number of tasks can be replaced with a minimum of 100: ECS rounds the maximum down ("DeploymentConfiguration" in the
Amazon ECS API reference), so with 2 tasks, 100 and 149 would let none start and none stop."""


def property_injectors() -> list[cdk.IPropertyInjector]:
    """Return the defaults of this library for every construct of CDK that an app, a stage or a stack will create.

    Pass them to ``cdk.App(property_injectors=property_injectors())``. What the app sets itself stays; the constructs of
    this library do not change. CDK applies injectors in constructors only: constructs that exist already, alarms, and
    properties without an option in CDK need a mixin.

    | construct of CDK | options |
    |---|---|
    | ``ecs.FargateService`` | minimum and maximum of a deployment, circuit breaker, rebalancing among zones |
    | ``elbv2.ApplicationTargetGroup`` | health check, deregistration delay |
    | ``elbv2.ApplicationLoadBalancer`` | malformed headers, desync mitigation |
    | ``elbv2.ApplicationListener`` | TLS policy, with HTTPS |
    | ``ecr.Repository`` | immutable tags, scan on push |
    """
    return [
        _Injector(ecs.FargateService.PROPERTY_INJECTION_ID, _service),
        _Injector(elbv2.ApplicationTargetGroup.PROPERTY_INJECTION_ID, _target_group),
        _Injector(elbv2.ApplicationLoadBalancer.PROPERTY_INJECTION_ID, _load_balancer),
        _Injector(elbv2.ApplicationListener.PROPERTY_INJECTION_ID, _listener),
        _Injector(ecr.Repository.PROPERTY_INJECTION_ID, _repository),
    ]


@jsii.implements(cdk.IPropertyInjector)
class _Injector:
    """Adds options that a constructor was not given.

    jsii hands the options over as a mapping with CDK's own names, in camel case, and not as a structure: CDK declares
    them as ``any``. A structure that is returned would lose the options that this version of Python's does not know.
    """

    def __init__(self, unique_id: str, defaults: Callable[[Mapping[str, Any]], Mapping[str, object]]) -> None:
        self._unique_id = unique_id
        self._defaults = defaults

    @property
    def construct_unique_id(self) -> str:
        """The id of the class of CDK."""
        return self._unique_id

    def inject(self, original_props: Any, *, id: str, scope: Construct) -> Any:  # noqa: A002, ANN401, ARG002 - CDK's
        """Return the options of a constructor."""
        given: dict[str, Any] = original_props or {}
        return given if is_ours(scope) else {**self._defaults(given), **given}


def _service(given: Mapping[str, Any]) -> Mapping[str, object]:
    if "deploymentController" in given or "deploymentStrategy" in given:
        return {}  # deployments that the app has chosen
    least, most = percents_of(Rolling())
    defaults: dict[str, object] = {"minHealthyPercent": least, "maxHealthyPercent": most, "circuitBreaker": _breaker()}
    most = given.get("maxHealthyPercent", most)
    if most <= _ALL:
        return {"circuitBreaker": _breaker()}  # no task may start before another has stopped
    if most < _TWICE:
        del defaults["minHealthyPercent"]
    return {**defaults, "availabilityZoneRebalancing": ecs.AvailabilityZoneRebalancing.ENABLED}


@cache
def _breaker() -> ecs.DeploymentCircuitBreaker:
    return ecs.DeploymentCircuitBreaker(enable=True, rollback=True)


def _target_group(given: Mapping[str, Any]) -> Mapping[str, object]:
    if given.get("protocol") not in _HTTP or not given.keys() & {"protocol", "port"}:
        return {}  # a group of Lambda functions has neither, and takes none of these
    targets = Targets()
    check = targets.health_check
    grpc = given.get("protocolVersion") == elbv2.ApplicationProtocolVersion.GRPC.value
    return {
        "deregistrationDelay": targets.deregistration_delay,
        "healthCheck": elbv2.HealthCheck(
            enabled=True,
            path=check.path,
            healthy_http_codes=None if grpc else check.codes,
            healthy_grpc_codes=grpc_codes_of(check) if grpc else None,
            interval=check.interval,
            timeout=check.timeout,
            healthy_threshold_count=check.healthy_threshold,
            unhealthy_threshold_count=check.unhealthy_threshold,
        ),
    }


def _load_balancer(_: Mapping[str, Any]) -> Mapping[str, object]:
    return {
        "dropInvalidHeaderFields": True,
        "desyncMitigationMode": elbv2.DesyncMitigationMode.DEFENSIVE,
    }


def _listener(given: Mapping[str, Any]) -> Mapping[str, object]:
    """Return the options of a listener; CDK derives its protocol from its port, and patterns add certificates later."""
    protocol, port = given.get("protocol"), given.get("port")
    https = protocol == "HTTPS" or (protocol is None and port in _HTTPS_PORTS)
    return {"sslPolicy": ListenerSettings().tls_policy} if https else {}


def _repository(_: Mapping[str, Any]) -> Mapping[str, object]:
    return {"imageScanOnPush": True, "imageTagMutability": ecr.TagMutability.IMMUTABLE}
