"""A VPC in which a private image can be pulled."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2

from ecr_fargate_constructs._cdk.construct import LibraryConstruct
from ecr_fargate_constructs._cdk.references import weaken_network
from ecr_fargate_constructs._regulated.findings import acknowledge_unread_range
from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.endpoints import PREFIXES, Feature, interface_endpoints
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.network import vpc as _vpc

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from constructs import Construct


class Egress(Enum):
    """The path from tasks to the registry, and to everything else outside of the VPC."""

    NAT = "NAT"
    """Private subnets behind NAT gateways, one per zone: about 33 US dollars a month each, plus traffic."""

    ENDPOINTS = "ENDPOINTS"
    """Isolated subnets with only the VPC endpoints that the tasks' features need, about 7 US dollars a month for each
    endpoint and zone. Tasks reach nothing else outside."""

    PUBLIC = "PUBLIC"
    """Public subnets, in which tasks get public addresses: no fixed cost. Security groups admit only the load
    balancer."""


class Network(LibraryConstruct):
    """A VPC with subnets from which tasks can pull their image, and public ones for the load balancer.

    Hand ``.vpc`` and ``.task_subnets`` to a service. With any egress, image layers are read through a gateway endpoint
    for S3, which is free. Public subnets assign no addresses by themselves. The VPC's default security group is
    unchanged, unless the app's feature flag ``@aws-cdk/aws-ec2:restrictDefaultSecurityGroup`` closes it, or
    ``Posture.REGULATED`` does, which also logs all traffic.

    Other stacks have weak references to the VPC and its subnets, so that the last of them can stop using it, unless the
    app's context sets ``@aws-cdk/core:defaultCrossStackReferences``.

    The library checks at synth that a task can reach ECR from its subnets, in this and in any other VPC that the app
    makes.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        egress: Egress = Egress.NAT,
        features: Collection[Feature] = (Feature.LOGS,),
        max_azs: float = 2,
        nat_gateways: float | None = None,
        ip_addresses: ec2.IIpAddresses | None = None,
        ip_protocol: ec2.IpProtocol = ec2.IpProtocol.IPV4_ONLY,
    ) -> None:
        """Create the VPC.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            egress: Path from tasks to the registry; default, NAT gateways.
            features: Features that the tasks use beside their image; with ``Egress.ENDPOINTS`` each adds its endpoints;
                default, logs.
            max_azs: Number of availability zones, 2 or more, since a load balancer requires two; default, 2.
            nat_gateways: Number of NAT gateways, 1 to ``max_azs``; default, one per zone. With fewer, the loss of a
                zone can cut off the others.
            ip_addresses: Address range of the VPC; default, 10.0.0.0/16.
            ip_protocol: ``DUAL_STACK`` adds IPv6; default, ``IPV4_ONLY``.

        Raises:
            ConfigurationError: There is only one zone, or NAT gateways are set with another egress.
        """
        _check(egress, max_azs, nat_gateways)
        if ip_addresses is not None:
            _check_addresses(egress, max_azs, ip_addresses)
        super().__init__(scope, construct_id)
        self._egress = egress
        self._has_ipv6 = ip_protocol is ec2.IpProtocol.DUAL_STACK
        own = {Egress.NAT: ec2.SubnetType.PRIVATE_WITH_EGRESS, Egress.ENDPOINTS: ec2.SubnetType.PRIVATE_ISOLATED}
        self._type = own.get(egress, ec2.SubnetType.PUBLIC)
        self._vpc = _vpc.make_vpc(
            self,
            "Default",  # which logical ids omit
            subnets=[_vpc.public_subnets(), *([_vpc.task_subnets(self._type)] if egress in own else [])],
            max_azs=max_azs,
            nat_gateways=(max_azs if nat_gateways is None else nat_gateways) if egress is Egress.NAT else 0,
            ip_addresses=ip_addresses,
            ip_protocol=ip_protocol,
        )
        weaken_network(self._vpc)
        self._endpoints = self._add_endpoints(interface_endpoints(features)) if egress is Egress.ENDPOINTS else {}

    def _add_endpoints(self, names: Collection[str]) -> dict[str, ec2.InterfaceVpcEndpoint]:
        group = ec2.SecurityGroup(
            self, "EndpointSecurityGroup", vpc=self._vpc, description="VPC endpoints", allow_all_outbound=False
        )
        group.add_ingress_rule(ec2.Peer.ipv4(self._vpc.vpc_cidr_block), ec2.Port.tcp(443), "Tasks to VPC endpoints")
        acknowledge_unread_range(group)
        prefixes = self._prefixes()
        return {
            name: self._vpc.add_interface_endpoint(
                _construct_id(name),
                service=ec2.InterfaceVpcEndpointAwsService(name, prefixes.get(name)),
                subnets=self.task_subnets,
                security_groups=[group],
                open=False,
                private_dns_enabled=True,
            )
            for name in names
        }

    def _prefixes(self) -> dict[str, str]:
        """Return the prefixes of endpoint names that differ between partitions, if the region is known only at deploy.

        CDK then uses the prefixes of the partition ``aws``.
        """
        if not is_token(cdk.Stack.of(self).region):
            return {}
        table = {
            partition: {"ecr": prefix, "xray": PREFIXES["aws-cn" if partition == "aws-cn" else "aws"]}
            for partition, prefix in PREFIXES.items()
        }
        mapping = cdk.CfnMapping(self, "EndpointPrefixes", mapping=table)
        ecr, xray = (mapping.find_in_map(cdk.Aws.PARTITION, each) for each in ("ecr", "xray"))
        return {"ecr.api": ecr, "ecr.dkr": ecr, "xray": xray}

    @property
    def vpc(self) -> ec2.Vpc:
        """The VPC."""
        return self._vpc

    @property
    def egress(self) -> Egress:
        """Path from tasks to the registry."""
        return self._egress

    @property
    def has_ipv6(self) -> bool:
        """True if the subnets also have IPv6 addresses."""
        return self._has_ipv6

    @property
    def task_subnets(self) -> ec2.SubnetSelection:
        """Subnets of tasks, for the option ``subnets`` of a service."""
        return ec2.SubnetSelection(subnet_type=self._type)

    @property
    def endpoints(self) -> Mapping[str, ec2.InterfaceVpcEndpoint]:
        """The interface endpoints by name, for example ``ecr.api``; none unless egress is ``Egress.ENDPOINTS``."""
        return dict(self._endpoints)


