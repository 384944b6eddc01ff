"""The app of ``test_discovery.py``: a server with two names, and clients that differ in one point each.

All of them listen on the port on which they call the server.
"""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import PrivateRepository

PORT = 8080

app = cdk.App()
stack = cdk.Stack(app, "Web")
image = PrivateRepository(stack, "Repo").build_and_push_image(Path(__file__).parent / "app").container_image
vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1)
other_vpc = ec2.Vpc(stack, "OtherVpc", max_azs=2, nat_gateways=1)
cluster = ecs.Cluster(stack, "Cluster", vpc=vpc, cluster_name="discovery")
other_cluster = ecs.Cluster(stack, "OtherCluster", vpc=other_vpc, cluster_name="elsewhere")
namespace = cloudmap.PrivateDnsNamespace(stack, "Namespace", name="shop.internal", vpc=vpc)


def service(name: str, where: ecs.Cluster = cluster, count: int = 1) -> ecs.FargateService:
    """Add a service of the sample."""
    definition = ecs.FargateTaskDefinition(stack, f"{name}Definition")
    definition.add_container("web", image=image, port_mappings=[ecs.PortMapping(name="web", container_port=PORT)])
    if name == "Client":  # its network is held by a container of its own
        command = ["python", "-c", "import time; time.sleep(900)"]
        definition.add_container("beside", image=image, command=command, stop_timeout=cdk.Duration.seconds(2))
    made = ecs.FargateService(
        stack, name, service_name=name, cluster=where, task_definition=definition, desired_count=count
    )
    made.node.add_dependency(where.vpc)  # with the routes that its tasks need
    return made


server = service("Orders", count=2)
server.enable_service_connect(
    namespace=namespace.namespace_name,
    services=[ecs.ServiceConnectService(port_mapping_name="web", dns_name="orders", port=PORT)],
)
server.enable_cloud_map(cloud_map_namespace=namespace, name="tasks")
for name, connects, admitted in (("Client", True, True), ("Unadmitted", True, False), ("Unconnected", False, True)):
    client = service(name)
    if connects:
        client.enable_service_connect(namespace=namespace.namespace_arn)
    if admitted:
        server.connections.allow_from(client, ec2.Port.tcp(PORT))
    client.node.add_dependency(server.node.default_child)
service("Elsewhere", other_cluster)
app.synth()
