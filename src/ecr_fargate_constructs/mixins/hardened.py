"""Settings of security on services, load balancers and repositories of CDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._cdk.site import resource_of
from ecr_fargate_constructs._rules.checks import absolute_path
from ecr_fargate_constructs.mixins.adopted import containers, is_windows, properties, properties_of, task_of
from ecr_fargate_constructs.mixins.base import LibraryMixin
from ecr_fargate_constructs.service.container.definition import writable_volume
from ecr_fargate_constructs.service.ingress.settings import ListenerSettings
from ecr_fargate_constructs.service.task.exec_sessions import AGENT_PATHS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, ClassVar

    from constructs import Construct

_ATTRIBUTES = {
    "routing.http.drop_invalid_header_fields.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
}


class Hardened(LibraryMixin):
    """Give services, load balancers and repositories of CDK the settings of this library that protect them.

    - Fargate services: the root file system of each container is read-only, except ``writable_paths``, and the paths
      of ECS Exec's agent if the service allows shell sessions. That of a FireLens log router stays writable: it writes
      its configuration there when it starts, and the task ends if it cannot.
    - Application Load Balancers: malformed headers are dropped, requests that could desynchronize it are mitigated, and
      HTTPS listeners take TLS 1.2 and 1.3 with forward secrecy.
    - Repositories: tags are immutable, and images are scanned on push.

    Where the app sets a value, it stays: ``readonly_root_filesystem=False`` of a container,
    ``image_tag_mutability=ecr.TagMutability.MUTABLE`` of a repository.

    Skipped: constructs of this library, imported ones, and services on EC2.
    """

    _kinds: ClassVar[tuple[type[Construct], ...]] = (
        ecs.FargateService,
        elbv2.ApplicationLoadBalancer,
        ecr.Repository,
    )

    def __init__(self, *, writable_paths: Sequence[str] = ()) -> None:
        """Create the mixin.

        Args:
            writable_paths: Absolute paths of each container that stay writable, such as ``/tmp``; default, none. Each
                is an empty volume of the task, and owned by root unless the Dockerfile names it in a ``VOLUME``.

        Raises:
            ConfigurationError: A path is not absolute.
        """
        for path in writable_paths:
            absolute_path("Hardened.writable_paths", path)
        self._writable_paths = writable_paths

    def _apply(self, construct: ecs.FargateService | elbv2.ApplicationLoadBalancer | ecr.Repository) -> None:
        if isinstance(construct, ecs.FargateService):
            self._close_root(construct)
        elif isinstance(construct, ecr.Repository):
            _protect_images(resource_of(construct))
        else:
            _protect_requests(construct)

    def _close_root(self, service: ecs.FargateService) -> None:
        task = task_of(service)
        if task is None or is_windows(task):
            return  # Windows has no read-only root
        paths = [*self._writable_paths, *(AGENT_PATHS if properties_of(service).get("enableExecuteCommand") else ())]
        for override, container, known in containers(service):
            if known.get("readonlyRootFilesystem") is not None or known.get("firelensConfiguration") is not None:
                continue  # a log router writes its configuration into its root when it starts (fluent-bit#7308)
            task.add_property_override(f"{override}.ReadonlyRootFilesystem", True)
            mounted = {each["containerPath"].rstrip("/") for each in known.get("mountPoints") or ()}
            new = [path for path in dict.fromkeys(path.rstrip("/") for path in paths) if path not in mounted]
            _mount(service.task_definition, container, new, after=len(mounted))


def _mount(task: ecs.TaskDefinition, container: ecs.ContainerDefinition, paths: Sequence[str], *, after: int) -> None:
    for number, path in enumerate(paths, after):
        volume = writable_volume(container.container_name, number)
        task.add_volume(name=volume)
        container.add_mount_points(ecs.MountPoint(container_path=path, source_volume=volume, read_only=False))


def _protect_images(resource: Any) -> None:  # noqa: ANN401 - a CfnRepository
    known = properties(resource, "imageTagMutability", "imageScanningConfiguration")
    if known.get("imageTagMutability") is None:
        resource.add_property_override("ImageTagMutability", "IMMUTABLE")
    if known.get("imageScanningConfiguration") is None:
        resource.add_property_override("ImageScanningConfiguration.ScanOnPush", True)


def _protect_requests(balancer: elbv2.ApplicationLoadBalancer) -> None:
    given = {each["key"] for each in _attributes(balancer)}
    for name, value in _ATTRIBUTES.items():
        if name not in given:
            balancer.set_attribute(name, value)
    for listener in balancer.listeners:
        resource = resource_of(listener)
        if not isinstance(resource, elbv2.CfnListener):
            continue
        of_listener = properties(resource, "protocol", "sslPolicy")
        if of_listener.get("protocol") == "HTTPS" and of_listener.get("sslPolicy") is None:
            resource.add_property_override("SslPolicy", ListenerSettings().tls_policy)


def _attributes(balancer: elbv2.ApplicationLoadBalancer) -> list[dict[str, str]]:
    resource: Any = resource_of(balancer)
    found: list[dict[str, str]] = properties(resource, "loadBalancerAttributes").get("loadBalancerAttributes") or []
    return found
