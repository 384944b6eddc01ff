"""HTTPS with a domain of your own, sign-in, a WAF, access logs and sticky sessions."""

import aws_cdk as cdk
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3

from ecr_fargate_constructs import (
    AppContainer,
    ListenerSettings,
    LoadBalancedFargateService,
    LoadBalancerSettings,
    OidcAuthentication,
    PublicHttps,
    Stickiness,
    TargetGroupSettings,
)

NGINX = "public.ecr.aws/nginx/nginx:1.29"
WEB_ACL = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/shop/a1b2c3d4-5678-90ab-cdef-111111111111"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Https", env=cdk.Environment(region="eu-west-1"))
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z0123456789EXAMPLE", zone_name="example.com"
    )
    logs = s3.Bucket(
        stack,
        "AccessLogs",
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )
    reason = (
        "An example: it holds access logs itself, and who reads them is logged by CloudTrail where that is asked for."
    )
    cdk.Validations.of(logs).acknowledge(cdk.Acknowledgment(id="AwsSolutions::AwsSolutions-S1", reason=reason))
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80, writable_paths=["/var/cache/nginx", "/run"]),
        ingress=PublicHttps(
            domain_name="shop.example.com",
            hosted_zone=zone,
            access_logs=logs,
            web_acl=WEB_ACL,
            listener=ListenerSettings(
                authentication=OidcAuthentication(
                    issuer="https://id.example.com",
                    authorization_endpoint="https://id.example.com/authorize",
                    token_endpoint="https://id.example.com/token",  # noqa: S106 - an address
                    user_info_endpoint="https://id.example.com/userinfo",
                    client_id="shop",
                    client_secret=cdk.SecretValue.secrets_manager("shop/oidc"),
                ),
                response_headers={"Strict-Transport-Security": "max-age=31536000"},
            ),
            load_balancer=LoadBalancerSettings(client_keep_alive=cdk.Duration.minutes(10)),
            target_group=TargetGroupSettings(
                algorithm=elbv2.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
                stickiness=Stickiness(duration=cdk.Duration.hours(1)),
            ),
        ),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
