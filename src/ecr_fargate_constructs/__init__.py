"""A private ECR repository, an image that lives in it, and a load-balanced Fargate service that runs it.

Names are imported when they are first used: the command line and the pure rules must not pay for ``aws_cdk``.
"""

from __future__ import annotations

import gc
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecr_fargate_constructs._rules.endpoints import Feature
    from ecr_fargate_constructs._rules.lifecycle_policy import LifecycleAction
    from ecr_fargate_constructs._rules.simulation import EcrImage
    from ecr_fargate_constructs._rules.task_size import TaskSize
    from ecr_fargate_constructs.architecture import Architecture
    from ecr_fargate_constructs.ecr_fargate_service import EcrFargateService
    from ecr_fargate_constructs.errors import ConfigurationError
    from ecr_fargate_constructs.image.build import ImageBuild
    from ecr_fargate_constructs.image.published_image import PublishedImage
    from ecr_fargate_constructs.network.network import Egress, Network
    from ecr_fargate_constructs.observability.alarms import ServiceAlarms
    from ecr_fargate_constructs.observability.dashboard import ServiceDashboard
    from ecr_fargate_constructs.observability.thresholds import ServiceThresholds
    from ecr_fargate_constructs.posture import Posture
    from ecr_fargate_constructs.repository.image_repository import ExistingRepository
    from ecr_fargate_constructs.repository.private_repository import PrivateRepository
    from ecr_fargate_constructs.repository.pull_through_cache import PullThroughCache, Upstream
    from ecr_fargate_constructs.repository.repository_stack import ImageRepositoryStack
    from ecr_fargate_constructs.repository.retention import (
        ArchiveOlderThan,
        ArchiveUnpulled,
        ExpireArchived,
        ExpireOlderThan,
        ExpireUntagged,
        KeepNewest,
        Retention,
    )
    from ecr_fargate_constructs.repository.retention_checks import AllOf
    from ecr_fargate_constructs.service.capacity.ec2 import Ec2Capacity
    from ecr_fargate_constructs.service.capacity.fargate import Mixed, OnDemand, Spot
    from ecr_fargate_constructs.service.capacity.scaling import MetricResolution, Scaling, ScheduledCapacity
    from ecr_fargate_constructs.service.container.application import AppContainer
    from ecr_fargate_constructs.service.container.ec2 import Ec2Container
    from ecr_fargate_constructs.service.container.logs import CloudWatchLogs
    from ecr_fargate_constructs.service.container.runtime import ContainerRuntime, RestartPolicy
    from ecr_fargate_constructs.service.container.sidecar import Sidecar
    from ecr_fargate_constructs.service.container.volumes import EbsVolume, EfsVolume, Mount, SharedVolume
    from ecr_fargate_constructs.service.deployment.alarms import RollbackAlarms
    from ecr_fargate_constructs.service.deployment.hooks import Approval, DeploymentHook
    from ecr_fargate_constructs.service.deployment.rolling import (
        Deployment,
        EarlySuccess,
        Rolling,
        SourceRevisionCleanup,
    )
    from ecr_fargate_constructs.service.deployment.test_traffic import TestTrafficHeader, TestTrafficPort
    from ecr_fargate_constructs.service.deployment.traffic_shift import BlueGreen, Canary, Linear
    from ecr_fargate_constructs.service.discovery import CloudMap, ServiceConnect
    from ecr_fargate_constructs.service.ingress.authentication import CognitoAuthentication, OidcAuthentication
    from ecr_fargate_constructs.service.ingress.responses import FixedResponse, Redirect
    from ecr_fargate_constructs.service.ingress.settings import (
        ExistingLoadBalancer,
        ListenerSettings,
        LoadBalancerSettings,
        Stickiness,
        TargetGroupSettings,
    )
    from ecr_fargate_constructs.service.ingress.targets import Targets
    from ecr_fargate_constructs.service.ingress.values import (
        InternalHttp,
        InternalHttps,
        PublicHttp,
        PublicHttps,
        TargetHealthCheck,
    )
    from ecr_fargate_constructs.service.load_balanced import LoadBalancedFargateService
    from ecr_fargate_constructs.service.load_balanced_ec2 import LoadBalancedEc2Service
    from ecr_fargate_constructs.service.routed import RoutedFargateService
    from ecr_fargate_constructs.service.routed_ec2 import RoutedEc2Service
    from ecr_fargate_constructs.service.routing.route import Route
    from ecr_fargate_constructs.service.routing.shared_load_balancer import SharedListener, SharedLoadBalancer
    from ecr_fargate_constructs.supply_chain.findings import ScanAlarm, Severity
    from ecr_fargate_constructs.supply_chain.registry import (
        EnhancedScanning,
        ManagedSigning,
        RegistrySettings,
        ScanFrequency,
    )
    from ecr_fargate_constructs.supply_chain.signatures import SignatureCheck

    __version__: str

