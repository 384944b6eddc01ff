"""A VPC with the settings that all networks of this library share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ec2 as ec2

from ecr_fargate_constructs._cdk.acknowledge import acknowledge
from ecr_fargate_constructs._cdk.site import adopt, node_of, path_of, resource_of
from ecr_fargate_constructs._regulated import parts
from ecr_fargate_constructs._regulated.findings import acknowledge_network
from ecr_fargate_constructs.posture import is_regulated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct


_RESTRICT_DEFAULT_GROUP = "@aws-cdk/aws-ec2:restrictDefaultSecurityGroup"


def public_subnets() -> ec2.SubnetConfiguration:
    """Return subnets for load balancers and gateways, which assign no public address by themselves."""
    return ec2.SubnetConfiguration(
        name="Public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24, map_public_ip_on_launch=False
    )


def task_subnets(subnet_type: ec2.SubnetType) -> ec2.SubnetConfiguration:
    """Return subnets for tasks; each task takes an address."""
    return ec2.SubnetConfiguration(name="Private", subnet_type=subnet_type, cidr_mask=20)


def _restricts_default_group(scope: Construct) -> bool:
    """Return whether the app's feature flags close the default security group.

    Closing it needs a function in the stack, and no construct here uses that group, so it is unchanged unless the app
    sets the flag.
    """
    return bool(node_of(scope).try_get_context(_RESTRICT_DEFAULT_GROUP))


def make_vpc(
    scope: Construct,
    construct_id: str,
    *,
    subnets: Sequence[ec2.SubnetConfiguration],
    max_azs: float = 2,
    nat_gateways: float | None = None,
    ip_addresses: ec2.IIpAddresses | None = None,
    ip_protocol: ec2.IpProtocol | None = None,
) -> ec2.Vpc:
    """Make the VPC."""
    vpc = ec2.Vpc(
        scope,
        construct_id,
        max_azs=max_azs,
        nat_gateways=nat_gateways,
        restrict_default_security_group=is_regulated(scope) or _restricts_default_group(scope),
        gateway_endpoints={
            # Image layers come from S3: through this endpoint they are free and do not load the NAT gateways.
            "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)
        },
        subnet_configuration=list(subnets),
        ip_addresses=ip_addresses,
        ip_protocol=ip_protocol,
    )
    adopt(vpc, scope, path_of(scope, construct_id))
    if is_regulated(scope):
        from ecr_fargate_constructs._regulated.log_bucket import write_flow_logs  # noqa: PLC0415 - STANDARD needs no S3

        write_flow_logs(vpc, parts.log_bucket(scope))
        acknowledge_network(vpc)
        parts.tag(vpc)
    else:
        acknowledge(
            resource_of(vpc),
            {
                "AwsSolutions::AwsSolutions-VPC7": "Flow logs are stored at a charge, and whose they are is the "
                "owner's to say; tasks are reached by the load balancer only. add_flow_log() of the VPC turns them on."
            },
        )
    return vpc
