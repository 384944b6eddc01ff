"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    LoadBalancedFargateService,
    PublicHttp,
    ServiceConnect,
    WorkerContainer,
    WorkerService,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="shop")

    api = LoadBalancedFargateService(
        stack,
        "Api",
        container=AppContainer("public.ecr.aws/docker/library/node:22", 8080, readonly_root_filesystem=False),
        ingress=PublicHttp(),
    )
    api.container.add_port_mappings(
        ecs.PortMapping(container_port=9000, name="web-9000"), ecs.PortMapping(container_port=9464, name="web-9464")
    )
    api.service.enable_service_connect(
        namespace=namespace.namespace_arn,
        services=[
            ecs.ServiceConnectService(port_mapping_name="web", discovery_name="api", dns_name="api"),
            ecs.ServiceConnectService(port_mapping_name="web-9000", discovery_name="api-9000", dns_name="api"),
            ecs.ServiceConnectService(port_mapping_name="web-9464", discovery_name="api-9464", dns_name="api"),
        ],
    )

    admin = WorkerService(
        stack,
        "Admin",
        container=WorkerContainer(
            "public.ecr.aws/docker/library/node:22",
            environment={"API": "http://api:9000", "METRICS": "api:9464"},
            readonly_root_filesystem=False,
        ),
        desired_count=1,
    )
    admin.enable_service_connect(ServiceConnect(namespace=namespace, calls=[api.service]))

    api.connections.allow_from(admin, ec2.Port.tcp(8080))
    api.connections.allow_from(admin, ec2.Port.tcp(9000))
    api.connections.allow_from(admin, ec2.Port.tcp(9464))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
