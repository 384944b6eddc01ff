"""A VPC for tests: public subnet a, private subnets b and c, an isolated subnet d."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from ecr_fargate_constructs.local.networks import Interface, Networks, Reachability

REGION = "eu-west-1"
OPEN = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}


def tcp(port: int, **peers: Any) -> dict[str, Any]:  # noqa: ANN401 - EC2's shapes
    """A rule of a security group for one TCP port."""
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peers}


def from_group(group: str, port: int) -> dict[str, Any]:
    """A rule for the members of a group."""
    return tcp(port, UserIdGroupPairs=[{"GroupId": group}])


def from_range(cidr: str, port: int) -> dict[str, Any]:
    """A rule for addresses."""
    return tcp(port, IpRanges=[{"CidrIp": cidr}])


def entry(number: int, action: str, cidr: str, ports: tuple[int, int] | None, *, egress: bool) -> dict[str, Any]:
    """A rule of a network ACL; all protocols without ports."""
    span = {} if ports is None else {"PortRange": {"From": ports[0], "To": ports[1]}}
    return {
        "RuleNumber": number,
        "Protocol": "-1" if ports is None else "6",
        "RuleAction": action,
        "Egress": egress,
        "CidrBlock": cidr,
        **span,
    }


ALLOW_ALL = [
    each
    for egress in (False, True)
    for each in (
        entry(100, "allow", "0.0.0.0/0", None, egress=egress),
        entry(32767, "deny", "0.0.0.0/0", None, egress=egress),
    )
]


def _table(name: str, subnets: list[str], *routes: dict[str, Any]) -> dict[str, Any]:
    return {
        "RouteTableId": name,
        "VpcId": "vpc-1",
        "Routes": [LOCAL, *({"State": "active", **each} for each in routes)],
        "Associations": [{"SubnetId": each} for each in subnets],
    }


class Vpc:
    """The VPC, to change before it is decided about."""

    def __init__(self) -> None:
        """Begin with a NAT gateway in the public subnet, no endpoint, and closed groups but for web to app on 8080."""
        self.subnets: dict[str, Any] = {
            name: {"SubnetId": name, "VpcId": "vpc-1", "CidrBlock": f"10.0.{number}.0/24"}
            for number, name in enumerate(("subnet-a", "subnet-b", "subnet-c", "subnet-d"))
        }
        self.groups: dict[str, Any] = {
            "sg-web": {
                "GroupId": "sg-web",
                "IpPermissions": [from_range("0.0.0.0/0", 80)],
                "IpPermissionsEgress": [from_group("sg-app", 8080)],
            },
            "sg-app": {
                "GroupId": "sg-app",
                "IpPermissions": [from_group("sg-web", 8080)],
                "IpPermissionsEgress": deepcopy(OPEN),
            },
            "sg-end": {"GroupId": "sg-end", "IpPermissions": [from_range("10.0.0.0/16", 443)]},
            "sg-default": {
                "GroupId": "sg-default",
                "GroupName": "default",
                "IpPermissions": [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-default"}]}],
                "IpPermissionsEgress": deepcopy(OPEN),
            },
        }
        self.acls: dict[str, Any] = {
            "acl-default": {"NetworkAclId": "acl-default", "Entries": ALLOW_ALL, "Associations": []}
        }
        nat, internet = {"NatGatewayId": "nat-1"}, {"GatewayId": "igw-1"}
        everything = {"DestinationCidrBlock": "0.0.0.0/0"}
        self.tables: dict[str, Any] = {
            "rtb-public": _table("rtb-public", ["subnet-a"], {**everything, **internet}),
            "rtb-private": _table("rtb-private", ["subnet-b", "subnet-c"], {**everything, **nat}),
            "rtb-main": {**_table("rtb-main", []), "Associations": [{"Main": True}]},
        }
        self.nats: dict[str, Any] = {"nat-1": {"NatGatewayId": "nat-1", "SubnetId": "subnet-a", "State": "available"}}
        self.endpoints: dict[str, Any] = {}
        self.vpcs: dict[str, Any] = {
            "vpc-1": {"DefaultNetworkAclId": "acl-default", "DefaultSecurityGroupId": "sg-default"}
        }
        self.peerings: dict[str, Any] = {}
        self.prefix_lists: dict[str, Any] = {}

    def no_way_out(self) -> None:
        """Take the route to the NAT gateway away."""
        self.tables["rtb-private"]["Routes"] = [LOCAL]

    def endpoint(self, service: str, **more: Any) -> None:  # noqa: ANN401 - EC2's shapes
        """Add an interface endpoint."""
        self.endpoints[service] = {
            "VpcEndpointId": f"vpce-{service}",
            "VpcEndpointType": "Interface",
            "VpcId": "vpc-1",
            "ServiceName": f"com.amazonaws.{REGION}.{service}",
            "SubnetIds": ["subnet-b", "subnet-c"],
            "SecurityGroupIds": ["sg-end"],
            "PrivateDnsEnabled": True,
            **more,
        }

    def gateway(self, service: str = "s3", table: str = "rtb-private") -> None:
        """Add a gateway endpoint."""
        self.endpoint(service, VpcEndpointType="Gateway", RouteTableIds=[table], SubnetIds=[], SecurityGroupIds=[])

    def acl(self, subnet: str, *entries: dict[str, Any]) -> None:
        """Give a subnet a network ACL of its own."""
        self.acls[f"acl-{subnet}"] = {
            "NetworkAclId": f"acl-{subnet}",
            "Entries": list(entries),
            "Associations": [{"SubnetId": subnet}],
        }

    @property
    def reachability(self) -> Reachability:
        """Decides about it as it is now."""
        return Reachability(
            Networks(
                region=REGION,
                vpcs=self.vpcs,
                subnets=self.subnets,
                groups=self.groups,
                acls=self.acls,
                tables=self.tables,
                internet_gateways={"igw-1": {"Attachments": [{"VpcId": "vpc-1", "State": "available"}]}},
                nat_gateways=self.nats,
                endpoints=self.endpoints,
                peerings=self.peerings,
                prefix_lists=self.prefix_lists,
            )
        )


BALANCER = Interface("load balancer web", "subnet-a", ("sg-web",), public=True)
TASK = Interface("task 1", "subnet-b", ("sg-app",))
ISOLATED = Interface("task 2", "subnet-d", ("sg-app",))
PUBLIC = Interface("task 3", "subnet-a", ("sg-app",), public=True)
