"""Checks of EC2 instances: the operating system and the agent in their image, and the existence of their type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aws_cdk import aws_ec2 as ec2

from ecr_fargate_constructs._cdk.site import path_of_construct as path_of_scope
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from constructs import Construct

_SIZE = re.compile(r"nano|micro|small|medium|(?:\d*x)?large|metal(?:-\d+xl)?")
"""Sizes of instances: "Amazon EC2 instance type naming conventions" in the Amazon EC2 instance types guide."""


def check_system(scope: Construct, template: ec2.LaunchTemplate, instance_type: ec2.InstanceType | None) -> None:
    """Refuse Windows and macOS instances: the tasks of this library run Linux."""
    kind = "" if instance_type is None else instance_type.to_string()
    if kind.startswith("mac"):
        raise ConfigurationError(
            f"Ec2Capacity.instance_type={kind} runs macOS, but tasks are Linux containers; use for example t3.medium",
            path=path_of_scope(scope),
        )
    if template.os_type is ec2.OperatingSystemType.WINDOWS:
        raise ConfigurationError(
            "Ec2Capacity.machine_image is a Windows image, but tasks are Linux containers; omit it, or use for "
            "example ecs.EcsOptimizedImage.amazon_linux2023()",
            path=path_of_scope(scope),
        )


def warn_of_image(scope: Construct, image: ec2.IMachineImage | None) -> None:
    """Warn of a plain Amazon Linux image: without the agent, no instance joins the cluster and no task can run."""
    if any(base.__name__.startswith("AmazonLinux") for base in type(image).__mro__):
        warn(
            scope,
            "machineImageWithoutAgent",
            "Ec2Capacity.machine_image is Amazon Linux without the ECS agent, so no instance joins the cluster "
            "and the deployment fails, unless user data installs it; omit it, or use "
            "ecs.EcsOptimizedImage.amazon_linux2023()",
        )


def warn_of_type(scope: Construct, instance_type: ec2.InstanceType | None) -> None:
    """Warn of a type that this version of CDK does not list; no error, because EC2 gets new ones every month."""
    kind = "" if instance_type is None else instance_type.to_string()
    if not kind or is_token(kind):
        return
    family, _, size = kind.partition(".")
    if family.upper().replace("-", "_") not in ec2.InstanceClass.__members__ or not _SIZE.fullmatch(size):
        warn(
            scope,
            "unknownInstanceType",
            f"Ec2Capacity.instance_type={kind} is not a type that this version of CDK lists; unless it is newer, Auto "
            "Scaling cannot start instances and the deployment fails; look it up with aws ec2 describe-instance-types",
        )
