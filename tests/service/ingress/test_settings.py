"""What the load balancer, its listener and its targets can be told."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3

from ecr_fargate_constructs import (
    AppContainer,
    CognitoAuthentication,
    ConfigurationError,
    InternalHttp,
    InternalHttps,
    ListenerSettings,
    LoadBalancedFargateService,
    LoadBalancerSettings,
    Network,
    OidcAuthentication,
    PublicHttp,
    PublicHttps,
    Route,
    RoutedFargateService,
    SharedLoadBalancer,
    Stickiness,
    TargetGroupSettings,
    TargetHealthCheck,
)
from tests.support.templates import attributes, of_type, only, template_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration


NGINX = "public.ecr.aws/nginx/nginx:1.29"
ARN = "arn:aws:acm:eu-west-1:123456789012:certificate/"
ELB = "AWS::ElasticLoadBalancingV2::"
Make = Any
REGION = cdk.Environment(region="eu-west-1")
GRPC = elbv2.ApplicationProtocolVersion.GRPC
ALGORITHM = elbv2.TargetGroupLoadBalancingAlgorithmType


def _certificate(stack: cdk.Stack, name: str = "one") -> acm.ICertificate:
    return acm.Certificate.from_certificate_arn(stack, name, ARN + name)


def _zone(stack: cdk.Stack) -> route53.IHostedZone:
    return route53.HostedZone.from_hosted_zone_attributes(stack, "Zone", hosted_zone_id="Z1", zone_name="example.com")


def _oidc() -> OidcAuthentication:
    return OidcAuthentication(
        issuer="https://id.example.com",
        authorization_endpoint="https://id.example.com/authorize",
        token_endpoint="https://id.example.com/token",  # noqa: S106 - an address
        user_info_endpoint="https://id.example.com/user",
        client_id="client",
        client_secret=cdk.SecretValue.secrets_manager("oidc"),
    )


def _network(stack: cdk.Stack, way: Any) -> ec2.IVpc | None:  # noqa: ANN401 - any of the four
    """A network with IPv6 where the load balancer has it; else the stack's own."""
    kind = getattr(way.load_balancer, "ip_address_type", elbv2.IpAddressType.IPV4)
    if kind is elbv2.IpAddressType.IPV4:
        return None
    return Network(stack, "Network", ip_protocol=ec2.IpProtocol.DUAL_STACK).vpc


def _alone(make: Make) -> dict[str, Any]:
    """Of a service with a load balancer of its own."""
    stack = cdk.Stack(cdk.App(), "Stack", env=REGION)
    way = make(stack)
    LoadBalancedFargateService(stack, "Web", container=AppContainer(NGINX, 80), ingress=way, vpc=_network(stack, way))
    found = template_of(stack)
    assert not cdk.assertions.Annotations.from_stack(stack).find_warning("*", cdk.assertions.Match.any_value())
    return found


def _together(make: Make) -> dict[str, Any]:
    """Of a service behind a shared one."""
    stack = cdk.Stack(cdk.App(), "Stack", env=REGION)
    way = make(stack)
    shared = SharedLoadBalancer(stack, "Shared", ingress=way, vpc=_network(stack, way))
    RoutedFargateService(stack, "Web", load_balancer=shared, route=Route(path="/*"), container=AppContainer(NGINX, 80))
    return template_of(stack)


both = pytest.mark.parametrize("build", [_alone, _together])
Build = Any


def _listener(template: dict[str, Any], port: int) -> dict[str, Any]:
    [found] = [item for item in of_type(template, f"{ELB}Listener").values() if item["Properties"]["Port"] == port]
    resource: dict[str, Any] = found
    return resource


@both
def test_the_load_balancer_is_told_everything(build: Build) -> None:
    settings = LoadBalancerSettings(
        client_keep_alive=cdk.Duration.minutes(5),
        http2_enabled=False,
        deletion_protection=True,
        name="shop",
        preserve_host_header=True,
        preserve_client_port=True,
        tls_headers=True,
        forwarded_for=elbv2.XffHeaderProcessingMode.REMOVE,
        waf_fail_open=True,
    )
    balancer = only(build(lambda _: PublicHttp(load_balancer=settings)), f"{ELB}LoadBalancer")
    assert balancer["Properties"]["Name"] == "shop"
    found = attributes(balancer, "LoadBalancerAttributes")
    assert (
        found.items()
        >= {
            "client_keep_alive.seconds": "300",
            "routing.http2.enabled": "false",
            "deletion_protection.enabled": "true",
            "routing.http.preserve_host_header.enabled": "true",
            "routing.http.xff_client_port.enabled": "true",
            "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "true",
            "routing.http.xff_header_processing.mode": "remove",
            "waf.fail_open.enabled": "true",
        }.items()
    )


