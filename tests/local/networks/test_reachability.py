"""Which connections can be made in a VPC, and what is said of those that cannot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecr_fargate_constructs.local.networks import Interface, network_acls
from tests.local.networks.vpc import (
    ALLOW_ALL,
    BALANCER,
    ISOLATED,
    OPEN,
    PUBLIC,
    REGION,
    TASK,
    Vpc,
    entry,
    from_group,
    from_range,
    tcp,
)


def _code(blocked: object) -> str | None:
    return getattr(blocked, "code", None)


def test_a_rule_for_the_group_lets_the_load_balancer_reach_the_task() -> None:
    assert Vpc().reachability.between(BALANCER, TASK, 8080) is None


@pytest.mark.parametrize("direction", ["IpPermissions", "IpPermissionsEgress"])
def test_without_the_rule_on_either_side_it_does_not(direction: str) -> None:
    vpc = Vpc()
    owner = "sg-app" if direction == "IpPermissions" else "sg-web"
    vpc.groups[owner][direction] = []
    blocked = vpc.reachability.between(BALANCER, TASK, 8080)
    assert blocked is not None
    assert blocked.code == "ENI_SG_RULES_MISMATCH"
    assert owner in blocked.why
    assert "TCP port 8080" in blocked.fix
    assert ("inbound" if direction == "IpPermissions" else "outbound") in blocked.fix


def test_the_missing_rule_is_named_with_its_peer() -> None:
    vpc = Vpc()
    vpc.groups["sg-app"]["IpPermissions"] = [from_group("sg-web", 9090)]
    blocked = vpc.reachability.between(BALANCER, TASK, 8080)
    assert blocked is not None
    assert blocked.fix == "add an inbound rule for TCP port 8080 from sg-web"


@pytest.mark.parametrize(
    ("rule", "reached"),
    [
        (from_range("10.0.0.0/16", 8080), True),
        (from_range("10.0.0.0/24", 8080), True),
        (from_range("10.0.0.0/25", 8080), False),  # the load balancer's nodes may be in the other half
        (from_range("10.0.1.0/24", 8080), False),
        ({**from_range("0.0.0.0/0", 8080), "IpProtocol": "udp"}, False),
        ({**from_range("0.0.0.0/0", 8080), "IpProtocol": "6"}, True),
        ({**from_range("0.0.0.0/0", 8000), "ToPort": 9000}, True),
        ({**from_range("0.0.0.0/0", 8000), "ToPort": 8079}, False),
        (tcp(8080, PrefixListIds=[{"PrefixListId": "pl-own"}]), True),
        (tcp(8080, PrefixListIds=[{"PrefixListId": "pl-aws"}]), False),
    ],
)
def test_rules_of_addresses_have_to_hold_the_whole_subnet(rule: dict[str, object], *, reached: bool) -> None:
    vpc = Vpc()
    vpc.prefix_lists = {"pl-own": {"Entries": [{"Cidr": "2001:db8::/32"}, {"Cidr": "10.0.0.0/20"}]}}
    vpc.groups["sg-app"]["IpPermissions"] = [rule]
    assert (vpc.reachability.between(BALANCER, TASK, 8080) is None) is reached


def test_without_groups_an_interface_has_the_default_group_whose_members_meet() -> None:
    vpc = Vpc()
    one, other = (replace(each, groups=()) for each in (TASK, ISOLATED))
    assert vpc.reachability.between(one, other, 5432) is None
    vpc.groups["sg-default"]["IpPermissions"] = []
    assert _code(vpc.reachability.between(one, other, 5432)) == "ENI_SG_RULES_MISMATCH"


def test_an_unknown_subnet_is_not_decided_about() -> None:
    unknown = Interface("task", "subnet-of-elsewhere")
    assert Vpc().reachability.between(unknown, TASK, 8080) is None
    assert Vpc().reachability.to_service(unknown, "ecr.api") is None
    assert Vpc().reachability.to_internet(unknown, "docker.io") is None
    assert Vpc().reachability.from_clients(unknown, 80, internet=True) is None


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (TASK, None),
        (ISOLATED, "NO_ROUTE_TO_DESTINATION"),
        (PUBLIC, None),
        (replace(PUBLIC, public=False), "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"),
    ],
)
def test_the_way_to_a_service_over_the_internet(source: Interface, code: str | None) -> None:
    assert _code(Vpc().reachability.to_service(source, "ecr.api")) == code
    assert _code(Vpc().reachability.to_internet(source, "docker.io")) == code


def test_the_endpoint_to_add_is_named() -> None:
    blocked = Vpc().reachability.to_service(ISOLATED, "ecr.dkr")
    assert blocked is not None
    assert f"com.amazonaws.{REGION}.ecr.dkr" in blocked.fix
    blocked = Vpc().reachability.to_service(ISOLATED, "s3")
    assert blocked is not None
    assert f"the gateway endpoint com.amazonaws.{REGION}.s3 to the subnet's route table" in blocked.fix


@pytest.mark.parametrize("fault", ["deleted", "failed", "private", "in a private subnet"])
def test_a_nat_gateway_has_to_work(fault: str) -> None:
    vpc = Vpc()
    gateway = vpc.nats["nat-1"]
    if fault == "deleted":
        vpc.nats = {}
    gateway |= {
        "failed": {"State": "failed"},
        "private": {"ConnectivityType": "private"},
        "in a private subnet": {"SubnetId": "subnet-b"},
    }.get(fault, {})
    expected = "BAD_STATE" if fault in {"deleted", "failed"} else "NO_ROUTE_TO_DESTINATION"
    assert _code(vpc.reachability.to_service(TASK, "ecr.api")) == expected


def test_egress_has_to_be_open() -> None:
    vpc = Vpc()
    vpc.groups["sg-app"]["IpPermissionsEgress"] = [from_range("255.255.255.255/32", 86)]
    blocked = vpc.reachability.to_service(TASK, "ecr.api")
    assert blocked is not None
    assert "no outbound rule" in blocked.why


def test_an_endpoint_replaces_the_way_out() -> None:
    vpc = Vpc()
    vpc.no_way_out()
    assert _code(vpc.reachability.to_service(TASK, "ecr.api")) == "NO_ROUTE_TO_DESTINATION"
    vpc.endpoint("ecr.api")
    assert vpc.reachability.to_service(TASK, "ecr.api") is None
    assert vpc.reachability.to_service(TASK, "ecr.dkr") is not None, "it is for one service"


def test_an_endpoint_that_is_closed_is_not_passed_by_the_nat_gateway() -> None:
    vpc = Vpc()
    vpc.endpoint("ecr.api")
    vpc.groups["sg-end"]["IpPermissions"] = []
    blocked = vpc.reachability.to_service(TASK, "ecr.api")
    assert blocked is not None
    assert "the endpoint for ecr.api" in blocked.why
    assert "443" in blocked.fix


def test_without_private_dns_an_endpoint_is_passed_over() -> None:
    vpc = Vpc()
    vpc.endpoint("ecr.api", PrivateDnsEnabled=False, SecurityGroupIds=["sg-web"])
    assert vpc.reachability.to_service(TASK, "ecr.api") is None, "through the NAT gateway"
    vpc.no_way_out()
    assert vpc.reachability.to_service(TASK, "ecr.api") is not None


def test_a_gateway_endpoint_serves_the_subnets_of_its_route_tables() -> None:
    vpc = Vpc()
    vpc.no_way_out()
    vpc.gateway(table="rtb-public")
    assert vpc.reachability.to_service(TASK, "s3") is not None
    vpc.gateway(table="rtb-private")
    assert vpc.reachability.to_service(TASK, "s3") is None


@pytest.mark.parametrize(
    ("rule", "reached"),
    [
        (from_range("0.0.0.0/0", 443), True),
        (tcp(443, PrefixListIds=[{"PrefixListId": "pl-6da54004"}]), True),  # that of S3 in eu-west-1
        (from_range("10.0.0.0/16", 443), False),
    ],
)
def test_a_gateway_endpoint_has_public_addresses(rule: dict[str, object], *, reached: bool) -> None:
    vpc = Vpc()
    vpc.gateway()
    vpc.groups["sg-app"]["IpPermissionsEgress"] = [rule]
    assert (vpc.reachability.to_service(TASK, "s3") is None) is reached


@pytest.mark.parametrize("egress", [False, True])
@pytest.mark.parametrize("subnet", ["subnet-a", "subnet-b"])
def test_network_acls_of_both_subnets_let_request_and_answer_pass(subnet: str, *, egress: bool) -> None:
    vpc = Vpc()
    vpc.acl(subnet, *(each for each in ALLOW_ALL if each["Egress"] is not egress))
    blocked = vpc.reachability.between(BALANCER, TASK, 8080)
    assert blocked is not None
    assert blocked.code == "SUBNET_ACL_RESTRICTION"
    assert f"acl-{subnet}" in blocked.why


def test_answers_need_all_ports_of_clients() -> None:
    vpc = Vpc()
    inbound = entry(100, "allow", "0.0.0.0/0", (8080, 8080), egress=False)
    vpc.acl("subnet-b", inbound, entry(100, "allow", "10.0.0.0/16", (32768, 60999), egress=True))
    assert vpc.reachability.between(BALANCER, TASK, 8080) is None
    blocked = vpc.reachability.between(BALANCER, TASK, 8080, network_acls.EPHEMERAL_ANY)
    assert blocked is not None
    assert "answers on TCP ports 1024-65535" in blocked.why
    vpc.acl(
        "subnet-b",
        inbound,
        entry(90, "deny", "10.0.0.7/32", (40000, 40001), egress=True),
        entry(100, "allow", "10.0.0.0/16", (32768, 60999), egress=True),
    )
    blocked = vpc.reachability.between(BALANCER, TASK, 8080)
    assert blocked is not None, "a node of the load balancer may have that address"
    assert "rule 90" in blocked.why


def test_the_first_rule_of_a_network_acl_decides() -> None:
    vpc = Vpc()
    deny = entry(50, "deny", "0.0.0.0/0", None, egress=False)
    vpc.acl("subnet-b", *ALLOW_ALL, deny)
    assert _code(vpc.reachability.between(BALANCER, TASK, 8080)) == "SUBNET_ACL_RESTRICTION"
    vpc.acl("subnet-b", *ALLOW_ALL, {**deny, "RuleNumber": 150})
    assert vpc.reachability.between(BALANCER, TASK, 8080) is None


def test_within_a_subnet_no_network_acl_stands() -> None:
    vpc = Vpc()
    vpc.acl("subnet-b")
    vpc.groups["sg-app"]["IpPermissions"] = [from_group("sg-app", 5432)]
    other = Interface("task 4", "subnet-b", ("sg-app",))
    assert vpc.reachability.between(TASK, other, 5432) is None
    assert vpc.reachability.between(ISOLATED, other, 5432) is not None


@pytest.mark.parametrize("subnet", ["subnet-a", "subnet-b"])
def test_network_acls_stand_between_a_task_its_nat_gateway_and_the_world(subnet: str) -> None:
    vpc = Vpc()
    vpc.acl(subnet, *ALLOW_ALL, entry(50, "deny", "0.0.0.0/0", (443, 443), egress=True))
    blocked = vpc.reachability.to_service(TASK, "ecr.api")
    assert blocked is not None
    assert f"acl-{subnet}" in blocked.why


def test_clients_need_a_public_subnet_and_a_rule() -> None:
    vpc = Vpc()
    assert vpc.reachability.from_clients(BALANCER, 80, internet=True) is None
    assert _code(vpc.reachability.from_clients(BALANCER, 443, internet=True)) == "ENI_SG_RULES_MISMATCH"
    private = replace(BALANCER, subnet="subnet-b")
    assert _code(vpc.reachability.from_clients(private, 80, internet=True)) == "NO_ROUTE_TO_DESTINATION"
    assert vpc.reachability.from_clients(private, 80, internet=False) is None
    vpc.acl("subnet-a", *(each for each in ALLOW_ALL if not each["Egress"]))
    assert _code(vpc.reachability.from_clients(BALANCER, 80, internet=True)) == "SUBNET_ACL_RESTRICTION"


def test_peered_vpcs_need_routes_in_both_directions() -> None:
    vpc = Vpc()
    vpc.vpcs["vpc-2"] = {"DefaultNetworkAclId": "acl-default", "DefaultSecurityGroupId": "sg-other"}
    vpc.subnets["subnet-z"] = {"SubnetId": "subnet-z", "VpcId": "vpc-2", "CidrBlock": "10.9.0.0/24"}
    vpc.groups["sg-other"] = {"IpPermissions": OPEN, "IpPermissionsEgress": OPEN}
    vpc.tables["rtb-z"] = {"VpcId": "vpc-2", "Associations": [{"SubnetId": "subnet-z"}], "Routes": []}
    database = Interface("database", "subnet-z")
    assert _code(vpc.reachability.between(TASK, database, 5432)) == "NO_ROUTE_TO_DESTINATION"
    way = {"VpcPeeringConnectionId": "pcx-1"}
    vpc.tables["rtb-private"]["Routes"] += [{"DestinationCidrBlock": "10.9.0.0/16", **way}]
    assert _code(vpc.reachability.between(TASK, database, 5432)) == "BAD_STATE"
    vpc.peerings["pcx-1"] = {"Status": {"Code": "active"}}
    assert _code(vpc.reachability.between(TASK, database, 5432)) == "NO_ROUTE_TO_DESTINATION", "no way back"
    vpc.tables["rtb-z"]["Routes"] = [{"DestinationCidrBlock": "10.0.0.0/16", **way}]
    assert vpc.reachability.between(TASK, database, 5432) is None
