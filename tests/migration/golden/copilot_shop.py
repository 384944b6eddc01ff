"""Made from Copilot manifests by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    InternalHttp,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
    Route,
    RoutedFargateService,
    Scaling,
    ServiceConnect,
    SharedLoadBalancer,
    Sidecar,
    TargetHealthCheck,
    Targets,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="shop")
    shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp())

    web_repository = PrivateRepository(stack, "WebRepository")
    web_image = web_repository.build_and_push_image("./web")
    web = RoutedFargateService(
        stack,
        "Web",
        load_balancer=shared,
        route=Route(path="/*"),
        container=AppContainer(web_image, 3000, readonly_root_filesystem=False),
        scaling=Scaling(min_capacity=2, max_capacity=2),
    )
    web.enable_service_connect(ServiceConnect(namespace=namespace, name="web"))

    orders_repository = PrivateRepository(stack, "OrdersRepository")
    orders_image = orders_repository.build_and_push_image("./orders")
    orders = RoutedFargateService(
        stack,
        "Orders",
        load_balancer=shared,
        route=Route(path=["/api/orders", "/api/orders/*"]),
        container=AppContainer(orders_image, 8080, readonly_root_filesystem=False),
        targets=Targets(
            health_check=TargetHealthCheck(path="/api/orders/health"), deregistration_delay=cdk.Duration.seconds(20)
        ),
        scaling=Scaling(min_capacity=2, max_capacity=6, cpu_percent=60),
    )
    orders.enable_service_connect(ServiceConnect(namespace=namespace, name="orders"))
    orders.add_route("RouteApiReturns", Route(path=["/api/returns", "/api/returns/*"]))

    audit_repository = PrivateRepository(stack, "AuditRepository")
    audit_image = audit_repository.build_and_push_image("./gate")
    audit_image_2 = audit_repository.build_and_push_image("./audit", id="AuditImage")
    LoadBalancedFargateService(
        stack,
        "Audit",
        container=AppContainer(
            audit_image,
            8443,
            readonly_root_filesystem=False,
            depends_on={"audit": ecs.ContainerDependencyCondition.START},
        ),
        sidecars=[Sidecar("audit", audit_image_2, ports=[9000], readonly_root_filesystem=False)],
        desired_count=2,
        ingress=InternalHttp(),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