@both
def test_dual_stack_opens_to_both_worlds_and_names_both_addresses(build: Build) -> None:
    settings = LoadBalancerSettings(ip_address_type=elbv2.IpAddressType.DUAL_STACK)
    template = build(
        lambda stack: PublicHttps(domain_name="a.example.com", hosted_zone=_zone(stack), load_balancer=settings),
    )
    assert only(template, f"{ELB}LoadBalancer")["Properties"]["IpAddressType"] == "dualstack"
    assert sorted(item["Properties"]["Type"] for item in of_type(template, "AWS::Route53::RecordSet").values()) == [
        "A",
        "AAAA",
    ]
    rules = [
        rule
        for group in of_type(template, "AWS::EC2::SecurityGroup").values()
        for rule in group["Properties"].get("SecurityGroupIngress", [])
    ]
    assert sorted((rule.get("CidrIp") or rule["CidrIpv6"], rule["FromPort"]) for rule in rules) == [
        ("0.0.0.0/0", 80),
        ("0.0.0.0/0", 443),
        ("::/0", 80),
        ("::/0", 443),
    ]


@both
def test_access_logs_go_to_a_bucket_that_lets_them_in(build: Build) -> None:
    template = build(lambda stack: PublicHttp(access_logs=s3.Bucket(stack, "Logs")))
    found = attributes(only(template, f"{ELB}LoadBalancer"), "LoadBalancerAttributes")
    assert found["access_logs.s3.enabled"] == "true"
    assert "s3:PutObject" in str(only(template, "AWS::S3::BucketPolicy"))


@both
def test_targets_are_told_everything(build: Build) -> None:
    sticky = Stickiness(duration=cdk.Duration.hours(1), cookie_name="session")
    settings = TargetGroupSettings(
        stickiness=sticky, slow_start=cdk.Duration.seconds(45), algorithm=ALGORITHM.ROUND_ROBIN
    )
    found = attributes(
        only(build(lambda _: PublicHttp(target_group=settings)), f"{ELB}TargetGroup"), "TargetGroupAttributes"
    )
    assert (
        found.items()
        >= {
            "stickiness.enabled": "true",
            "stickiness.type": "app_cookie",
            "stickiness.app_cookie.cookie_name": "session",
            "stickiness.app_cookie.duration_seconds": "3600",
            "slow_start.duration_seconds": "45",
            "load_balancing.algorithm.type": "round_robin",
        }.items()
    )


@both
def test_weighted_random_spares_tasks_that_fail(build: Build) -> None:
    settings = TargetGroupSettings(algorithm=ALGORITHM.WEIGHTED_RANDOM)
    found = attributes(
        only(build(lambda _: InternalHttp(target_group=settings)), f"{ELB}TargetGroup"), "TargetGroupAttributes"
    )
    assert found["load_balancing.algorithm.type"] == "weighted_random"
    assert found["load_balancing.algorithm.anomaly_mitigation"] == "on"


@both
@pytest.mark.parametrize(("codes", "expected"), [(None, "12"), ("0", "0")])
def test_grpc_is_checked_in_its_own_codes(build: Build, codes: str | None, expected: str) -> None:
    check = TargetHealthCheck(path="/grpc.health.v1.Health/Check", grpc_codes=codes)
    template = build(
        lambda stack: InternalHttps(
            certificate=_certificate(stack), health_check=check, target_group=TargetGroupSettings(protocol_version=GRPC)
        )
    )
    group = only(template, f"{ELB}TargetGroup")["Properties"]
    assert (group["ProtocolVersion"], group["Matcher"]) == ("GRPC", {"GrpcCode": expected})
    assert group["HealthCheckPath"] == "/grpc.health.v1.Health/Check"


