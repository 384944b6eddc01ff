"""Hosts behind a shared load balancer, and the names that its certificate is for."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53

from ecr_fargate_constructs import AppContainer, PublicHttps, Route, RoutedFargateService, SharedLoadBalancer
from tests.support.templates import only, template_of

pytestmark = pytest.mark.integration

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"


def _warned(stack: cdk.Stack, ingress: PublicHttps, host: str | list[str]) -> list[str]:
    """Where hosts were warned of."""
    shared = SharedLoadBalancer(stack, "Shared", ingress=ingress)
    container = AppContainer("public.ecr.aws/nginx/nginx:1.29", 8080)
    RoutedFargateService(stack, "Api", load_balancer=shared, route=Route(host=host), container=container)
    return [
        child.node.path
        for child in stack.node.find_all()
        for entry in child.node.metadata
        if "ecr-fargate-constructs:hostWithoutCertificate" in str(entry.data)
    ]


@pytest.mark.parametrize(
    ("domain", "host", "warned"),
    [
        ("example.com", "example.com", []),
        ("example.com.", "example.com", []),
        ("example.com", "admin.example.com", ["Stack/Api"]),
        ("example.com", ["example.com", "admin.example.org"], ["Stack/Api"]),
        ("*.example.com", "admin.example.com", []),
        ("*.example.com", "*.example.com", []),
        ("*.example.com", "a.b.example.com", ["Stack/Api"]),
        ("*.example.com", "example.com", ["Stack/Api"]),
    ],
)
def test_a_host_without_certificate_and_record_is_warned_of(
    domain: str, host: str | list[str], warned: list[str]
) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    zone = route53.HostedZone.from_hosted_zone_attributes(stack, "Zone", hosted_zone_id="Z1", zone_name="example.com")
    assert _warned(stack, PublicHttps(domain_name=domain, hosted_zone=zone), host) == warned
    certificate = only(template_of(stack), "AWS::CertificateManager::Certificate")["Properties"]
    assert certificate["DomainName"] == domain.rstrip(".")


def test_nothing_is_known_of_a_certificate_that_is_given() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    certificate = acm.Certificate.from_certificate_arn(stack, "Certificate", CERTIFICATE)
    assert not _warned(stack, PublicHttps(certificate=certificate), "api.example.com")
