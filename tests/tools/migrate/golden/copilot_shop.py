"""Made from Copilot manifests by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    CloudMap,
    InternalHttp,
    LoadBalancedFargateService,
    Network,
    PrivateRepository,
    PublicHttp,
    Route,
    RoutedFargateService,
    Scaling,
    ServiceConnect,
    SharedLoadBalancer,
    Sidecar,
    TargetHealthCheck,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="shop")
    discovery = cloudmap.PrivateDnsNamespace(stack, "Discovery", name="shop.local", vpc=network.vpc)
    shared = SharedLoadBalancer(stack, "Shared", vpc=network.vpc, ingress=PublicHttp())

    web_repository = PrivateRepository(stack, "WebRepository")
    web_image = web_repository.build_and_push_image("./web")
    web = RoutedFargateService(
        stack,
        "Web",
        load_balancer=shared,
        route=Route(path="/*"),
        container=AppContainer(
            web_image,
            3000,
            environment={
                "COPILOT_SERVICE_NAME": "web",
                "COPILOT_APPLICATION_NAME": "shop",
                "COPILOT_SERVICE_DISCOVERY_ENDPOINT": "shop.local",
            },
            readonly_root_filesystem=False,
        ),
        cluster=cluster,
        desired_count=2,
    )
    web.container.add_environment("COPILOT_LB_DNS", shared.load_balancer.load_balancer_dns_name)
    web.enable_cloud_map(CloudMap(namespace=discovery, name="web"))
    web.enable_service_connect(ServiceConnect(namespace=namespace, name="web"))

    orders_repository = PrivateRepository(stack, "OrdersRepository")
    orders_image = orders_repository.build_and_push_image("./orders")
    orders = RoutedFargateService(
        stack,
        "Orders",
        load_balancer=shared,
        route=Route(path=["/api/orders", "/api/orders/*"]),
        container=AppContainer(
            orders_image,
            8080,
            environment={
                "COPILOT_SERVICE_NAME": "orders",
                "COPILOT_APPLICATION_NAME": "shop",
                "COPILOT_SERVICE_DISCOVERY_ENDPOINT": "shop.local",
            },
            readonly_root_filesystem=False,
        ),
        cluster=cluster,
        health_check=TargetHealthCheck(path="/api/orders/health"),
        deregistration_delay=cdk.Duration.seconds(20),
        scaling=Scaling(min_capacity=2, max_capacity=6, cpu_percent=60),
    )
    orders.container.add_environment("COPILOT_LB_DNS", shared.load_balancer.load_balancer_dns_name)
    orders.enable_cloud_map(CloudMap(namespace=discovery, name="orders"))
    orders.enable_service_connect(ServiceConnect(namespace=namespace, name="orders"))
    orders.add_route("RouteApiReturns", Route(path=["/api/returns", "/api/returns/*"]))

    audit_repository = PrivateRepository(stack, "AuditRepository")
    audit_image = audit_repository.build_and_push_image("./gate")
    audit_image_2 = audit_repository.build_and_push_image("./audit", id="AuditImage")
    audit = LoadBalancedFargateService(
        stack,
        "Audit",
        container=AppContainer(
            audit_image,
            8443,
            environment={
                "COPILOT_SERVICE_NAME": "audit",
                "COPILOT_APPLICATION_NAME": "shop",
                "COPILOT_SERVICE_DISCOVERY_ENDPOINT": "shop.local",
            },
            readonly_root_filesystem=False,
            depends_on={"audit": ecs.ContainerDependencyCondition.START},
        ),
        sidecars=[
            Sidecar(
                "audit",
                audit_image_2,
                ports=[9000],
                environment={
                    "COPILOT_SERVICE_NAME": "audit",
                    "COPILOT_APPLICATION_NAME": "shop",
                    "COPILOT_SERVICE_DISCOVERY_ENDPOINT": "shop.local",
                },
                readonly_root_filesystem=False,
            ),
        ],
        cluster=cluster,
        desired_count=2,
        ingress=InternalHttp(),
    )
    audit.enable_cloud_map(CloudMap(namespace=discovery, name="audit"))

    environment_network = ec2.Connections(
        security_groups=[
            *web.connections.security_groups,
            *orders.connections.security_groups,
            *audit.connections.security_groups,
        ],
    )
    web.connections.allow_from(environment_network, ec2.Port.tcp(3000))
    orders.connections.allow_from(environment_network, ec2.Port.tcp(8080))
    audit.connections.allow_from(environment_network, ec2.Port.tcp(8443))
    audit.connections.allow_from(environment_network, ec2.Port.tcp(9000))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
