"""The ways in."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_route53 as route53

from ecr_fargate_constructs import (
    AppContainer,
    InternalHttp,
    InternalHttps,
    LoadBalancedFargateService,
    PublicHttp,
    PublicHttps,
    TargetHealthCheck,
)
from ecr_fargate_constructs.service.ingress.values import Ingress
from tests.support.templates import attributes, of_type, only, template_of

pytestmark = pytest.mark.integration

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"


def _stack(make: Any) -> tuple[cdk.Stack, LoadBalancedFargateService]:  # noqa: ANN401 - a way in, or its maker
    stack = cdk.Stack(cdk.App(), "Stack")
    ingress = make(stack) if callable(make) else make
    container = AppContainer("public.ecr.aws/nginx/nginx:1.29", 8080)
    return stack, LoadBalancedFargateService(stack, "Web", container=container, ingress=ingress)


def _build(make: Any) -> dict[str, Any]:  # noqa: ANN401 - a way in, or its maker
    return template_of(_stack(make)[0])


def _certificate(stack: cdk.Stack) -> acm.ICertificate:
    return acm.Certificate.from_certificate_arn(stack, "Certificate", CERTIFICATE)


def _domain(stack: cdk.Stack) -> PublicHttps:
    zone = route53.HostedZone.from_hosted_zone_attributes(stack, "Zone", hosted_zone_id="Z1", zone_name="example.com")
    return PublicHttps(domain_name="shop.example.com", hosted_zone=zone)


@pytest.fixture(scope="module")
def public() -> dict[str, Any]:
    return _build(PublicHttp())


@pytest.fixture(scope="module")
def https() -> dict[str, Any]:
    return _build(_domain)


def test_health_is_checked_quickly_and_explicitly(public: dict[str, Any]) -> None:
    """Row 14."""
    properties = only(public, "AWS::ElasticLoadBalancingV2::TargetGroup")["Properties"]
    assert properties["HealthCheckEnabled"] is True
    assert (properties["HealthCheckIntervalSeconds"], properties["HealthCheckTimeoutSeconds"]) == (10, 5)
    assert (properties["HealthyThresholdCount"], properties["UnhealthyThresholdCount"]) == (2, 3)
    assert (properties["HealthCheckPath"], properties["Matcher"]) == ("/", {"HttpCode": "200-299"})
    assert properties["HealthCheckPort"] == "traffic-port"


def test_draining_takes_30_seconds(public: dict[str, Any]) -> None:
    """Row 12."""
    target = only(public, "AWS::ElasticLoadBalancingV2::TargetGroup")
    assert attributes(target, "TargetGroupAttributes")["deregistration_delay.timeout_seconds"] == "30"


def test_a_health_check_port_of_its_own_is_reachable() -> None:
    """Row 16."""
    template = _build(PublicHttp(health_check=TargetHealthCheck(port=9000, path="/healthz")))
    assert only(template, "AWS::ElasticLoadBalancingV2::TargetGroup")["Properties"]["HealthCheckPort"] == "9000"
    assert _ports(template, "AWS::EC2::SecurityGroupIngress") == {8080, 9000}
    assert _ports(template, "AWS::EC2::SecurityGroupEgress") == {8080, 9000}


def test_the_load_balancer_opens_its_port_and_tasks_only_to_it(public: dict[str, Any]) -> None:
    """Row 28."""
    groups = of_type(public, "AWS::EC2::SecurityGroup")
    open_groups = [group["Properties"]["SecurityGroupIngress"] for group in groups.values() if _open(group)]
    assert [[rule["FromPort"] for rule in rules] for rules in open_groups] == [[80]]
    [rule] = of_type(public, "AWS::EC2::SecurityGroupIngress").values()
    assert rule["Properties"]["FromPort"] == rule["Properties"]["ToPort"] == 8080
    assert "LBSecurityGroup" in str(rule["Properties"]["SourceSecurityGroupId"])


def test_the_load_balancer_drops_malformed_requests(public: dict[str, Any]) -> None:
    """Row 29."""
    found = attributes(only(public, "AWS::ElasticLoadBalancingV2::LoadBalancer"), "LoadBalancerAttributes")
    assert found["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert found["routing.http.desync_mitigation_mode"] == "defensive"
    assert found["idle_timeout.timeout_seconds"] == "60"


def test_https_redirects_http_and_speaks_modern_tls(https: dict[str, Any]) -> None:
    """Row 29."""
    listeners = {
        item["Properties"]["Port"]: item["Properties"]
        for item in of_type(https, "AWS::ElasticLoadBalancingV2::Listener").values()
    }
    assert set(listeners) == {80, 443}
    assert listeners[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    [action] = listeners[80]["DefaultActions"]
    assert action["RedirectConfig"] == {"Port": "443", "Protocol": "HTTPS", "StatusCode": "HTTP_301"}


def test_a_domain_gets_a_certificate_and_a_record(https: dict[str, Any]) -> None:
    assert only(https, "AWS::CertificateManager::Certificate")["Properties"]["DomainName"] == "shop.example.com"
    record = only(https, "AWS::Route53::RecordSet")["Properties"]
    assert (record["Name"], record["Type"]) == ("shop.example.com.", "A")


def test_a_certificate_alone_is_enough() -> None:
    template = _build(lambda stack: PublicHttps(certificate=_certificate(stack)))
    assert not of_type(template, "AWS::CertificateManager::Certificate")
    assert not of_type(template, "AWS::Route53::RecordSet")
    listeners = of_type(template, "AWS::ElasticLoadBalancingV2::Listener").values()
    assert any(CERTIFICATE in str(item["Properties"].get("Certificates")) for item in listeners)


def test_public_and_internal_share_no_id() -> None:
    """Row 31: a switch of the scheme must not hand a target group from one load balancer to another."""
    kinds = ("LoadBalancer", "Listener", "TargetGroup")
    public, internal = (_build(way) for way in (PublicHttp(), InternalHttp()))
    for kind in kinds:
        name = f"AWS::ElasticLoadBalancingV2::{kind}"
        assert not of_type(public, name).keys() & of_type(internal, name).keys()
    schemes = [
        only(template, "AWS::ElasticLoadBalancingV2::LoadBalancer")["Properties"]["Scheme"]
        for template in (public, internal)
    ]
    assert schemes == ["internet-facing", "internal"]


@pytest.mark.parametrize("way", [InternalHttp(), lambda stack: InternalHttps(certificate=_certificate(stack))])
def test_internal_is_open_to_the_vpc_alone(way: Any) -> None:  # noqa: ANN401 - a way in, or its maker
    template = _build(way)
    for group in of_type(template, "AWS::EC2::SecurityGroup").values():
        for rule in group["Properties"].get("SecurityGroupIngress", []):
            assert "CidrBlock" in str(rule["CidrIp"])


def test_peers_replace_the_world() -> None:
    template = _build(PublicHttp(allow_from=[ec2.Peer.ipv4("203.0.113.0/24"), ec2.Peer.prefix_list("pl-1")]))
    text = str(of_type(template, "AWS::EC2::SecurityGroup")) + str(of_type(template, "AWS::EC2::SecurityGroupIngress"))
    assert "203.0.113.0/24" in text
    assert "pl-1" in text
    assert not any(_open(group) for group in of_type(template, "AWS::EC2::SecurityGroup").values())


@pytest.mark.parametrize(
    ("way", "url"), [(_domain, "https://shop.example.com"), (PublicHttp(), "http://"), (InternalHttp(), "http://")]
)
def test_the_url_says_where_the_service_answers(way: Any, url: str) -> None:  # noqa: ANN401 - a way in, or its maker
    stack, service = _stack(way)
    assert str(stack.resolve(service.url)).find(url) >= 0


def test_plain_http_warns_when_nobody_asked_for_it() -> None:
    for ingress, expected in ((None, 1), (PublicHttp(), 0)):
        stack, _ = _stack(ingress)
        found = cdk.assertions.Annotations.from_stack(stack).find_warning("*", cdk.assertions.Match.any_value())
        assert len([w for w in found if "ecr-fargate-constructs:plainHttp" in str(w.entry.data)]) == expected


def test_the_union_names_the_four_ways() -> None:
    assert set(Ingress.__args__) == {PublicHttp, PublicHttps, InternalHttp, InternalHttps}


def _open(group: dict[str, Any]) -> bool:
    return any(rule.get("CidrIp") == "0.0.0.0/0" for rule in group["Properties"].get("SecurityGroupIngress", []))


def _ports(template: dict[str, Any], kind: str) -> set[int]:
    return {rule["Properties"]["FromPort"] for rule in of_type(template, kind).values()}


def test_the_address_of_a_wildcard_is_one_of_its_names(stack: cdk.Stack) -> None:
    zone = route53.HostedZone.from_hosted_zone_attributes(stack, "Zone", hosted_zone_id="Z1", zone_name="example.com")
    service = LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 80),
        ingress=PublicHttps(domain_name="*.example.com", hosted_zone=zone),
    )
    assert service.url == "https://www.example.com"
