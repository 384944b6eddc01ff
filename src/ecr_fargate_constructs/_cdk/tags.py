"""Tags on clusters, services and task definitions, with the path of the construct.

Security Hub's ECS.13, ECS.14 and ECS.15 require a tag on each. Listener rules and target groups do not get them: a
change of a rule's tags sends its weights again (aws-cdk#36649).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import aws_cdk as cdk

if TYPE_CHECKING:
    from aws_cdk import aws_ecs as ecs
    from constructs import Construct

SERVICE = "ecr-fargate-constructs:service"
"""The key of the tag with the service's path, on services and task definitions. ECS passes it on to the tasks."""

CLUSTER = "ecr-fargate-constructs:cluster"
"""The key of the tag with the cluster's path, on clusters."""

_TYPES = ["AWS::ECS::Service", "AWS::ECS::TaskDefinition"]
_NOT_IN_A_TAG = re.compile(r"[^\w\s+\-=.:/@]", re.ASCII)
_LONGEST = 256


def tag_service(construct: Construct, path: str) -> None:
    """Tag the service and the task definition in ``construct`` with ``path``."""
    cdk.Tags.of(construct).add(SERVICE, _value(path), include_resource_types=_TYPES)


def tag_cluster(cluster: ecs.Cluster, path: str) -> None:
    """Tag a cluster with ``path``."""
    cdk.Tags.of(cluster).add(CLUSTER, _value(path), include_resource_types=["AWS::ECS::Cluster"])


def _value(path: str) -> str:
    return _NOT_IN_A_TAG.sub("-", path.removesuffix("/Default"))[-_LONGEST:]
