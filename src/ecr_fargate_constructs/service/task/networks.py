"""Checks that file systems and DNS namespaces are in the tasks' network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2

from ecr_fargate_constructs._cdk.site import path_of_construct
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from aws_cdk import aws_ecs as ecs
    from aws_cdk import aws_efs as efs
    from aws_cdk import aws_servicediscovery as cloudmap
    from constructs import IConstruct


def check_file_system(user: IConstruct, vpc: ec2.IVpc, file_system: efs.IFileSystem) -> None:
    """Refuse a file system whose mount targets are in another VPC than the tasks, which could not mount it."""
    for group in file_system.connections.security_groups:
        resource = group.node.default_child
        network = resource.vpc_id if isinstance(resource, ec2.CfnSecurityGroup) else None
        if network is not None and _differ(file_system, network, user, vpc):
            raise ConfigurationError(
                f"EfsVolume.file_system {path_of_construct(file_system)} is in another VPC than the tasks, which "
                f"are in {path_of_construct(vpc)}; use one VPC for both (vpc=…)",
                path=path_of_construct(user),
            )


def check_namespace(service: ecs.BaseService, namespace: cloudmap.INamespace) -> None:
    """Refuse a private namespace of another VPC, in which only that VPC's clients could resolve the tasks' name."""
    from aws_cdk import aws_servicediscovery as cloudmap  # noqa: PLC0415 - only for service discovery

    resource = namespace.node.default_child
    if not isinstance(resource, cloudmap.CfnPrivateDnsNamespace):
        return
    if resource.vpc is not None and _differ(namespace, resource.vpc, service, service.cluster.vpc):
        raise ConfigurationError(
            f"CloudMap.namespace {path_of_construct(namespace)} is in another VPC than the tasks, which are in "
            f"{path_of_construct(service.cluster.vpc)}; use a namespace in the tasks' VPC",
            path=path_of_construct(service),
        )


def _differ(owner: IConstruct, network: str, user: IConstruct, vpc: ec2.IVpc) -> bool:
    """Return whether a VPC is certainly another one than the tasks'."""
    own = vpc.vpc_id
    if network == own:
        return False
    one, other = _identity(owner, network), _identity(user, own)
    return one is not None and other is not None and one != other


def _identity(owner: IConstruct, vpc_id: str) -> str | None:
    """Return what identifies a VPC: its id, or the resource that makes it; None if only the deployment knows."""
    if not is_token(vpc_id):
        return vpc_id
    stack = cdk.Stack.of(owner)
    reference = stack.resolve(vpc_id)
    if not isinstance(reference, dict) or not isinstance(name := reference.get("Ref"), str):
        return None
    parameter = stack.node.try_find_child(name)
    return None if isinstance(parameter, cdk.CfnParameter) else vpc_id
