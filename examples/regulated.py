"""A service for auditors: your own keys, logs of everything for a year, a WAF, and six rule packs that check it."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_ssm as ssm

from ecr_fargate_constructs import EcrFargateService, Posture, PublicHttps, compliance

APP = Path(__file__).parent.parent / "app"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Regulated")
    Posture.REGULATED.apply_to(stack)  # or "ecr-fargate-constructs:posture": "REGULATED" in cdk.json, for all stacks
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z0123456789EXAMPLE", zone_name="example.com"
    )
    web = EcrFargateService(
        stack,
        "Web",
        directory=APP,
        container_port=8080,
        ingress=PublicHttps(domain_name="shop.example.com", hosted_zone=zone),
    )
    # You protect what you create yourself; the packs check it too.
    prices = ssm.StringParameter(stack, "Prices", string_value="{}")
    prices.grant_read(web)
    compliance.enable(app, packs=compliance.ALL_PACKS)
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
