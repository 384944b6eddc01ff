"""Checks of an ingress against its stack: certificates, zones, web ACLs and log buckets belong to a region."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs._cdk.names import environment_key, take_name
from ecr_fargate_constructs._cdk.site import path_of_construct, stack_of
from ecr_fargate_constructs._rules.partitions import check_partition
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.ingress.settings import LoadBalancerSettings
from ecr_fargate_constructs.service.ingress.values import Ingress, InternalHttps, PublicHttps, speaks_ipv6

if TYPE_CHECKING:
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_ecs as ecs
    from constructs import Construct

_CERTIFICATE = re.compile(
    r"arn:aws[\w-]*:(?:acm:(?P<region>[a-z0-9-]+):\d{12}:certificate|iam::\d{12}:server-certificate)/.+"
)


def check_way_in(scope: Construct, ingress: Ingress | None, *, path: str) -> None:
    """Refuse an ingress that cannot work in the stack of ``scope``; called before any construct exists."""
    if ingress is None:
        return
    stack = stack_of(scope)
    name = type(ingress).__name__
    if ingress.access_logs is not None and is_token(stack.region):
        raise ConfigurationError(
            f"{name}.access_logs requires a stack with a region, because the bucket policy allows the load balancers "
            "of that region to write; give the stack env=cdk.Environment(region=…)"
        )
    if isinstance(ingress.web_acl, str):
        check_partition(f"{name}.web_acl", ingress.web_acl, stack.region)
    settings = ingress.load_balancer
    if isinstance(settings, LoadBalancerSettings) and settings.name is not None and not is_token(settings.name):
        take_name(
            scope,
            f"LoadBalancerSettings.name={settings.name!r}",
            ("load balancer", *environment_key(scope), settings.name.lower()),
            path=path,
            instead="an account and region has each name once; use another, or omit it",
        )
    if isinstance(ingress, (PublicHttps, InternalHttps)):
        _check_certificates(ingress, stack.region)
        _take_domain(scope, ingress, path)


def _take_domain(scope: Construct, ingress: PublicHttps | InternalHttps, path: str) -> None:
    """Refuse a domain that already points to another load balancer: a zone has one record per name."""
    domain, zone = ingress.domain_name, ingress.hosted_zone
    if domain is None or zone is None or is_token(domain):
        return
    zone_id = zone.hosted_zone_id
    take_name(
        scope,
        f"{type(ingress).__name__}.domain_name={domain!r}",
        ("domain", path_of_construct(zone) if is_token(zone_id) else zone_id, domain.lower()),
        path=path,
        instead="a zone has one record per name; use another name, or share a load balancer (SharedLoadBalancer)",
    )


def check_ipv6(ingress: Ingress | None, *, cluster: ecs.ICluster | None, vpc: ec2.IVpc | None) -> None:
    """Refuse IPv6 addresses in a network without IPv6: the stack's shared network, or a ``Network``.

    Other VPCs may get IPv6 in many ways, and are not checked.
    """
    if ingress is None or not isinstance(ingress.load_balancer, LoadBalancerSettings) or not speaks_ipv6(ingress):
        return
    network = vpc if vpc is not None else cluster.vpc if cluster is not None else None
    owner = None if network is None else network.node.scope
    if network is None or getattr(owner, "has_ipv6", None) is False:
        which = "the network that the stack's services share" if network is None else network.node.path
        raise ConfigurationError(
            f"LoadBalancerSettings.ip_address_type={ingress.load_balancer.ip_address_type.name} requires subnets with "
            f"IPv6 addresses, but {which} has none; give the vpc and task_subnets of "
            "Network(ip_protocol=ec2.IpProtocol.DUAL_STACK), or omit ip_address_type"
        )


def _check_certificates(ingress: PublicHttps | InternalHttps, region: str) -> None:
    name = type(ingress).__name__
    given = [] if ingress.certificate is None else [(f"{name}.certificate", ingress.certificate)]
    given += [("ListenerSettings.certificates", each) for each in ingress.listener.certificates]
    for option, certificate in given:
        arn = certificate.certificate_arn
        if is_token(arn):
            continue
        match = _CERTIFICATE.fullmatch(arn)
        if match is None:
            raise ConfigurationError(
                f"{option} has the ARN {arn!r}, which is not a certificate's; use one like "
                "'arn:aws:acm:eu-west-1:123456789012:certificate/…'"
            )
        if match["region"] is not None:
            _check_region(f"{option} {arn}", match["region"], region)
        check_partition(option, arn, region)
    if ingress.certificate is not None or ingress.hosted_zone is None:
        return
    from aws_cdk import aws_route53 as route53  # noqa: PLC0415 - a large module, needed only for domains

    if isinstance(ingress.hosted_zone, route53.PrivateHostedZone):
        raise ConfigurationError(
            f"{name}.hosted_zone is a private zone, but a new certificate is validated in a public zone, so the "
            "deployment would wait forever; add certificate="
        )


def _check_region(what: str, region: str, own: str) -> None:
    if not is_token(own) and region != own:
        raise ConfigurationError(f"{what} is in {region}, but the load balancer will be in {own}; use one in {own}")
