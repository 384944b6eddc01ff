"""Domains, zones, certificates, and networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3

from ecr_fargate_constructs import (
    CognitoAuthentication,
    Egress,
    FixedResponse,
    InternalHttps,
    ListenerSettings,
    Network,
    OidcAuthentication,
    PublicHttp,
    PublicHttps,
    SharedLoadBalancer,
    TargetGroupSettings,
)
from tests.bad_input import bare, here
from tests.bad_input.case import ACCOUNT, Case, Expected, Passes, Place, Refused, RefusedAtSynth, Warned

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESSES = "Domains, zones and certificates"
CERTIFICATE = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/0f1e"
HTTPS = elbv2.ApplicationProtocol.HTTPS


def _zone(place: Place) -> route53.IHostedZone:
    return route53.HostedZone.from_hosted_zone_attributes(
        place.stack, "Zone", hosted_zone_id="Z1", zone_name="example.com"
    )


def _signing_in(place: Place, secret: cdk.SecretValue) -> PublicHttps:
    certificate = acm.Certificate.from_certificate_arn(place.stack, "Certificate", CERTIFICATE)
    oidc = OidcAuthentication(client_secret=secret, **bare.provider("https"))
    return PublicHttps(certificate=certificate, listener=ListenerSettings(authentication=oidc))


def _domain(what: str, expected: Expected, name: str) -> Case:
    return Case(
        ADDRESSES,
        what,
        lambda p: here.service(p, ingress=PublicHttps(domain_name=name, hosted_zone=p.given)),
        lambda p: bare.pattern(p, domain_name=name, domain_zone=p.given, protocol=HTTPS),
        expected,
        given=_zone,
    )


def _certificate(what: str, expected: Expected, arn: str) -> Case:
    return Case(
        ADDRESSES,
        what,
        lambda p: here.service(p, ingress=PublicHttps(certificate=p.given)),
        lambda p: bare.pattern(p, certificate=p.given, protocol=HTTPS),
        expected,
        given=lambda p: acm.Certificate.from_certificate_arn(p.stack, "Certificate", arn),
        region="us-east-1",
    )


def _acl(what: str, expected: Expected, arn: str) -> Case:
    return Case(
        ADDRESSES,
        what,
        lambda p: here.service(p, ingress=PublicHttp(web_acl=arn)),
        lambda p: bare.web_acl(p, arn),
        expected,
        region="us-east-1",
    )


def _private(place: Place) -> route53.PrivateHostedZone:
    vpc = ec2.Vpc(place.stack, "Vpc")
    return route53.PrivateHostedZone(place.stack, "Zone", zone_name="example.com", vpc=vpc)


NAMED = "is not a domain name"
ADDRESS_CASES = [
    _domain(
        "A name outside of its zone",
        Refused("'shop.example.org' is not in the zone example.com", ".example.com"),
        "shop.example.org",
    ),
    _domain(
        "A name that only ends like its zone",
        Refused("'badexample.com' is not in the zone", "ends in .example.com"),
        "badexample.com",
    ),
    _domain("An address for a name", Refused(NAMED, "for example"), "https://shop.example.com"),
    _domain("A name with a path", Refused(NAMED, "for example"), "shop.example.com/cart"),
    _domain("A name with a space", Refused(NAMED, "letters, digits and hyphens"), "my shop.example.com"),
    _domain("A name with an underscore", Refused(NAMED, "letters, digits and hyphens"), "my_shop.example.com"),
    _domain("An empty name", Refused("PublicHttps.domain_name=''", "for example"), ""),
    _domain("A part of 64 letters", Refused(NAMED, "63 in a part"), f"{'a' * 64}.example.com"),
    _domain("A name in Unicode", Refused("in ASCII it is", "'xn--mnchen-3ya.example.com'"), "münchen.example.com"),
    _domain("A name that ends in a dot", Passes("that is the same name"), "shop.example.com."),
    Case(
        ADDRESSES,
        "A name without a zone",
        lambda p: here.service(p, ingress=PublicHttps(domain_name="shop.example.com")),
        lambda p: bare.pattern(p, domain_name="shop.example.com", protocol=HTTPS),
        Refused("PublicHttps.domain_name='shop.example.com' requires hosted_zone", "add hosted_zone="),
    ),
    Case(
        ADDRESSES,
        "A zone without a name",
        lambda p: here.service(p, ingress=PublicHttps(hosted_zone=p.given)),
        lambda p: bare.pattern(p, domain_zone=p.given, protocol=HTTPS),
        Refused("PublicHttps.hosted_zone requires domain_name", "add the name"),
        given=_zone,
    ),
    Case(
        ADDRESSES,
        "HTTPS with nothing",
        lambda p: here.service(p, ingress=PublicHttps()),
        lambda p: bare.pattern(p, protocol=HTTPS),
        Refused("PublicHttps needs a certificate", "certificate="),
    ),
    Case(
        ADDRESSES,
        "A certificate to be made for a private zone: it waits for ever",
        lambda p: here.service(p, ingress=InternalHttps(domain_name="shop.example.com", hosted_zone=p.given)),
        lambda p: bare.pattern(p, domain_name="shop.example.com", domain_zone=p.given, protocol=HTTPS),
        Refused("InternalHttps.hosted_zone is a private zone", "add certificate="),
        given=_private,
    ),
    _certificate(
        "A certificate of another region",
        Refused("is in eu-west-1, but the load balancer will be in us-east-1", "use one in us-east-1"),
        CERTIFICATE.replace("us-east-1", "eu-west-1"),
    ),
    _certificate(
        "Garbage for a certificate",
        Refused("'arn:garbage', which is not a certificate's", "use one like"),
        "arn:garbage",
    ),
    _certificate(
        "A role's ARN for a certificate",
        Refused("which is not a certificate's", "use one like"),
        f"arn:aws:iam::{ACCOUNT}:role/web",
    ),
    Case(
        ADDRESSES,
        "26 certificates",
        lambda p: ListenerSettings(certificates=[p.given] * 25),
        lambda p: bare.pattern(p, certificate=p.given, protocol=HTTPS).listener.add_certificates(
            "More", [p.given] * 25
        ),
        Refused("ListenerSettings.certificates has 25", "use at most 24"),
        given=lambda p: acm.Certificate.from_certificate_arn(p.stack, "Certificate", CERTIFICATE),
    ),
    _acl("Garbage for a web ACL", Refused("PublicHttp.web_acl='shop'", "a wafv2.CfnWebACL"), "shop"),
    _acl(
        "A web ACL of CloudFront",
        Refused("is not the ARN of a regional web ACL", "scope REGIONAL"),
        f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/web/1",
    ),
    _acl(
        "A web ACL of another region",
        Refused("is in eu-west-1", "use one in us-east-1"),
        f"arn:aws:wafv2:eu-west-1:{ACCOUNT}:regional/webacl/web/1",
    ),
    Case(
        ADDRESSES,
        "Access logs in a stack without a region",
        lambda p: here.service(p, ingress=PublicHttp(access_logs=p.given)),
        lambda p: bare.pattern(p).load_balancer.log_access_logs(p.given),
        Refused("PublicHttp.access_logs requires a stack with a region", "env="),
        given=lambda p: s3.Bucket(p.stack, "Logs"),
    ),
    Case(
        ADDRESSES,
        "gRPC to the tasks without HTTPS in front",
        lambda p: here.service(
            p,
            ingress=PublicHttp(
                target_group=TargetGroupSettings(protocol_version=elbv2.ApplicationProtocolVersion.GRPC)
            ),
        ),
        lambda p: bare.pattern(p, protocol_version=elbv2.ApplicationProtocolVersion.GRPC),
        Refused("PublicHttp.target_group has protocol_version=", "use PublicHttps(…)"),
    ),
    Case(
        ADDRESSES,
        "A sign-in at an address without TLS",
        lambda p: OidcAuthentication(client_secret=p.given, **bare.provider("http")),
        lambda p: bare.signed_in(p, p.given),
        Refused("OidcAuthentication.issuer='http://id.example.com' is not an HTTPS address", "well-known"),
        given=lambda _: bare.secret_value(),
    ),
    Case(
        ADDRESSES,
        "A sign-in whose secret is plain text",
        lambda p: here.service(p, ingress=_signing_in(p, cdk.SecretValue.unsafe_plain_text("hunter2"))),
        lambda p: bare.signed_in(p, cdk.SecretValue.unsafe_plain_text("hunter2")),
        Warned("plainClientSecret"),
    ),
    Case(
        ADDRESSES,
        "A sign-in without the client's id",
        lambda p: OidcAuthentication(client_secret=p.given, **{**bare.provider("https"), "client_id": ""}),
        lambda p: bare.signed_in(p, p.given, client_id=""),
        Refused("OidcAuthentication.client_id is empty", "the id that the provider gave"),
        given=lambda _: bare.secret_value(),
    ),
    Case(
        ADDRESSES,
        "A sign-in with a client of Cognito that has no secret",
        lambda p: CognitoAuthentication(**p.given),
        lambda p: bare.pooled(**p.given),
        Refused("CognitoAuthentication.client has no secret", "generate_secret=True"),
        given=bare.pool,
    ),
    Case(
        ADDRESSES,
        "A fixed answer with status 301",
        lambda p: SharedLoadBalancer(p.stack, "Web", ingress=PublicHttp(), default_action=FixedResponse(status=301)),
        lambda p: bare.answering(p, 301, "moved"),
        Refused("FixedResponse.status=301 is a redirection", "use 200 to 299"),
    ),
    Case(
        ADDRESSES,
        "A fixed answer of 1025 letters",
        lambda p: SharedLoadBalancer(
            p.stack, "Web", ingress=PublicHttp(), default_action=FixedResponse(body="a" * 1025)
        ),
        lambda p: bare.answering(p, 404, "a" * 1025),
        Refused("FixedResponse.body has 1025 characters", "at most 1024"),
    ),
    Case(
        ADDRESSES,
        "Nobody may connect",
        lambda p: here.service(p, ingress=PublicHttp(allow_from=[])),
        lambda p: bare.pattern(p, open_listener=False),
        Refused("PublicHttp.allow_from is empty", "name peers"),
    ),
    Case(
        ADDRESSES,
        "No word about encryption: plain HTTP to the world",
        lambda p: here.service(p, ingress=None),
        bare.pattern,
        Warned("plainHttp"),
    ),
]

NETWORKS = "Networks"


def _vpc(*kinds: ec2.SubnetType, **options: Any) -> Callable[[Place], ec2.Vpc]:  # noqa: ANN401 - CDK's options
    def make(place: Place) -> ec2.Vpc:
        return ec2.Vpc(
            place.stack,
            "Vpc",
            nat_gateways=0,
            subnet_configuration=[ec2.SubnetConfiguration(name=kind.name, subnet_type=kind) for kind in kinds],
            **options,
        )

    return make


def _network(what: str, expected: Expected, vpc: Callable[[Place], object], **options: Any) -> Case:  # noqa: ANN401 - passed on
    theirs = {"task_subnets": options["subnets"]} if "subnets" in options else {}
    return Case(
        NETWORKS,
        what,
        lambda p: here.service(p, vpc=p.given, **options),
        lambda p: bare.pattern(p, vpc=p.given, **theirs),
        expected,
        given=vpc,
    )


def _made(what: str, expected: Expected, theirs: dict[str, Any] | None, **options: Any) -> Case:  # noqa: ANN401 - passed on
    return Case(
        NETWORKS,
        what,
        lambda p: Network(p.stack, "Network", **options),
        None if theirs is None else lambda p: bare.pattern(p, vpc=ec2.Vpc(p.stack, "Vpc", **theirs)),
        expected,
    )


PUBLIC, ISOLATED, PRIVATE = (
    ec2.SubnetType.PUBLIC,
    ec2.SubnetType.PRIVATE_ISOLATED,
    ec2.SubnetType.PRIVATE_WITH_EGRESS,
)
NETWORK_CASES = [
    _network("Public subnets only", Refused("the VPC has no private subnets", "add NAT"), _vpc(PUBLIC)),
    _network("Isolated subnets only", Refused("the VPC has no private subnets", "add NAT"), _vpc(ISOLATED)),
    _network(
        "Public and isolated subnets, no NAT",
        Refused("the VPC has no private subnets", "add the endpoints"),
        _vpc(PUBLIC, ISOLATED),
    ),
    _network(
        "Isolated subnets by choice, without endpoints",
        RefusedAtSynth("cannot pull their image", "Egress.ENDPOINTS"),
        _vpc(PUBLIC, ISOLATED),
        subnets=ec2.SubnetSelection(subnet_type=ISOLATED),
    ),
    _network(
        "Private subnets without internet access (`nat_gateways=0`)",
        RefusedAtSynth("cannot pull their image", "use subnets with a route to the internet"),
        _vpc(PUBLIC, PRIVATE),
    ),
    _network("One zone", Refused("the VPC has one availability zone", "max_azs=2"), _vpc(PUBLIC, PRIVATE, max_azs=1)),
    _network(
        "Subnets of a group that the VPC does not have",
        Refused("subnets selects nothing", "use for example"),
        _vpc(PUBLIC, PRIVATE),
        subnets=ec2.SubnetSelection(subnet_group_name="Tasks"),
    ),
    _network(
        "Subnets of a type that the VPC does not have",
        Refused("subnets selects nothing", "use for example"),
        _vpc(PUBLIC, PRIVATE),
        subnets=ec2.SubnetSelection(subnet_type=ISOLATED),
    ),
    _network(
        "Subnets in a zone that the VPC does not have",
        Refused("subnets selects nothing", "use for example"),
        _vpc(PUBLIC, PRIVATE),
        subnets=ec2.SubnetSelection(availability_zones=["us-east-1z"]),
    ),
    Case(
        NETWORKS,
        "A cluster and a VPC",
        lambda p: here.service(p, cluster=p.given, vpc=p.given.vpc),
        lambda p: bare.pattern(p, cluster=p.given, vpc=p.given.vpc),
        Refused("cluster and vpc are both given", "keep one"),
        given=lambda p: ecs.Cluster(p.stack, "Cluster"),
    ),
    Case(
        NETWORKS,
        "A public load balancer in a VPC without public subnets",
        lambda p: SharedLoadBalancer(p.stack, "Web", vpc=p.given, ingress=PublicHttp()),
        lambda p: elbv2.ApplicationLoadBalancer(p.stack, "Web", vpc=p.given, internet_facing=True),
        Refused("the VPC has no public subnets", "InternalHttp(…)"),
        given=_vpc(ISOLATED),
    ),
    _made("A network of one zone", Refused("max_azs=1 is not", "use 2 or more"), {"max_azs": 1}, max_azs=1),
    _made("A network of 0 zones", Refused("max_azs=0 is not", "use 2 or more"), {"max_azs": 0}, max_azs=0),
    _made("A network of 2.5 zones", Refused("max_azs=2.5 is not", "use 2 or more"), {"max_azs": 2.5}, max_azs=2.5),
    _made(
        "More NAT gateways than zones",
        Refused("nat_gateways=3 is above max_azs=2", "use at most one per zone"),
        {"max_azs": 2, "nat_gateways": 3},
        nat_gateways=3,
    ),
    _made("-1 NAT gateways", Refused("nat_gateways=-1", "use 1 or more"), {"nat_gateways": -1}, nat_gateways=-1),
    _made(
        "NAT gateways in a network that leaves through endpoints",
        Refused("nat_gateways=1 with egress=Egress.ENDPOINTS", "omit one of the two"),
        None,
        egress=Egress.ENDPOINTS,
        nat_gateways=1,
    ),
    _made(
        "An address range without room for the subnets",
        Refused("ip_addresses cannot be divided", "a larger range"),
        {"ip_addresses": ec2.IpAddresses.cidr("10.0.0.0/28")},
        ip_addresses=ec2.IpAddresses.cidr("10.0.0.0/28"),
    ),
]

CASES = [*ADDRESS_CASES, *NETWORK_CASES]
