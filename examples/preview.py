"""A shop, and its previews: ``ecr-fargate preview up pr-12`` deploys the app once more as ``pr-12.example.com``."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm

from ecr_fargate_constructs import (
    AppContainer,
    Preview,
    PreviewStack,
    PublicHttps,
    Route,
    RoutedFargateService,
    Scaling,
    SharedLoadBalancer,
    Wake,
)

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def build(app: cdk.App, preview: Preview | None = None) -> cdk.Stack:
    """Return the stack of the shop, or of its preview."""
    preview = preview or Preview.of(app)
    shared = cdk.Stack(app, "Previews")
    validation = acm.CertificateValidation.from_dns()
    certificate = acm.Certificate(shared, "Certificate", domain_name="*.example.com", validation=validation)
    balancer = SharedLoadBalancer(shared, "Balancer", ingress=PublicHttps(certificate=certificate))
    stack = cdk.Stack(app, "Shop") if preview is None else PreviewStack(app, "Shop", preview=preview)
    name = "shop" if preview is None else preview.name
    RoutedFargateService(
        stack,
        "Web",
        load_balancer=balancer,
        route=Route(host=f"{name}.example.com"),
        container=AppContainer(NGINX, 80, writable_paths=["/var/cache/nginx", "/run"]),
        scaling=None if preview is None else Scaling(min_capacity=0, max_capacity=1, wake=Wake()),
    )
    cdk.CfnOutput(stack, "Url", value=f"https://{name}.example.com/")
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
