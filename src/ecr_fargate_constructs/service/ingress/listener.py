"""Settings of a listener that are made after the listener itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs.service.ingress.mutual_tls import authenticate_clients
from ecr_fargate_constructs.service.ingress.settings import response_attributes
from ecr_fargate_constructs.service.ingress.values import InternalHttps, PublicHttps, speaks_ipv6

if TYPE_CHECKING:
    from constructs import Construct

    from ecr_fargate_constructs.service.ingress.values import Ingress


def tune_listener(
    listener: elbv2.ApplicationListener, ingress: Ingress, *, then: elbv2.ApplicationTargetGroup | None = None
) -> None:
    """Add the listener's further certificates, response headers, mutual TLS, and an authentication before ``then``."""
    if not isinstance(ingress, (PublicHttps, InternalHttps)):
        return
    settings = ingress.listener
    if settings.certificates:
        listener.add_certificates(
            "Further", [elbv2.ListenerCertificate.from_certificate_manager(each) for each in settings.certificates]
        )
    authenticate_clients([listener], settings.mutual_authentication)
    for name, value in response_attributes(settings).items():
        listener.set_attribute(name, value)
    if settings.authentication is not None and then is not None:
        # The pattern has made the default action already, and cannot be given another.
        cdk.Annotations.of(listener).acknowledge_warning(
            "@aws-cdk/aws-elbv2:listenerExistingDefaultActionReplaced", "the sign-in leads to the same target group"
        )
        from ecr_fargate_constructs.service.ingress.authentication import signed_in  # noqa: PLC0415 - only with a sign-in

        listener.add_action(
            "SignIn",
            action=signed_in(listener, listener, settings.authentication, elbv2.ListenerAction.forward([then])),
        )


def add_ipv6_record(scope: Construct, balancer: elbv2.ApplicationLoadBalancer, ingress: Ingress) -> None:
    """Add the domain's IPv6 record if the load balancer has IPv6 addresses."""
    if not isinstance(ingress, (PublicHttps, InternalHttps)) or ingress.domain_name is None:
        return
    if ingress.hosted_zone is None or not speaks_ipv6(ingress):
        return
    from aws_cdk import aws_route53 as route53  # noqa: PLC0415 - a large module, needed by few services
    from aws_cdk import aws_route53_targets as route53_targets  # noqa: PLC0415 - as above

    route53.AaaaRecord(
        scope,
        "Ipv6Record",
        zone=ingress.hosted_zone,
        record_name=ingress.domain_name,
        target=route53.RecordTarget.from_alias(route53_targets.LoadBalancerTarget(balancer)),
    )
