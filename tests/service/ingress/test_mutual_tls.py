"""Certificates of clients, on the listener and on that of test traffic."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_s3 as s3

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    ConfigurationError,
    ListenerSettings,
    LoadBalancedFargateService,
    PublicHttps,
    SharedLoadBalancer,
    TestTrafficPort,
)
from tests.support.templates import of_type, template_of

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
MODE = elbv2.MutualAuthenticationMode
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"


def _store(stack: cdk.Stack) -> elbv2.TrustStore:
    return elbv2.TrustStore(stack, "Store", bucket=s3.Bucket(stack, "Bucket"), key="authorities.pem")


def _ingress(stack: cdk.Stack, mutual: elbv2.MutualAuthentication) -> PublicHttps:
    arn = "arn:aws:acm:eu-west-1:123456789012:certificate/one"
    certificate = acm.Certificate.from_certificate_arn(stack, "Certificate", arn)
    return PublicHttps(certificate=certificate, listener=ListenerSettings(mutual_authentication=mutual))


def _listeners(stack: cdk.Stack) -> dict[int, object]:
    found = of_type(template_of(stack), LISTENER).values()
    return {each["Properties"]["Port"]: each["Properties"].get("MutualAuthentication") for each in found}


@pytest.mark.parametrize("deployment", [None, BlueGreen(test_traffic=TestTrafficPort(port=8443))])
def test_the_clients_of_every_https_listener_need_a_certificate(deployment: BlueGreen | None) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    mutual = elbv2.MutualAuthentication(
        mutual_authentication_mode=MODE.VERIFY,
        trust_store=_store(stack),
        ignore_client_certificate_expiry=False,
        advertise_trust_store_ca_names=True,
    )
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80),
        ingress=_ingress(stack, mutual),
        deployment=deployment,
    )
    [store] = of_type(template_of(stack), "AWS::ElasticLoadBalancingV2::TrustStore")
    expected = {
        "Mode": "verify",
        "TrustStoreArn": {"Fn::GetAtt": [store, "TrustStoreArn"]},
        "IgnoreClientCertificateExpiry": False,
        "AdvertiseTrustStoreCaNames": "on",
    }
    wanted: dict[int, object] = {443: expected, 80: None}
    assert _listeners(stack) == (wanted if deployment is None else {**wanted, 8443: expected})


def test_a_shared_load_balancer_can_pass_certificates_through() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    mutual = elbv2.MutualAuthentication(mutual_authentication_mode=MODE.PASS_THROUGH)
    SharedLoadBalancer(stack, "Shared", ingress=_ingress(stack, mutual))
    assert _listeners(stack) == {443: {"Mode": "passthrough"}, 80: None}


def test_a_mode_that_contradicts_the_rest_is_refused() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    for mutual, wrong in (
        (elbv2.MutualAuthentication(mutual_authentication_mode=MODE.VERIFY), "VERIFY without a trust store"),
        (elbv2.MutualAuthentication(trust_store=_store(stack)), "has trust_store, which counts only"),
        (
            elbv2.MutualAuthentication(
                mutual_authentication_mode=MODE.PASS_THROUGH, ignore_client_certificate_expiry=True
            ),
            "has ignore_client_certificate_expiry, which counts only",
        ),
    ):
        with pytest.raises(ConfigurationError, match=wrong):
            ListenerSettings(mutual_authentication=mutual)
