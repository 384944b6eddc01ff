"""Services behind one load balancer that call each other with access tokens, under paths that it rewrites."""

import aws_cdk as cdk
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3

from ecr_fargate_constructs import (
    AppContainer,
    JwtClaim,
    JwtClaimFormat,
    JwtValidation,
    ListenerSettings,
    LoadBalancerSettings,
    PublicHttps,
    Redirect,
    Rewrite,
    Route,
    RoutedFargateService,
    SharedLoadBalancer,
)

NGINX = "public.ecr.aws/nginx/nginx:1.29"
ISSUER = "https://id.example.com"


def container() -> AppContainer:
    return AppContainer(NGINX, 80, writable_paths=["/var/cache/nginx", "/run"])


def bucket(stack: cdk.Stack, construct_id: str, reason: str) -> s3.Bucket:
    made = s3.Bucket(
        stack,
        construct_id,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )
    cdk.Validations.of(made).acknowledge(cdk.Acknowledgment(id="AwsSolutions::AwsSolutions-S1", reason=reason))
    return made


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "AccessTokens", env=cdk.Environment(region="eu-west-1"))
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z0123456789EXAMPLE", zone_name="example.com"
    )
    logs = bucket(stack, "Logs", "An example: it holds logs itself, and who reads them is logged by CloudTrail.")
    authorities = bucket(
        stack, "Authorities", "An example: it holds public certificates, which the trust store has read once."
    )
    partners = elbv2.TrustStore(stack, "Partners", bucket=authorities, key="partners.pem")
    shared = SharedLoadBalancer(
        stack,
        "Shared",
        ingress=PublicHttps(
            domain_name="api.example.com",
            hosted_zone=zone,
            access_logs=logs,
            listener=ListenerSettings(
                mutual_authentication=elbv2.MutualAuthentication(
                    mutual_authentication_mode=elbv2.MutualAuthenticationMode.VERIFY, trust_store=partners
                )
            ),
            load_balancer=LoadBalancerSettings(connection_logs=logs, health_check_logs=logs, zonal_shift=True),
        ),
    )
    orders = JwtValidation(
        issuer=ISSUER,
        jwks_endpoint=f"{ISSUER}/.well-known/jwks.json",
        claims=[JwtClaim("scope", ["orders.read", "orders.write"], JwtClaimFormat.SPACE_SEPARATED_VALUES)],
    )
    RoutedFargateService(
        stack,
        "Orders",
        load_balancer=shared,
        route=Route(path="/orders/*", url_rewrite=Rewrite("^/orders/(.*)$", "/$1"), authentication=orders),
        container=container(),
    )
    RoutedFargateService(
        stack,
        "Stock",
        load_balancer=shared,
        route=Route(path="/stock/*", host_header_rewrite=Rewrite("^.*$", "stock.internal")),
        container=container(),
    )
    shared.add_response("Moved", Route(path="/v1/*"), Redirect(path="/orders/#{path}", query="from=#{host}&#{query}"))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
