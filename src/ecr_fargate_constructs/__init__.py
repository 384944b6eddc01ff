"""A private ECR repository, an image that lives in it, and a load-balanced Fargate service that runs it.

Names are imported when they are first used: the command line and the pure rules must not pay for ``aws_cdk``.
"""

from __future__ import annotations

import gc
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecr_fargate_constructs.architecture import Architecture
    from ecr_fargate_constructs.errors import ConfigurationError
    from ecr_fargate_constructs.front_door import EcrFargateService
    from ecr_fargate_constructs.image.build import ImageBuild
    from ecr_fargate_constructs.image.published_image import PublishedImage
    from ecr_fargate_constructs.network.endpoints import Feature
    from ecr_fargate_constructs.network.network import Egress, Network
    from ecr_fargate_constructs.observability.alarms import ServiceAlarms
    from ecr_fargate_constructs.observability.dashboard import ServiceDashboard
    from ecr_fargate_constructs.observability.thresholds import ServiceThresholds
    from ecr_fargate_constructs.posture import Posture
    from ecr_fargate_constructs.repository.image_repository import ExistingRepository
    from ecr_fargate_constructs.repository.lifecycle_policy import LifecycleAction
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
    from ecr_fargate_constructs.repository.simulation import EcrImage
    from ecr_fargate_constructs.service.answer import FixedAnswer, Redirect
    from ecr_fargate_constructs.service.authentication import Cognito, Oidc
    from ecr_fargate_constructs.service.capacity import Mixed, OnDemand, Spot
    from ecr_fargate_constructs.service.container_logs import CloudWatchLogs
    from ecr_fargate_constructs.service.container_runtime import ContainerRuntime, RestartPolicy
    from ecr_fargate_constructs.service.containers import AppContainer
    from ecr_fargate_constructs.service.deployment import EarlySuccess, OldTasks, Rolling
    from ecr_fargate_constructs.service.deployment_hooks import Approval, DeploymentHook
    from ecr_fargate_constructs.service.discovery import CloudMap, ServiceConnect
    from ecr_fargate_constructs.service.ec2_container import Ec2Container
    from ecr_fargate_constructs.service.ingress import (
        InternalHttp,
        InternalHttps,
        PublicHttp,
        PublicHttps,
        TargetHealthCheck,
    )
    from ecr_fargate_constructs.service.ingress_settings import (
        ExistingLoadBalancer,
        ListenerSettings,
        LoadBalancerSettings,
        Stickiness,
        TargetSettings,
    )
    from ecr_fargate_constructs.service.load_balanced import LoadBalancedFargateService
    from ecr_fargate_constructs.service.load_balanced_ec2 import LoadBalancedEc2Service
    from ecr_fargate_constructs.service.machines import Ec2Capacity
    from ecr_fargate_constructs.service.preview import PreviewHeader, PreviewPort
    from ecr_fargate_constructs.service.rollback_alarms import RollbackAlarms
    from ecr_fargate_constructs.service.route import Route
    from ecr_fargate_constructs.service.routed import RoutedFargateService
    from ecr_fargate_constructs.service.routed_ec2 import RoutedEc2Service
    from ecr_fargate_constructs.service.scaling import MetricResolution, Scaling, ScheduledCapacity
    from ecr_fargate_constructs.service.shared_load_balancer import SharedListener, SharedLoadBalancer
    from ecr_fargate_constructs.service.sidecar import Sidecar
    from ecr_fargate_constructs.service.targets import Targets
    from ecr_fargate_constructs.service.task_size import TaskSize
    from ecr_fargate_constructs.service.traffic_shift import BlueGreen, Canary, Deployment, Linear
    from ecr_fargate_constructs.service.volumes import EbsVolume, EfsVolume, Mount, SharedVolume
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
    "Cognito",
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
    "FixedAnswer",
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
    "Oidc",
    "OldTasks",
    "OnDemand",
    "Posture",
    "PreviewHeader",
    "PreviewPort",
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
    "Spot",
    "Stickiness",
    "TargetHealthCheck",
    "TargetSettings",
    "Targets",
    "TaskSize",
    "Upstream",
]

