"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import AppContainer, InternalHttp, LoadBalancedFargateService, PublicHttp, ServiceConnect


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="shop")

    intranet = LoadBalancedFargateService(
        stack,
        "Intranet",
        container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 8080, readonly_root_filesystem=False),
        ingress=InternalHttp(),
    )
    intranet.enable_service_connect(ServiceConnect(namespace=namespace, name="intranet"))

    open_2 = LoadBalancedFargateService(
        stack,
        "Open",
        container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 8080, readonly_root_filesystem=False),
        ingress=PublicHttp(),
    )
    open_2.container.add_port_mappings(ecs.PortMapping(container_port=9000, name="web-9000"))
    open_2.service.enable_service_connect(
        namespace=namespace.namespace_arn,
        services=[
            ecs.ServiceConnectService(port_mapping_name="web", discovery_name="open", dns_name="open"),
            ecs.ServiceConnectService(port_mapping_name="web-9000", discovery_name="open-9000", dns_name="open"),
        ],
    )

    intranet.connections.allow_from(open_2, ec2.Port.tcp(8080))
    open_2.connections.allow_from(intranet, ec2.Port.tcp(8080))
    open_2.connections.allow_from(intranet, ec2.Port.tcp(9000))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
