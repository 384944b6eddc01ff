"""Ten apps in the shapes of other people's: what each has that a picture can get wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as patterns
from aws_cdk import aws_efs as efs
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_rds as rds
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_wafv2 as wafv2

from tests.tools.diagram.making import make_image, make_service
from tests.tools.diagram.more_shapes import (
    a_blue_green_service,
    a_long_pipeline,
    an_api_before_a_network_load_balancer,
    many_services,
    queues_and_functions,
    stacks_with_long_names,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from constructs import Construct

HEADER_VALUE = "My_random_value_58dsv15e4s31"
"""The value that only the CDN knows."""


def cdn_with_a_header(app: cdk.App) -> None:
    """A CDN before a public load balancer that asks for a header only the CDN knows, as deploy-streamlit-app."""
    stack = cdk.Stack(app, "StreamlitStack")
    vpc = ec2.Vpc(stack, "WebAppVpc", max_azs=2, nat_gateways=1)
    cluster = ecs.Cluster(stack, "WebAppCluster", vpc=vpc)
    service = make_service(stack, "WebAppService", cluster)
    group = ec2.SecurityGroup(stack, "AlbGroup", vpc=vpc)
    group.add_ingress_rule(ec2.Peer.prefix_list("pl-3b927c52"), ec2.Port.tcp(80))
    balancer = elb.ApplicationLoadBalancer(stack, "WebAppAlb", vpc=vpc, internet_facing=True, security_group=group)
    listener = balancer.add_listener("Http", port=80, open=False)
    listener.add_action("Denied", action=elb.ListenerAction.fixed_response(403))
    listener.add_targets(
        "Streamlit",
        priority=1,
        conditions=[elb.ListenerCondition.http_header("X-Custom-Header", [HEADER_VALUE])],
        port=80,
        targets=[service],
    )
    cloudfront.Distribution(
        stack,
        "CustomerFacingDistribution",
        default_behavior=cloudfront.BehaviorOptions(
            origin=origins.LoadBalancerV2Origin(balancer, custom_headers={"X-Custom-Header": HEADER_VALUE})
        ),
        web_acl_id=_acl(stack).attr_arn,
    )


def _acl(scope: Construct) -> wafv2.CfnWebACL:
    return wafv2.CfnWebACL(
        scope,
        "Firewall",
        scope="CLOUDFRONT",
        default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
        visibility_config=wafv2.CfnWebACL.VisibilityConfigProperty(
            cloud_watch_metrics_enabled=True, metric_name="acl", sampled_requests_enabled=True
        ),
    )


def stores_in_the_network(app: cdk.App) -> None:
    """A CDN with a VPC origin, Aurora, a cache and files, and services that know the CDN's name, as dify."""
    stack = cdk.Stack(app, "DifyOnAwsStack")
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2)
    cluster = ecs.Cluster(stack, "Cluster", vpc=vpc)
    database = rds.DatabaseCluster(
        stack,
        "Postgres",
        engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_16_4),
        vpc=vpc,
        writer=rds.ClusterInstance.serverless_v2("Writer"),
        readers=[rds.ClusterInstance.serverless_v2("Reader", scale_with_writer=True)],
    )
    subnets = elasticache.CfnSubnetGroup(
        stack, "RedisSubnets", description="cache", subnet_ids=[each.subnet_id for each in vpc.private_subnets]
    )
    cache = elasticache.CfnReplicationGroup(
        stack,
        "Redis",
        replication_group_description="cache",
        cache_subnet_group_name=subnets.ref,
        cache_node_type="cache.t4g.micro",
        engine="valkey",
    )
    files = efs.FileSystem(stack, "Plugins", vpc=vpc)
    bucket = s3.Bucket(stack, "StorageBucket", auto_delete_objects=True, removal_policy=cdk.RemovalPolicy.DESTROY)
    static = s3.Bucket(stack, "StaticFiles")
    balancer = elb.ApplicationLoadBalancer(stack, "Alb", vpc=vpc, internet_facing=False)
    origin = origins.VpcOrigin.with_application_load_balancer(balancer)
    site = cloudfront.Distribution(
        stack,
        "Cdn",
        default_behavior=cloudfront.BehaviorOptions(origin=origin),
        additional_behaviors={
            "/static/*": cloudfront.BehaviorOptions(origin=origins.S3BucketOrigin.with_origin_access_control(static))
        },
    )
    environment = {"URL": f"https://{site.domain_name}", "CACHE": cache.attr_primary_end_point_address}
    environment["DATABASE"] = database.cluster_endpoint.hostname
    listener = balancer.add_listener("Http", port=80)
    for number, name in enumerate(("Api", "Web", "Worker"), start=1):
        service = make_service(stack, name, cluster, environment=environment)
        bucket.grant_read_write(service.task_definition.task_role)
        if name == "Worker":
            service.task_definition.add_volume(
                name="plugins", efs_volume_configuration=ecs.EfsVolumeConfiguration(file_system_id=files.file_system_id)
            )
            continue
        group = elb.ApplicationTargetGroup(stack, f"{name}Targets", vpc=vpc, port=80, targets=[service])
        if name == "Api":
            conditions = [elb.ListenerCondition.path_patterns(["/console/api/*", "/api/*", "/v1/*", "/files/*"])]
            listener.add_action(
                name, priority=number, conditions=conditions, action=elb.ListenerAction.forward([group])
            )
        else:
            listener.add_action(name, action=elb.ListenerAction.forward([group]))


