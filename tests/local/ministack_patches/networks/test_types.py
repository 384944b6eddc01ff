"""Network ACLs of templates, and the default security group, in MiniStack's own stores."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.ministack_patches.networks.types import add_network_types

if TYPE_CHECKING:
    from collections.abc import Iterator

ec2: Any = import_module("ministack.services.ec2")


@pytest.fixture
def handlers() -> Iterator[dict[str, Any]]:
    """MiniStack's types with those of networks."""
    provisioners = import_module("ministack.services.cloudformation.provisioners")
    own = dict(provisioners._RESOURCE_HANDLERS)
    add_network_types(own)
    yield own
    for store in (ec2._network_acls, ec2._security_groups, ec2._vpcs, ec2._route_tables):
        store.clear()


def test_the_members_of_the_default_group_of_a_new_vpc_reach_each_other(handlers: dict[str, Any]) -> None:
    _, attributes = handlers["AWS::EC2::VPC"]["create"]("Vpc", {"CidrBlock": "10.0.0.0/16"}, "Web")
    group = ec2._security_groups[attributes["DefaultSecurityGroup"]]
    [rule] = group["IpPermissions"]
    assert [each["GroupId"] for each in rule["UserIdGroupPairs"]] == [group["GroupId"]]


def test_entries_and_subnets_of_a_network_acl_follow_the_template(handlers: dict[str, Any]) -> None:
    create = {name: handlers[f"AWS::EC2::{name}"]["create"] for name in ("NetworkAcl", "NetworkAclEntry")}
    name, _ = create["NetworkAcl"]("Acl", {"VpcId": "vpc-1"}, "Web")
    properties = {"NetworkAclId": name, "RuleNumber": 100, "RuleAction": "allow", "CidrBlock": "10.0.0.0/8"}
    ports = {"Protocol": 6, "PortRange": {"From": "80", "To": "80"}}
    entry, _ = create["NetworkAclEntry"]("In", {**properties, **ports, "Egress": "false"}, "Web")
    added = ec2._network_acls[name]["Entries"][-1]
    assert (added["Protocol"], added["Egress"], added["PortRange"]) == ("6", False, {"From": 80, "To": 80})
    handler = handlers["AWS::EC2::NetworkAclEntry"]
    changed = {**properties, "RuleNumber": 110, "Egress": False}
    handler["update"](entry, {**properties, "Egress": False}, changed, "Web")
    assert [each["RuleNumber"] for each in ec2._network_acls[name]["Entries"]] == [32767, 32767, 110]
    handler["delete"](entry, changed)
    assert [each["RuleNumber"] for each in ec2._network_acls[name]["Entries"]] == [32767, 32767]


def test_a_subnet_has_one_network_acl(handlers: dict[str, Any]) -> None:
    acls = [handlers["AWS::EC2::NetworkAcl"]["create"]("Acl", {"VpcId": "vpc-1"}, "Web")[0] for _ in range(2)]
    associations = handlers["AWS::EC2::SubnetNetworkAclAssociation"]
    for each in acls:
        name, _ = associations["create"]("Of", {"NetworkAclId": each, "SubnetId": "subnet-1"}, "Web")
    assert [len(ec2._network_acls[each]["Associations"]) for each in acls] == [0, 1]
    associations["delete"](name, {})
    assert not ec2._network_acls[acls[1]]["Associations"]
