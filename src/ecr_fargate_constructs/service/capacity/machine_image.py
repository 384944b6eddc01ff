"""Whether machines can run tasks: the operating system and the agent in their image, and whether their type exists."""

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
"""Sizes of machines: "Amazon EC2 instance type naming conventions" in the Amazon EC2 instance types guide."""


def check_system(scope: Construct, template: ec2.LaunchTemplate, instance_type: ec2.InstanceType | None) -> None:
    """Refuse machines of Windows or macOS: the tasks of this library run Linux."""
    kind = "" if instance_type is None else instance_type.to_string()
    if kind.startswith("mac"):
        raise ConfigurationError(
            f"Ec2Capacity.instance_type={kind} runs macOS, and the tasks are Linux containers; use for example "
            "t3.medium",
            path=path_of_scope(scope),
        )
    if template.os_type is ec2.OperatingSystemType.WINDOWS:
        raise ConfigurationError(
            "Ec2Capacity.machine_image is one of Windows, and the tasks are Linux containers; leave it out, or use for "
            "example ecs.EcsOptimizedImage.amazon_linux2023()",
            path=path_of_scope(scope),
        )


def warn_of_image(scope: Construct, image: ec2.IMachineImage | None) -> None:
    """Warn of Amazon Linux as it is: without the agent no machine joins the cluster, and no task has a place."""
    if any(base.__name__.startswith("AmazonLinux") for base in type(image).__mro__):
        warn(
            scope,
            "machineImageWithoutAgent",
            "Ec2Capacity.machine_image is Amazon Linux without the agent of ECS, so that no machine joins the cluster "
            "and the deployment fails, unless user data installs it; leave it out, or use "
            "ecs.EcsOptimizedImage.amazon_linux2023()",
        )


def warn_of_type(scope: Construct, instance_type: ec2.InstanceType | None) -> None:
    """Warn of a type that does not exist, as far as this version of CDK knows: EC2 gets new ones every month."""
    kind = "" if instance_type is None else instance_type.to_string()
    if not kind or is_token(kind):
        return
    family, _, size = kind.partition(".")
    if family.upper().replace("-", "_") not in ec2.InstanceClass.__members__ or not _SIZE.fullmatch(size):
        warn(
            scope,
            "unknownInstanceType",
            f"Ec2Capacity.instance_type={kind} is none that this version of CDK knows; unless it is a newer one, Auto "
            "Scaling can start no machine and the deployment fails: look it up with aws ec2 describe-instance-types",
        )