__all__ = [
    "AllOf",
    "AppContainer",
    "Approval",
    "Architecture",
    "ArchiveOlderThan",
    "ArchiveUnpulled",
    "BlueGreen",
    "Canary",
    "CloudMap",
    "CloudWatchLogs",
    "CognitoAuthentication",
    "ConfigurationError",
    "ContainerRuntime",
    "Deployment",
    "DeploymentHook",
    "EarlySuccess",
    "EbsVolume",
    "Ec2Capacity",
    "Ec2Container",
    "EcrFargateService",
    "EcrImage",
    "EfsVolume",
    "Egress",
    "EnhancedScanning",
    "ExistingLoadBalancer",
    "ExistingRepository",
    "ExpireArchived",
    "ExpireOlderThan",
    "ExpireUntagged",
    "Feature",
    "FixedResponse",
    "ImageBuild",
    "ImageRepositoryStack",
    "InternalHttp",
    "InternalHttps",
    "KeepNewest",
    "LifecycleAction",
    "Linear",
    "ListenerSettings",
    "LoadBalancedEc2Service",
    "LoadBalancedFargateService",
    "LoadBalancerSettings",
    "ManagedSigning",
    "MetricResolution",
    "Mixed",
    "Mount",
    "Network",
    "OidcAuthentication",
    "OnDemand",
    "Posture",
    "PrivateRepository",
    "PublicHttp",
    "PublicHttps",
    "PublishedImage",
    "PullThroughCache",
    "Redirect",
    "RegistrySettings",
    "RestartPolicy",
    "Retention",
    "RollbackAlarms",
    "Rolling",
    "Route",
    "RoutedEc2Service",
    "RoutedFargateService",
    "Scaling",
    "ScanAlarm",
    "ScanFrequency",
    "ScheduledCapacity",
    "ServiceAlarms",
    "ServiceConnect",
    "ServiceDashboard",
    "ServiceThresholds",
    "Severity",
    "SharedListener",
    "SharedLoadBalancer",
    "SharedVolume",
    "Sidecar",
    "SignatureCheck",
    "SourceRevisionCleanup",
    "Spot",
    "Stickiness",
    "TargetGroupSettings",
    "TargetHealthCheck",
    "Targets",
    "TaskSize",
    "TestTrafficHeader",
    "TestTrafficPort",
    "Upstream",
]