def _construct_id(endpoint: str) -> str:
    return "".join(part.capitalize() for part in endpoint.replace("-", ".").split("."))


def _check_addresses(egress: Egress, max_azs: float, ip_addresses: ec2.IIpAddresses) -> None:
    """Refuse an address range without room for the subnets, by dividing it in a throwaway app."""
    own = [] if egress is Egress.PUBLIC else [_vpc.task_subnets(ec2.SubnetType.PRIVATE_ISOLATED)]
    try:
        _vpc.make_vpc(
            cdk.Stack(cdk.App(), "Trial"),
            "Trial",
            subnets=[_vpc.public_subnets(), *own],
            max_azs=max_azs,
            nat_gateways=0,
            ip_addresses=ip_addresses,
        )
    except RuntimeError as error:
        raise ConfigurationError(
            f"ip_addresses cannot be divided among the subnets of {max_azs:g} zones ({str(error).splitlines()[0]}); "
            "use a larger range, for example ec2.IpAddresses.cidr('10.0.0.0/16')"
        ) from error


def _check(egress: Egress, max_azs: float, nat_gateways: float | None) -> None:
    for name, value in (("max_azs", max_azs), ("nat_gateways", nat_gateways)):
        if is_token(value):
            raise ConfigurationError(
                f"{name} is a CDK token, but subnets are made before the deployment resolves it; use a plain number"
            )
    whole_number("max_azs", max_azs, minimum=2, what="a number of zones that a load balancer accepts")
    if nat_gateways is None:
        return
    if egress is not Egress.NAT:
        raise ConfigurationError(
            f"nat_gateways={nat_gateways} with egress={egress}, which has no NAT gateways; omit one of the two"
        )
    whole_number("nat_gateways", nat_gateways, minimum=1, what="a number of NAT gateways")
    if nat_gateways > max_azs:
        raise ConfigurationError(
            f"nat_gateways={nat_gateways:g} is above max_azs={max_azs:g}; use at most one per zone"
        )
