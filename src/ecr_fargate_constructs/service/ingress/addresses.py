"""Whether a way in can be had where the service stands: certificates, zones, web ACLs and logs have a region."""

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
    """Refuse what cannot work where the load balancer will stand; to be called before anything exists.

    Raises:
        ConfigurationError: For a certificate or a web ACL of another region, something that is no certificate, a
            certificate to be made for a private zone, or access logs without a region.
    """
    if ingress is None:
        return
    stack = stack_of(scope)
    name = type(ingress).__name__
    if ingress.access_logs is not None and is_token(stack.region):
        raise ConfigurationError(
            f"{name}.access_logs takes a stack whose region is known, since the bucket has to let the load balancers "
            "of that region in; give the stack env=cdk.Environment(region=…)",
            path=path,
        )
    if ingress.web_acl is not None and not is_token(ingress.web_acl):
        _check_region(f"{name}.web_acl={ingress.web_acl!r}", ingress.web_acl.split(":")[3], stack.region, path)
        check_partition(f"{name}.web_acl", ingress.web_acl, stack.region, path=path)
    settings = ingress.load_balancer
    if isinstance(settings, LoadBalancerSettings) and settings.name is not None and not is_token(settings.name):
        take_name(
            scope,
            f"LoadBalancerSettings.name={settings.name!r}",
            ("load balancer", *environment_key(scope), settings.name.lower()),
            path=path,
            instead="a name is taken once in an account and region; use another, or leave it out",
        )
    if isinstance(ingress, (PublicHttps, InternalHttps)):
        _check_certificates(ingress, stack.region, path)
        _take_domain(scope, ingress, path)


def _take_domain(scope: Construct, ingress: PublicHttps | InternalHttps, path: str) -> None:
    """Refuse a domain that leads to another load balancer already: a zone has one record of a name."""
    domain, zone = ingress.domain_name, ingress.hosted_zone
    if domain is None or zone is None or is_token(domain):
        return
    zone_id = zone.hosted_zone_id
    take_name(
        scope,
        f"{type(ingress).__name__}.domain_name={domain!r}",
        ("domain", path_of_construct(zone) if is_token(zone_id) else zone_id, domain.lower()),
        path=path,
        instead="a zone has one record of a name; use another, or share a load balancer (SharedLoadBalancer)",
    )


def check_ipv6(ingress: Ingress | None, *, cluster: ecs.ICluster | None, vpc: ec2.IVpc | None, path: str) -> None:
    """Refuse IPv6 addresses in a network that has none: the one that services share, or a ``Network`` without.

    What others have can be added to in many ways, and so is taken at its word.
    """
    if ingress is None or not isinstance(ingress.load_balancer, LoadBalancerSettings) or not speaks_ipv6(ingress):
        return
    network = vpc if vpc is not None else cluster.vpc if cluster is not None else None
    home = None if network is None else network.node.scope
    if network is None or getattr(home, "has_ipv6", None) is False:
        which = "the network that the stack's services share" if network is None else network.node.path
        raise ConfigurationError(
            f"LoadBalancerSettings.ip_address_type={ingress.load_balancer.ip_address_type.name} takes subnets with "
            f"IPv6 addresses, and {which} has none; give the vpc and task_subnets of "
            "Network(ip_protocol=ec2.IpProtocol.DUAL_STACK), or leave ip_address_type out",
            path=path,
        )


def _check_certificates(ingress: PublicHttps | InternalHttps, region: str, path: str) -> None:
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
                f"{option} has the ARN {arn!r}, which is no certificate's; use one like "
                "'arn:aws:acm:eu-west-1:123456789012:certificate/…'",
                path=path,
            )
        if match["region"] is not None:
            _check_region(f"{option} {arn}", match["region"], region, path)
        check_partition(option, arn, region, path=path)
    if ingress.certificate is not None or ingress.hosted_zone is None:
        return
    from aws_cdk import aws_route53 as route53  # noqa: PLC0415 - a large module that only domains need

    if isinstance(ingress.hosted_zone, route53.PrivateHostedZone):
        raise ConfigurationError(
            f"{name}.hosted_zone is a private zone, and a certificate that is made is validated in a public one, so "
            "the deployment would wait for ever; add certificate=",
            path=path,
        )


def _check_region(what: str, region: str, own: str, path: str) -> None:
    if not is_token(own) and region != own:
        raise ConfigurationError(
            f"{what} is of {region}, and the load balancer will be in {own}; use one of {own}", path=path
        )
