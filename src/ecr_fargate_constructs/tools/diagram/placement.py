"""Find the VPC and subnets of services, databases, caches, file systems and functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.machines import GROUP, Machines
from ecr_fargate_constructs.tools.assembly.network import Reach, reach, vpc_of

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.assembly.model import App, Resource
    from ecr_fargate_constructs.tools.assembly.workload import Service

_SUBNET = "AWS::EC2::Subnet"
_KEYS = (
    "DBSubnetGroupName",
    "CacheSubnetGroupName",
    "ClusterSubnetGroupName",
    "ReplicationSubnetGroupIdentifier",
    "SubnetGroupName",
    "SubnetIds",
    "SubnetId",
    "VpcSubnetIds",
    "VpcConfig",
    "VPCOptions",
    "BrokerNodeGroupInfo",
    "NetworkInterfaces",
)
"""Properties with subnets, or with a subnet group."""


def place(app: App, subnets: list[Resource]) -> tuple[Resource | None, Reach | None]:
    """Return the VPC of the first subnet that the app creates, and its reach; None for both without one."""
    for subnet in subnets:
        if subnet.kind == _SUBNET:
            return vpc_of(app, subnet), reach(app, subnet)
    return None, None


def place_of_service(app: App, service: Service) -> tuple[Resource | None, Reach | None]:
    """Return the place of a service: that of its subnets, or of the instances that join its cluster."""
    if service.resource.get("NetworkConfiguration") is not None:
        return place(app, list(service.subnets))
    cluster = app.target(service.resource.get("Cluster"), service.resource.template)
    for group in app.of(GROUP):
        data, home = Machines(app, group).setting("UserData")
        if cluster is not None and cluster in app.targets(data, home.template):
            return place(app, app.targets(group.get("VPCZoneIdentifier"), group.template))
    return None, None


def place_of(app: App, resource: Resource) -> tuple[Resource | None, Reach | None] | None:
    """Return the place of a resource: its VPC and reach, both None in a VPC of another app; None outside of any."""
    values = [value for key in _KEYS if (value := resource.get(key))]
    mounts = app.referring(resource, "AWS::EFS::MountTarget", "FileSystemId")
    if not values and not mounts:
        return None
    direct = [each for value in values for each in app.targets(value, resource.template)]
    groups = [each for each in direct if each.kind.endswith("SubnetGroup")]
    parts = [each for part in (*groups, *mounts) for each in app.targets(part.properties, part.template)]
    return place(app, [*direct, *parts])