_HOMES = {
    "AllOf": "repository.retention_checks",
    "AppContainer": "service.container.application",
    "Approval": "service.deployment.hooks",
    "Architecture": "architecture",
    "ArchiveOlderThan": "repository.retention",
    "ArchiveUnpulled": "repository.retention",
    "BlueGreen": "service.deployment.traffic_shift",
    "Canary": "service.deployment.traffic_shift",
    "CloudMap": "service.discovery",
    "CloudWatchLogs": "service.container.logs",
    "CognitoAuthentication": "service.ingress.authentication",
    "ConfigurationError": "errors",
    "ContainerRuntime": "service.container.runtime",
    "Deployment": "service.deployment.rolling",
    "DeploymentHook": "service.deployment.hooks",
    "EarlySuccess": "service.deployment.rolling",
    "EbsVolume": "service.container.volumes",
    "Ec2Capacity": "service.capacity.ec2",
    "Ec2Container": "service.container.ec2",
    "EcrFargateService": "ecr_fargate_service",
    "EcrImage": "_rules.simulation",
    "EfsVolume": "service.container.volumes",
    "Egress": "network.network",
    "EnhancedScanning": "supply_chain.registry",
    "ExistingLoadBalancer": "service.ingress.settings",
    "ExistingRepository": "repository.image_repository",
    "ExpireArchived": "repository.retention",
    "ExpireOlderThan": "repository.retention",
    "ExpireUntagged": "repository.retention",
    "Feature": "_rules.endpoints",
    "FixedResponse": "service.ingress.responses",
    "ImageBuild": "image.build",
    "ImageRepositoryStack": "repository.repository_stack",
    "InternalHttp": "service.ingress.values",
    "InternalHttps": "service.ingress.values",
    "KeepNewest": "repository.retention",
    "LifecycleAction": "_rules.lifecycle_policy",
    "Linear": "service.deployment.traffic_shift",
    "ListenerSettings": "service.ingress.settings",
    "LoadBalancedEc2Service": "service.load_balanced_ec2",
    "LoadBalancedFargateService": "service.load_balanced",
    "LoadBalancerSettings": "service.ingress.settings",
    "ManagedSigning": "supply_chain.registry",
    "MetricResolution": "service.capacity.scaling",
    "Mixed": "service.capacity.fargate",
    "Mount": "service.container.volumes",
    "Network": "network.network",
    "OidcAuthentication": "service.ingress.authentication",
    "SourceRevisionCleanup": "service.deployment.rolling",
    "OnDemand": "service.capacity.fargate",
    "Posture": "posture",
    "TestTrafficHeader": "service.deployment.test_traffic",
    "TestTrafficPort": "service.deployment.test_traffic",
    "PrivateRepository": "repository.private_repository",
    "PublicHttp": "service.ingress.values",
    "PublicHttps": "service.ingress.values",
    "PublishedImage": "image.published_image",
    "PullThroughCache": "repository.pull_through_cache",
    "Redirect": "service.ingress.responses",
    "RegistrySettings": "supply_chain.registry",
    "RestartPolicy": "service.container.runtime",
    "Retention": "repository.retention",
    "RollbackAlarms": "service.deployment.alarms",
    "Rolling": "service.deployment.rolling",
    "Route": "service.routing.route",
    "RoutedEc2Service": "service.routed_ec2",
    "RoutedFargateService": "service.routed",
    "Scaling": "service.capacity.scaling",
    "ScanAlarm": "supply_chain.findings",
    "ScanFrequency": "supply_chain.registry",
    "ScheduledCapacity": "service.capacity.scaling",
    "ServiceAlarms": "observability.alarms",
    "ServiceConnect": "service.discovery",
    "ServiceDashboard": "observability.dashboard",
    "ServiceThresholds": "observability.thresholds",
    "Severity": "supply_chain.findings",
    "SharedListener": "service.routing.shared_load_balancer",
    "SharedLoadBalancer": "service.routing.shared_load_balancer",
    "SharedVolume": "service.container.volumes",
    "Sidecar": "service.container.sidecar",
    "SignatureCheck": "supply_chain.signatures",
    "Spot": "service.capacity.fargate",
    "Stickiness": "service.ingress.settings",
    "TargetHealthCheck": "service.ingress.values",
    "TargetGroupSettings": "service.ingress.settings",
    "Targets": "service.ingress.targets",
    "TaskSize": "_rules.task_size",
    "Upstream": "repository.pull_through_cache",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - it reads mail headers, and few ask

        return version("ecr-fargate-constructs")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # What an import makes stays. To look through CDK's classes for garbage, meanwhile or at the end, takes a tenth of
    # the time. Frozen and thawed they count as old, and are looked through when all that is old is.
    collecting = gc.isenabled()
    gc.disable()
    try:
        value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    finally:
        if collecting:
            if not gc.get_freeze_count():  # what the program itself has frozen stays so
                gc.freeze()
                gc.unfreeze()
            gc.enable()
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
