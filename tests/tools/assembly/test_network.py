"""How far subnets reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2

from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.assembly.network import Reach, reach

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("native", "private"), [(False, Reach.ISOLATED), (True, Reach.PRIVATE)])
def test_a_default_route_for_ipv6_is_a_way_out_of_subnets_without_ipv4_alone(
    tmp_path: Path, *, native: bool, private: Reach
) -> None:
    """An egress-only gateway leads tasks with IPv4 addresses to no registry."""
    app = cdk.App(outdir=str(tmp_path))
    kinds = {"Public": ec2.SubnetType.PUBLIC, "Private": ec2.SubnetType.PRIVATE_WITH_EGRESS}
    vpc = ec2.Vpc(
        cdk.Stack(app, "Net"),
        "Vpc",
        nat_gateways=0,
        ip_protocol=ec2.IpProtocol.DUAL_STACK,
        subnet_configuration=[ec2.SubnetConfiguration(name=name, subnet_type=kind) for name, kind in kinds.items()],
    )
    groups = {"Public": vpc.public_subnets, "Private": vpc.private_subnets}
    for subnet in groups["Private"]:
        resource = subnet.node.find_child("Subnet")
        assert isinstance(resource, ec2.CfnSubnet)
        resource.ipv6_native = native
    app.synth()
    found = load(tmp_path)
    routes = [route.get("DestinationIpv6CidrBlock") for route in found.of("AWS::EC2::Route")]
    assert routes.count("::/0") == len(groups["Public"]) + len(groups["Private"])
    reached = {subnet.path.rpartition("/")[0]: reach(found, subnet) for subnet in found.of("AWS::EC2::Subnet")}
    assert reached == {
        subnet.node.path: far
        for name, far in (("Public", Reach.PUBLIC), ("Private", private))
        for subnet in groups[name]
    }