@both
def test_the_listener_is_told_everything(build: Build) -> None:
    template = build(
        lambda stack: PublicHttps(
            certificate=_certificate(stack),
            listener=ListenerSettings(
                tls_policy=elbv2.SslPolicy.TLS13_13,
                certificates=[_certificate(stack, "two"), _certificate(stack, "three")],
                response_headers={"Strict-Transport-Security": "max-age=31536000"},
            ),
        )
    )
    listener = _listener(template, 443)
    assert listener["Properties"]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-3-2021-06"
    assert listener["Properties"]["Certificates"] == [{"CertificateArn": f"{ARN}one"}]
    further = [item["Properties"]["Certificates"] for item in of_type(template, f"{ELB}ListenerCertificate").values()]
    assert sorted(further, key=str) == [[{"CertificateArn": f"{ARN}three"}], [{"CertificateArn": f"{ARN}two"}]]
    assert attributes(listener, "ListenerAttributes") == {
        "routing.http.response.strict_transport_security.header_value": "max-age=31536000"
    }


def _cognito(stack: cdk.Stack) -> CognitoAuthentication:
    pool = cognito.UserPool(stack, "Pool")
    domain = pool.add_domain("Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix="shop"))
    return CognitoAuthentication(user_pool=pool, client=pool.add_client("Client", generate_secret=True), domain=domain)


@pytest.mark.parametrize(
    ("make", "kind"), [(lambda _: _oidc(), "authenticate-oidc"), (_cognito, "authenticate-cognito")]
)
@both
def test_nobody_reaches_a_task_who_has_not_signed_in(
    build: Build, make: Callable[[cdk.Stack], OidcAuthentication | CognitoAuthentication], kind: str
) -> None:
    template = build(
        lambda stack: PublicHttps(
            certificate=_certificate(stack), listener=ListenerSettings(authentication=make(stack))
        )
    )
    rules = of_type(template, f"{ELB}ListenerRule").values()
    [actions] = [rule["Properties"]["Actions"] for rule in rules] or [
        _listener(template, 443)["Properties"]["DefaultActions"]
    ]
    assert [(action["Type"], action["Order"]) for action in actions] == [(kind, 1), ("forward", 2)]
    for listener in of_type(template, f"{ELB}Listener").values():
        assert listener["Properties"]["DefaultActions"][0]["Type"] != "forward"
    groups = of_type(template, "AWS::EC2::SecurityGroup")
    [balancer] = [group["Properties"] for name, group in groups.items() if "LBSecurityGroup" in name]
    [out] = balancer["SecurityGroupEgress"]
    assert (out["CidrIp"], out["FromPort"], out["ToPort"]) == ("0.0.0.0/0", 443, 443)


def test_every_way_has_at_most_12_options() -> None:
    for way in (PublicHttp, PublicHttps, InternalHttp, InternalHttps, TargetGroupSettings):
        assert len(fields(way)) <= 12
    # A list of Elastic Load Balancing's attributes, independent of each other, most of which nobody sets.
    assert len(fields(LoadBalancerSettings)) <= 13


def _plain_grpc(stack: cdk.Stack) -> None:
    shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp())
    RoutedFargateService(
        stack,
        "Web",
        load_balancer=shared,
        route=Route(path="/a"),
        container=AppContainer(NGINX, 80),
        target_group=TargetGroupSettings(protocol_version=GRPC),
    )


def _logs_without_region(stack: cdk.Stack) -> None:
    ingress = PublicHttp(access_logs=s3.Bucket(stack, "Logs"))
    LoadBalancedFargateService(stack, "Web", container=AppContainer(NGINX, 80), ingress=ingress)