def files_and_a_database_of_another_network(app: cdk.App) -> None:
    """Everything in a VPC that another app made."""
    stack = cdk.Stack(app, "Wordpress")
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id="vpc-1",
        availability_zones=["eu-west-1a", "eu-west-1b"],
        public_subnet_ids=["subnet-1", "subnet-2"],
        public_subnet_route_table_ids=["rtb-1", "rtb-2"],
        private_subnet_ids=["subnet-3", "subnet-4"],
        private_subnet_route_table_ids=["rtb-3", "rtb-4"],
    )
    database = rds.DatabaseInstance(
        stack,
        "Database",
        engine=rds.DatabaseInstanceEngine.mysql(version=rds.MysqlEngineVersion.VER_8_4_3),
        vpc=vpc,
        instance_type=ec2.InstanceType("t4g.small"),
    )
    files = efs.FileSystem(stack, "Uploads", vpc=vpc)
    web = patterns.ApplicationLoadBalancedFargateService(
        stack,
        "Web",
        cluster=ecs.Cluster(stack, "Cluster", vpc=vpc),
        task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(
            image=make_image(), environment={"WORDPRESS_DB_HOST": database.db_instance_endpoint_address}
        ),
    )
    web.task_definition.add_volume(
        name="uploads", efs_volume_configuration=ecs.EfsVolumeConfiguration(file_system_id=files.file_system_id)
    )


def machines_behind_a_load_balancer(app: cdk.App) -> None:
    """Instances of a group behind a load balancer, a cluster on instances with its drain hook, and a bastion."""
    stack = cdk.Stack(app, "Machines")
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1)
    group = autoscaling.AutoScalingGroup(
        stack,
        "WebGroup",
        vpc=vpc,
        instance_type=ec2.InstanceType("t3.micro"),
        machine_image=ec2.MachineImage.latest_amazon_linux2023(),
    )
    balancer = elb.ApplicationLoadBalancer(stack, "Front", vpc=vpc, internet_facing=True)
    listener = balancer.add_listener("Http", port=80)
    listener.add_targets("Machines", port=80, targets=[group])
    cluster = ecs.Cluster(stack, "Cluster", vpc=vpc)
    cluster.add_capacity(
        "Capacity", instance_type=ec2.InstanceType("m5.large"), min_capacity=2, max_capacity=6, desired_capacity=3
    )
    task = ecs.Ec2TaskDefinition(stack, "Task")
    task.add_container(
        "worker", image=make_image(), memory_limit_mib=256, port_mappings=[ecs.PortMapping(container_port=80)]
    )
    service = ecs.Ec2Service(stack, "Worker", cluster=cluster, task_definition=task)
    listener.add_targets(
        "Service",
        priority=1,
        conditions=[
            elb.ListenerCondition.path_patterns(["/jobs/*"]),
            elb.ListenerCondition.query_strings([elb.QueryStringCondition(key="version", value="2")]),
        ],
        port=80,
        targets=[service],
    )
    ec2.BastionHostLinux(stack, "Bastion", vpc=vpc)


SHAPES: tuple[Callable[[cdk.App], None], ...] = (
    cdn_with_a_header,
    stores_in_the_network,
    files_and_a_database_of_another_network,
    machines_behind_a_load_balancer,
    queues_and_functions,
    a_long_pipeline,
    stacks_with_long_names,
    an_api_before_a_network_load_balancer,
    a_blue_green_service,
    many_services,
)


def write_shapes(folder: Path) -> None:
    """Synthesize each of them into a folder of its name."""
    for shape in SHAPES:
        app = cdk.App(outdir=str(folder / shape.__name__), analytics_reporting=False)
        shape(app)
        app.synth()