_HOMES = {
    "AllOf": "repository.retention_checks",
    "AppContainer": "service.containers",
    "Approval": "service.deployment_hooks",
    "Architecture": "architecture",
    "ArchiveOlderThan": "repository.retention",
    "ArchiveUnpulled": "repository.retention",
    "BlueGreen": "service.traffic_shift",
    "Canary": "service.traffic_shift",
    "CloudMap": "service.discovery",
    "CloudWatchLogs": "service.container_logs",
    "Cognito": "service.authentication",
    "ConfigurationError": "errors",
    "ContainerRuntime": "service.container_runtime",
    "Deployment": "service.traffic_shift",
    "DeploymentHook": "service.deployment_hooks",
    "EarlySuccess": "service.deployment",
    "EbsVolume": "service.volumes",
    "Ec2Capacity": "service.machines",
    "Ec2Container": "service.ec2_container",
    "EcrFargateService": "front_door",
    "EcrImage": "repository.simulation",
    "EfsVolume": "service.volumes",
    "Egress": "network.network",
    "EnhancedScanning": "supply_chain.registry",
    "ExistingLoadBalancer": "service.ingress_settings",
    "ExistingRepository": "repository.image_repository",
    "ExpireArchived": "repository.retention",
    "ExpireOlderThan": "repository.retention",
    "ExpireUntagged": "repository.retention",
    "Feature": "network.endpoints",
    "FixedAnswer": "service.answer",
    "ImageBuild": "image.build",
    "ImageRepositoryStack": "repository.repository_stack",
    "InternalHttp": "service.ingress",
    "InternalHttps": "service.ingress",
    "KeepNewest": "repository.retention",
    "LifecycleAction": "repository.lifecycle_policy",
    "Linear": "service.traffic_shift",
    "ListenerSettings": "service.ingress_settings",
    "LoadBalancedEc2Service": "service.load_balanced_ec2",
    "LoadBalancedFargateService": "service.load_balanced",
    "LoadBalancerSettings": "service.ingress_settings",
    "ManagedSigning": "supply_chain.registry",
    "MetricResolution": "service.scaling",
    "Mixed": "service.capacity",
    "Mount": "service.volumes",
    "Network": "network.network",
    "Oidc": "service.authentication",
    "OldTasks": "service.deployment",
    "OnDemand": "service.capacity",
    "Posture": "posture",
    "PreviewHeader": "service.preview",
    "PreviewPort": "service.preview",
    "PrivateRepository": "repository.private_repository",
    "PublicHttp": "service.ingress",
    "PublicHttps": "service.ingress",
    "PublishedImage": "image.published_image",
    "PullThroughCache": "repository.pull_through_cache",
    "Redirect": "service.answer",
    "RegistrySettings": "supply_chain.registry",
    "RestartPolicy": "service.container_runtime",
    "Retention": "repository.retention",
    "RollbackAlarms": "service.rollback_alarms",
    "Rolling": "service.deployment",
    "Route": "service.route",
    "RoutedEc2Service": "service.routed_ec2",
    "RoutedFargateService": "service.routed",
    "Scaling": "service.scaling",
    "ScanAlarm": "supply_chain.findings",
    "ScanFrequency": "supply_chain.registry",
    "ScheduledCapacity": "service.scaling",
    "ServiceAlarms": "observability.alarms",
    "ServiceConnect": "service.discovery",
    "ServiceDashboard": "observability.dashboard",
    "ServiceThresholds": "observability.thresholds",
    "Severity": "supply_chain.findings",
    "SharedListener": "service.shared_load_balancer",
    "SharedLoadBalancer": "service.shared_load_balancer",
    "SharedVolume": "service.volumes",
    "Sidecar": "service.sidecar",
    "SignatureCheck": "supply_chain.signatures",
    "Spot": "service.capacity",
    "Stickiness": "service.ingress_settings",
    "TargetHealthCheck": "service.ingress",
    "TargetSettings": "service.ingress_settings",
    "Targets": "service.targets",
    "TaskSize": "service.task_size",
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
