"""Where tasks run: one cluster and VPC for a stack, and subnets from which an image can be pulled."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._acknowledge import acknowledge
from ecr_fargate_constructs._warnings import warn
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from constructs import Construct

# The id that CDK's pattern gives a stack's default cluster, so that services of both kinds share one.
_CLUSTER_ID = "EcsDefaultClusterMnL3mNNYN"
_NETWORK_ID = "EcrFargateNetwork"


def check_placement(
    *, cluster: ecs.ICluster | None, vpc: ec2.IVpc | None, subnets: ec2.SubnetSelection | None, path: str
) -> None:
    """Refuse contradictions, and networks in which no image could be pulled."""
    if cluster is not None and vpc is not None:
        raise ConfigurationError("cluster and vpc are both given, and the cluster has a VPC; keep one", path=path)
    network = vpc if vpc is not None else cluster.vpc if cluster is not None else None
    if network is None or subnets is not None:
        return
    if not network.private_subnets:
        raise ConfigurationError(
            "the VPC has no private subnets with a way out, so tasks could not pull their image; give "
            "subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC) (tasks get public addresses), add NAT, or "
            "add the endpoints ecr.api, ecr.dkr, logs and S3 and name the isolated subnets",
            path=path,
        )


def check_machine_placement(
    *, cluster: ecs.ICluster | None, vpc: ec2.IVpc | None, subnets: ec2.SubnetSelection | None, path: str
) -> None:
    """Refuse contradictions, and subnets from which machines without public addresses could pull no image."""
    network = vpc if vpc is not None else cluster.vpc if cluster is not None else None
    if (subnets is not None and subnets.subnet_type is ec2.SubnetType.PUBLIC) or (
        subnets is None and network is not None and not network.private_subnets
    ):
        raise ConfigurationError(
            "machines and their tasks get no public addresses, so they could not pull their image from public subnets; "
            "use private subnets with a way out, add NAT, or add endpoints and name the isolated subnets",
            path=path,
        )
    check_placement(cluster=cluster, vpc=vpc, subnets=subnets, path=path)


def cluster_for(scope: Construct, vpc: ec2.IVpc | None) -> ecs.ICluster:
    """The stack's cluster for this VPC (or for the VPC that the stack's services share), made when it is missing."""
    stack = cdk.Stack.of(scope)
    cluster_id = f"{_CLUSTER_ID}{vpc.node.id if vpc is not None else ''}"
    existing = stack.node.try_find_child(cluster_id)
    if existing is not None:
        return cast("ecs.Cluster", existing)
    return ecs.Cluster(
        stack,
        cluster_id,
        vpc=vpc if vpc is not None else _network(stack),
        container_insights_v2=ecs.ContainerInsights.ENABLED,
    )


def task_subnets(
    scope: Construct, vpc: ec2.IVpc, subnets: ec2.SubnetSelection | None
) -> tuple[ec2.SubnetSelection, bool]:
    """Where tasks go, and whether they need public addresses to pull their image from there."""
    if subnets is None:
        return ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS), False
    selected = vpc.select_subnets(
        availability_zones=subnets.availability_zones,
        one_per_az=subnets.one_per_az,
        subnet_filters=subnets.subnet_filters,
        subnet_group_name=subnets.subnet_group_name,
        subnets=subnets.subnets,
        subnet_type=subnets.subnet_type,
    )
    isolated = {subnet.subnet_id for subnet in vpc.isolated_subnets}
    if isolated and isolated & set(selected.subnet_ids):
        warn(
            scope,
            "isolatedSubnets",
            "tasks run in isolated subnets: they can pull their image and write logs only through VPC endpoints for "
            "ecr.api, ecr.dkr, logs and S3 (gateway)",
        )
    return subnets, selected.has_public


def _network(stack: cdk.Stack) -> ec2.Vpc:
    network = ec2.Vpc(
        stack,
        _NETWORK_ID,
        max_azs=2,
        nat_gateways=2,  # one a zone: losing a zone must not cut the other one off
        restrict_default_security_group=False,  # would add a function to every stack; nothing here uses that group
        gateway_endpoints={
            # Image layers come from S3: through this endpoint they are free and do not load the NAT gateways.
            "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)
        },
        subnet_configuration=[
            ec2.SubnetConfiguration(
                name="Public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24, map_public_ip_on_launch=False
            ),
            ec2.SubnetConfiguration(name="Private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=20),
        ],
    )
    acknowledge(
        network.node.default_child or network,
        {
            "AwsSolutions::AwsSolutions-VPC7": "Flow logs are stored at a charge, and whose they are is the owner's to "
            "say; tasks are reached by the load balancer only. add_flow_log() of the VPC turns them on."
        },
    )
    return network
