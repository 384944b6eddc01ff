"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_secretsmanager as secretsmanager

from ecr_fargate_constructs import (
    AppContainer,
    PrivateRepository,
    PublicHttps,
    Route,
    RoutedFargateService,
    SharedLoadBalancer,
    Sidecar,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Rules")
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z0873220N255IR3MTNR4", zone_name="example.com"
    )
    shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttps(domain_name="shop.example.com", hosted_zone=zone))

    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image("./rules")
    rules_envoy_registry = secretsmanager.Secret.from_secret_complete_arn(
        stack, "RulesEnvoyRegistry", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:registry-AbCdEf"
    )
    rules = RoutedFargateService(
        stack,
        "Rules",
        load_balancer=shared,
        route=Route(path=["/shop", "/shop/*"], host="shop.example.com"),
        container=AppContainer(
            image, 8083, environment={"COPILOT_SERVICE_NAME": "rules"}, readonly_root_filesystem=False
        ),
        sidecars=[
            Sidecar(
                "envoy",
                ecs.ContainerImage.from_registry(
                    "public.ecr.aws/docker/library/nginx:1.29", credentials=rules_envoy_registry
                ),
                ports=[80],
                environment={"COPILOT_SERVICE_NAME": "rules"},
                readonly_root_filesystem=False,
            ),
        ],
    )
    rules.container.add_environment("COPILOT_LB_DNS", shared.load_balancer.load_balancer_dns_name)
    rules.container.add_port_mappings(ecs.PortMapping(container_port=8080))
    rules.add_route("RouteAdmin", Route(path=["/admin", "/admin/*"], host="shop.example.com"))
    rules.add_route("RouteReports", Route(path=["/reports", "/reports/*"], host="shop.example.com"))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