SECONDS = cdk.Duration.seconds
REFUSED: list[tuple[str, Callable[[cdk.Stack], object], str, str]] = [
    (
        "grpc",
        lambda _: PublicHttp(target_group=TargetGroupSettings(protocol_version=GRPC)),
        "PublicHttp.target_group",
        "PublicHttps(…)",
    ),
    ("routed grpc", _plain_grpc, "[Stack/Web] target_group has protocol_version", "PublicHttps(…)"),
    ("logs", _logs_without_region, "PublicHttp.access_logs requires a stack with a region", "env="),
    (
        "slow",
        lambda _: TargetGroupSettings(slow_start=SECONDS(10)),
        "TargetGroupSettings.slow_start is 10 seconds",
        "30 to 900",
    ),
    (
        "slow random",
        lambda _: TargetGroupSettings(slow_start=SECONDS(30), algorithm=ALGORITHM.WEIGHTED_RANDOM),
        "slow start requires round robin",
        "omit one",
    ),
    ("stuck", lambda _: Stickiness(duration=cdk.Duration.days(8)), "Stickiness.duration is 691200", "1 to 604800"),
    (
        "cookie",
        lambda _: Stickiness(duration=SECONDS(1), cookie_name="AWSALBX"),
        "cookie_name='AWSALBX'",
        "omit it",
    ),
    ("keep", lambda _: LoadBalancerSettings(client_keep_alive=SECONDS(5)), "client_keep_alive is 5", "60 to 604800"),
    ("name", lambda _: LoadBalancerSettings(name="-shop"), "LoadBalancerSettings.name='-shop'", "no hyphen first"),
    ("long", lambda _: LoadBalancerSettings(name="s" * 33), "LoadBalancerSettings.name=", "1 to 32"),
    ("internal", lambda _: LoadBalancerSettings(name="internal-shop"), "begins with 'internal-'", "use another"),
    ("header", lambda _: ListenerSettings(response_headers={"X-A": "1"}), "response_headers has 'X-A'", "application"),
    ("codes", lambda _: TargetHealthCheck(grpc_codes="x"), "TargetHealthCheck.grpc_codes='x'", "'0-99'"),
    (
        "plain",
        lambda _: OidcAuthentication(**{**_fields(_oidc()), "issuer": "http://a"}),
        "OidcAuthentication.issuer='http://a'",
        "HTTPS",
    ),
    (
        "certificates",
        lambda stack: ListenerSettings(certificates=[_certificate(stack, str(n)) for n in range(25)]),
        "ListenerSettings.certificates has 25",
        "use at most 24",
    ),
]


def _fields(value: OidcAuthentication) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in fields(value)}


@pytest.mark.parametrize(("make", "wrong", "fix"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_work_is_refused(
    stack: cdk.Stack, make: Callable[[cdk.Stack], object], wrong: str, fix: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make(stack)
    assert wrong in str(caught.value)
    assert fix in str(caught.value)


def test_tokens_pass(stack: cdk.Stack) -> None:
    text = cdk.CfnParameter(stack, "Text").value_as_string
    PublicHttp(load_balancer=LoadBalancerSettings(name=text))
    assert Stickiness(duration=SECONDS(1), cookie_name=text).cookie_name == text
    assert OidcAuthentication(**{**_fields(_oidc()), "issuer": text}).issuer == text
    assert "oidc" not in repr(_oidc())


def test_a_name_is_taken_however_it_is_capitalized(stack: cdk.Stack) -> None:
    first, second = (PublicHttp(load_balancer=LoadBalancerSettings(name=name)) for name in ("Shop", "shop"))
    SharedLoadBalancer(stack, "One", ingress=first)
    with pytest.raises(ConfigurationError, match=r"LoadBalancerSettings\.name='shop' is already used by Stack/One"):
        SharedLoadBalancer(stack, "Two", ingress=second)


def test_peers_replace_both_worlds() -> None:
    template = _alone(
        lambda _: PublicHttp(
            allow_from=[ec2.Peer.ipv4("203.0.113.0/24")],
            load_balancer=LoadBalancerSettings(ip_address_type=elbv2.IpAddressType.DUAL_STACK),
        ),
    )
    assert "::/0" not in str(of_type(template, "AWS::EC2::SecurityGroup"))


def test_dual_stack_takes_a_vpc_with_both(stack: cdk.Stack) -> None:
    ingress = PublicHttp(load_balancer=LoadBalancerSettings(ip_address_type=elbv2.IpAddressType.DUAL_STACK))
    message = r"\[Stack/Web\] LoadBalancerSettings\.ip_address_type=DUAL"
    with pytest.raises(ConfigurationError, match=message):
        LoadBalancedFargateService(stack, "Web", container=AppContainer(NGINX, 80), ingress=ingress)
    with pytest.raises(ConfigurationError, match=message):
        SharedLoadBalancer(stack, "Web", ingress=ingress)
