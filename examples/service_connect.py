"""Two services that find each other: by Service Connect among themselves, by DNS from anything in the VPC."""

import aws_cdk as cdk
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    CloudMap,
    InternalHttp,
    LoadBalancedFargateService,
    PublicHttp,
    ServiceConnect,
)

NGINX = "public.ecr.aws/nginx/nginx:1.29"
WRITABLE = ("/var/cache/nginx", "/run")


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    orders = LoadBalancedFargateService(
        stack, "Orders", container=AppContainer(NGINX, 80, writable_paths=WRITABLE), ingress=InternalHttp()
    )
    web = LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80, environment={"ORDERS": "http://orders:80"}, writable_paths=WRITABLE),
        ingress=PublicHttp(),
    )
    namespace = cloudmap.PrivateDnsNamespace(stack, "Namespace", name="shop.internal", vpc=orders.vpc)
    orders.enable_service_connect(ServiceConnect(namespace=namespace, name="orders"))
    web.enable_service_connect(ServiceConnect(namespace=namespace, calls=[orders.service]))
    # Finding a service is not reaching it: the port is opened to those who may.
    orders.connections.allow_default_port_from(web)
    orders.enable_cloud_map(CloudMap(namespace=namespace, name="orders-tasks"))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
