# The public names, each with the module that defines it. _lazy.py reads this list at run time.
from ecr_fargate_constructs._rules.endpoints import Feature as Feature
from ecr_fargate_constructs._rules.lifecycle_policy import LifecycleAction as LifecycleAction
from ecr_fargate_constructs._rules.severity import Severity as Severity
from ecr_fargate_constructs._rules.simulation import EcrImage as EcrImage
from ecr_fargate_constructs._rules.task_size import TaskSize as TaskSize
from ecr_fargate_constructs._rules.tokens import Number as Number
from ecr_fargate_constructs.architecture import Architecture as Architecture
from ecr_fargate_constructs.ecr_fargate_service import EcrFargateService as EcrFargateService
from ecr_fargate_constructs.errors import ConfigurationError as ConfigurationError
from ecr_fargate_constructs.image.build import ImageBuild as ImageBuild
from ecr_fargate_constructs.image.gates import DeployedTo as DeployedTo
from ecr_fargate_constructs.image.gates import Gate as Gate
from ecr_fargate_constructs.image.gates import NoFindings as NoFindings
from ecr_fargate_constructs.image.gates import Scanned as Scanned
from ecr_fargate_constructs.image.gates import SignedBy as SignedBy
from ecr_fargate_constructs.image.published_image import PublishedImage as PublishedImage
from ecr_fargate_constructs.network.network import Egress as Egress
from ecr_fargate_constructs.network.network import Network as Network
from ecr_fargate_constructs.observability.alarms import ServiceAlarms as ServiceAlarms
from ecr_fargate_constructs.observability.dashboard import ServiceDashboard as ServiceDashboard
from ecr_fargate_constructs.observability.thresholds import ServiceThresholds as ServiceThresholds
from ecr_fargate_constructs.posture import Posture as Posture
from ecr_fargate_constructs.repository.creation_template import CreationScenario as CreationScenario
from ecr_fargate_constructs.repository.creation_template import (
    RepositoryCreationTemplate as RepositoryCreationTemplate,
)
from ecr_fargate_constructs.repository.image_repository import ExistingRepository as ExistingRepository
from ecr_fargate_constructs.repository.private_repository import PrivateRepository as PrivateRepository
from ecr_fargate_constructs.repository.pull_through_cache import PullThroughCache as PullThroughCache
from ecr_fargate_constructs.repository.pull_through_cache import Upstream as Upstream
from ecr_fargate_constructs.repository.repository_stack import ImageRepositoryStack as ImageRepositoryStack
from ecr_fargate_constructs.repository.retention import ArchiveOlderThan as ArchiveOlderThan
from ecr_fargate_constructs.repository.retention import ArchiveUnpulled as ArchiveUnpulled
from ecr_fargate_constructs.repository.retention import ExpireArchived as ExpireArchived
from ecr_fargate_constructs.repository.retention import ExpireOlderThan as ExpireOlderThan
from ecr_fargate_constructs.repository.retention import ExpireUntagged as ExpireUntagged
from ecr_fargate_constructs.repository.retention import KeepNewest as KeepNewest
from ecr_fargate_constructs.repository.retention import Retention as Retention
from ecr_fargate_constructs.repository.retention_checks import AllOf as AllOf
from ecr_fargate_constructs.service.capacity.ec2 import Ec2Capacity as Ec2Capacity
from ecr_fargate_constructs.service.capacity.fargate import Mixed as Mixed
from ecr_fargate_constructs.service.capacity.fargate import OnDemand as OnDemand
from ecr_fargate_constructs.service.capacity.fargate import Spot as Spot
from ecr_fargate_constructs.service.capacity.managed_instances import (
    ManagedInstancesCapacity as ManagedInstancesCapacity,
)
from ecr_fargate_constructs.service.capacity.queue_scaling import QueueScaling as QueueScaling
from ecr_fargate_constructs.service.capacity.scaling import MetricResolution as MetricResolution
from ecr_fargate_constructs.service.capacity.scaling import Scaling as Scaling
from ecr_fargate_constructs.service.capacity.scaling import ScheduledCapacity as ScheduledCapacity
from ecr_fargate_constructs.service.container.application import AppContainer as AppContainer
from ecr_fargate_constructs.service.container.ec2 import Ec2Container as Ec2Container
from ecr_fargate_constructs.service.container.ec2 import Ec2WorkerContainer as Ec2WorkerContainer
from ecr_fargate_constructs.service.container.job import JobContainer as JobContainer
from ecr_fargate_constructs.service.container.logs import CloudWatchLogs as CloudWatchLogs
from ecr_fargate_constructs.service.container.runtime import ContainerRuntime as ContainerRuntime
from ecr_fargate_constructs.service.container.runtime import RestartPolicy as RestartPolicy
from ecr_fargate_constructs.service.container.sidecar import Sidecar as Sidecar
from ecr_fargate_constructs.service.container.volumes import EbsVolume as EbsVolume
from ecr_fargate_constructs.service.container.volumes import EfsVolume as EfsVolume
from ecr_fargate_constructs.service.container.volumes import Mount as Mount
from ecr_fargate_constructs.service.container.volumes import SharedVolume as SharedVolume
from ecr_fargate_constructs.service.container.worker import WorkerContainer as WorkerContainer
from ecr_fargate_constructs.service.deployment.alarms import RollbackAlarms as RollbackAlarms
from ecr_fargate_constructs.service.deployment.hooks import Approval as Approval
from ecr_fargate_constructs.service.deployment.hooks import DeploymentHook as DeploymentHook
from ecr_fargate_constructs.service.deployment.rolling import Deployment as Deployment
from ecr_fargate_constructs.service.deployment.rolling import EarlySuccess as EarlySuccess
from ecr_fargate_constructs.service.deployment.rolling import Rolling as Rolling
from ecr_fargate_constructs.service.deployment.rolling import SourceRevisionCleanup as SourceRevisionCleanup
from ecr_fargate_constructs.service.deployment.test_traffic import TestTrafficHeader as TestTrafficHeader
from ecr_fargate_constructs.service.deployment.test_traffic import TestTrafficPort as TestTrafficPort
from ecr_fargate_constructs.service.deployment.traffic_shift import BlueGreen as BlueGreen
from ecr_fargate_constructs.service.deployment.traffic_shift import Canary as Canary
from ecr_fargate_constructs.service.deployment.traffic_shift import Linear as Linear
from ecr_fargate_constructs.service.discovery import CloudMap as CloudMap
from ecr_fargate_constructs.service.discovery import ServiceConnect as ServiceConnect
from ecr_fargate_constructs.service.ingress.authentication import CognitoAuthentication as CognitoAuthentication
from ecr_fargate_constructs.service.ingress.authentication import OidcAuthentication as OidcAuthentication
from ecr_fargate_constructs.service.ingress.responses import FixedResponse as FixedResponse
from ecr_fargate_constructs.service.ingress.responses import Redirect as Redirect
from ecr_fargate_constructs.service.ingress.settings import ExistingLoadBalancer as ExistingLoadBalancer
from ecr_fargate_constructs.service.ingress.settings import ListenerSettings as ListenerSettings
from ecr_fargate_constructs.service.ingress.settings import LoadBalancerSettings as LoadBalancerSettings
from ecr_fargate_constructs.service.ingress.settings import Stickiness as Stickiness
from ecr_fargate_constructs.service.ingress.settings import TargetGroupSettings as TargetGroupSettings
from ecr_fargate_constructs.service.ingress.values import InternalHttp as InternalHttp
from ecr_fargate_constructs.service.ingress.values import InternalHttps as InternalHttps
from ecr_fargate_constructs.service.ingress.values import PublicHttp as PublicHttp
from ecr_fargate_constructs.service.ingress.values import PublicHttps as PublicHttps
from ecr_fargate_constructs.service.ingress.values import TargetHealthCheck as TargetHealthCheck
from ecr_fargate_constructs.service.job.runs import JobAlarms as JobAlarms
from ecr_fargate_constructs.service.job.runs import JobRuns as JobRuns
from ecr_fargate_constructs.service.job.runs import Overlap as Overlap
from ecr_fargate_constructs.service.job.scheduled_job import ScheduledJob as ScheduledJob
from ecr_fargate_constructs.service.load_balanced import LoadBalancedFargateService as LoadBalancedFargateService
from ecr_fargate_constructs.service.load_balanced_ec2 import LoadBalancedEc2Service as LoadBalancedEc2Service
from ecr_fargate_constructs.service.release.command import ReleaseCommand as ReleaseCommand
from ecr_fargate_constructs.service.routed import RoutedFargateService as RoutedFargateService
from ecr_fargate_constructs.service.routed_ec2 import RoutedEc2Service as RoutedEc2Service
from ecr_fargate_constructs.service.routing.route import Route as Route
from ecr_fargate_constructs.service.routing.shared_load_balancer import SharedListener as SharedListener
from ecr_fargate_constructs.service.routing.shared_load_balancer import SharedLoadBalancer as SharedLoadBalancer
from ecr_fargate_constructs.service.work_queue import WorkQueue as WorkQueue
from ecr_fargate_constructs.service.worker import WorkerService as WorkerService
from ecr_fargate_constructs.service.worker_ec2 import Ec2WorkerService as Ec2WorkerService
from ecr_fargate_constructs.supply_chain.findings import ScanAlarm as ScanAlarm
from ecr_fargate_constructs.supply_chain.registry import EnhancedScanning as EnhancedScanning
from ecr_fargate_constructs.supply_chain.registry import ManagedSigning as ManagedSigning
from ecr_fargate_constructs.supply_chain.registry import RegistrySettings as RegistrySettings
from ecr_fargate_constructs.supply_chain.registry import ScanFrequency as ScanFrequency
from ecr_fargate_constructs.supply_chain.replication import ReplicationDestination as ReplicationDestination
from ecr_fargate_constructs.supply_chain.signatures import SignatureCheck as SignatureCheck

__version__: str

__all__: list[str]  # noqa: PYI035 - the names above: a list of them would say each twice
