"""Ten apps in the shapes of other people's: what each has that a picture can get wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_apigatewayv2 as http
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as patterns
from aws_cdk import aws_efs as efs
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_elasticloadbalancingv2_targets as targets
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as event_targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambdas
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_wafv2 as wafv2
from aws_cdk import custom_resources as custom

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from constructs import Construct

HEADER_VALUE = "My_random_value_58dsv15e4s31"
"""The value that only the CDN knows."""

_ACTIVE_ACTIVE = 24


def _image() -> ecs.ContainerImage:
    return ecs.ContainerImage.from_registry("public.ecr.aws/nginx/nginx:1.29")


def _function(scope: Construct, name: str, **more: object) -> lambdas.Function:
    return lambdas.Function(
        scope,
        name,
        runtime=lambdas.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambdas.Code.from_inline("def handler(event, context): return {}"),
        **more,  # type: ignore[arg-type]
    )


def _service(
    scope: Construct, name: str, cluster: ecs.ICluster, *, environment: dict[str, str] | None = None, **more: object
) -> ecs.FargateService:
    task = ecs.FargateTaskDefinition(scope, f"{name}Task", cpu=512, memory_limit_mib=1024)
    task.add_container(
        "web",
        image=_image(),
        environment=environment,
        port_mappings=[ecs.PortMapping(container_port=80)],
        logging=ecs.LogDrivers.aws_logs(stream_prefix=name),
    )
    return ecs.FargateService(scope, name, cluster=cluster, task_definition=task, **more)  # type: ignore[arg-type]


def cdn_with_a_header(app: cdk.App) -> None:
    """A CDN before a public load balancer that asks for a header only the CDN knows, as deploy-streamlit-app."""
    stack = cdk.Stack(app, "StreamlitStack")
    vpc = ec2.Vpc(stack, "WebAppVpc", max_azs=2, nat_gateways=1)
    cluster = ecs.Cluster(stack, "WebAppCluster", vpc=vpc)
    service = _service(stack, "WebAppService", cluster)
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
        service = _service(stack, name, cluster, environment=environment)
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
            image=_image(), environment={"WORDPRESS_DB_HOST": database.db_instance_endpoint_address}
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
        "worker", image=_image(), memory_limit_mib=256, port_mappings=[ecs.PortMapping(container_port=80)]
    )
    service = ecs.Ec2Service(stack, "Worker", cluster=cluster, task_definition=task)
    listener.add_targets(
        "Service",
        priority=1,
        conditions=[
            elb.ListenerCondition.path_patterns(["/work/*"]),
            elb.ListenerCondition.query_strings([elb.QueryStringCondition(key="version", value="2")]),
        ],
        port=80,
        targets=[service],
    )
    ec2.BastionHostLinux(stack, "Bastion", vpc=vpc)


def queues_and_functions(app: cdk.App) -> None:
    """A queue worker, functions behind an API, and the functions that CDK adds for its own work."""
    stack = cdk.Stack(app, "Orders")
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1)
    worker = patterns.QueueProcessingFargateService(stack, "Worker", vpc=vpc, image=_image())
    topic = sns.Topic(stack, "Events")
    queue = sqs.Queue(stack, "Mails", enforce_ssl=True)
    table = dynamodb.TableV2(
        stack, "Table", partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
    )
    table.grant_read_write_data(worker.task_definition.task_role)
    mailer = _function(stack, "Mailer", log_retention=logs.RetentionDays.ONE_WEEK)
    mailer.add_event_source(sources.SqsEventSource(queue))
    api = apigateway.RestApi(stack, "Api")
    api.root.add_resource("orders").add_method(
        "POST", apigateway.LambdaIntegration(_function(stack, "Handler", vpc=vpc))
    )
    bucket = s3.Bucket(stack, "Uploads", auto_delete_objects=True, removal_policy=cdk.RemovalPolicy.DESTROY)
    bucket.add_event_notification(s3.EventType.OBJECT_CREATED, notifications.SnsDestination(topic))
    custom.AwsCustomResource(
        stack,
        "Lookup",
        on_create=custom.AwsSdkCall(
            service="ECS", action="listClusters", physical_resource_id=custom.PhysicalResourceId.of("one")
        ),
        policy=custom.AwsCustomResourcePolicy.from_sdk_calls(resources=["*"]),
    )
    provider = custom.Provider(stack, "Migrations", on_event_handler=_function(stack, "Migrate"))
    cdk.CustomResource(stack, "Migration", service_token=provider.service_token)


def a_long_pipeline(app: cdk.App) -> None:
    """Eighty boxes: pipelines, projects, functions, and their buckets and keys, as ts-codepipeline-ecs-lambda."""
    stack = cdk.Stack(app, "PipelineStack")
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1)
    cluster = ecs.Cluster(stack, "Cluster", vpc=vpc)
    for number in range(6):
        web = patterns.ApplicationLoadBalancedFargateService(
            stack,
            f"Web{number}",
            cluster=cluster,
            task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(image=_image()),
        )
        source, built = codepipeline.Artifact(), codepipeline.Artifact()
        line = codepipeline.Pipeline(stack, f"Pipeline{number}", cross_account_keys=True)
        bucket = s3.Bucket(stack, f"Source{number}", versioned=True)
        line.add_stage(
            stage_name="Source",
            actions=[actions.S3SourceAction(action_name="S3", bucket=bucket, bucket_key="source.zip", output=source)],
        )
        line.add_stage(
            stage_name="Test",
            actions=[
                actions.LambdaInvokeAction(
                    action_name="Test", lambda_=_function(stack, f"Test{number}"), inputs=[source], outputs=[built]
                )
            ],
        )
        line.add_stage(
            stage_name="Deploy",
            actions=[actions.EcsDeployAction(action_name="Ecs", service=web.service, input=built)],
        )
        rule = events.Rule(stack, f"Nightly{number}", schedule=events.Schedule.rate(cdk.Duration.days(1)))
        rule.add_target(event_targets.LambdaFunction(_function(stack, f"CleanUp{number}")))
        sqs.Queue(stack, f"Failures{number}")
        sns.Topic(stack, f"Approvals{number}")
        table = dynamodb.TableV2(
            stack, f"Runs{number}", partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
        )
        table.grant_read_data(web.task_definition.task_role)


def stacks_with_long_names(app: cdk.App) -> None:
    """Several stacks whose names do not fit on a line, and constructs with names that do not either."""
    names = [f"Organisation{part}ProductionEnvironmentStack" for part in ("Network", "Platform", "Orders", "Billing")]
    network = cdk.Stack(app, names[0])
    vpc = ec2.Vpc(network, "OrganisationProductionNetwork", max_azs=3)
    platform = cdk.Stack(app, names[1])
    cluster = ecs.Cluster(platform, "Cluster", vpc=vpc)
    balancer = elb.ApplicationLoadBalancer(platform, "SharedApplicationLoadBalancer", vpc=vpc, internet_facing=True)
    listener = balancer.add_listener("Http", port=80)
    listener.add_action("None", action=elb.ListenerAction.fixed_response(404))
    for number, name in enumerate(names[2:], start=1):
        stack = cdk.Stack(app, name)
        service = _service(stack, "BackendForFrontendWithAVeryLongConstructName", cluster)
        group = elb.ApplicationTargetGroup(stack, "Targets", vpc=vpc, port=80, targets=[service])
        elb.ApplicationListenerRule(
            stack,
            "Rule",
            listener=listener,
            priority=number,
            conditions=[
                elb.ListenerCondition.host_headers(
                    [f"{name.lower()}.internal.example.com", f"{name.lower()}.example.org"]
                )
            ],
            action=elb.ListenerAction.forward([group]),
        )


def an_api_before_a_network_load_balancer(app: cdk.App) -> None:
    """HTTP and REST APIs through VPC links, and a network load balancer before an application load balancer."""
    stack = cdk.Stack(app, "Gateway")
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1)
    cluster = ecs.Cluster(stack, "Cluster", vpc=vpc)
    inner = patterns.ApplicationLoadBalancedFargateService(
        stack,
        "Inner",
        cluster=cluster,
        public_load_balancer=False,
        task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(image=_image()),
    )
    http.HttpApi(
        stack,
        "HttpApi",
        default_integration=integrations.HttpAlbIntegration("ToInner", inner.listener),
    )
    tcp = patterns.NetworkLoadBalancedFargateService(
        stack,
        "Tcp",
        cluster=cluster,
        public_load_balancer=False,
        task_image_options=patterns.NetworkLoadBalancedTaskImageOptions(image=_image()),
    )
    link = apigateway.VpcLink(stack, "Link", targets=[tcp.load_balancer])
    rest = apigateway.RestApi(stack, "RestApi")
    rest.root.add_method(
        "GET",
        apigateway.Integration(
            type=apigateway.IntegrationType.HTTP_PROXY,
            integration_http_method="ANY",
            uri="http://example.com",
            options=apigateway.IntegrationOptions(connection_type=apigateway.ConnectionType.VPC_LINK, vpc_link=link),
        ),
    )
    edge = elb.NetworkLoadBalancer(stack, "FixedAddresses", vpc=vpc, internet_facing=True)
    edge.add_listener("Tcp", port=80).add_targets("Alb", port=80, targets=[targets.AlbListenerTarget(inner.listener)])


def a_blue_green_service(app: cdk.App) -> None:
    """A service whose deployments CodeDeploy does: its template names the family, not the task definition."""
    stack = cdk.Stack(app, "BlueGreen")
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1)
    service = _service(
        stack,
        "Web",
        ecs.Cluster(stack, "Cluster", vpc=vpc),
        deployment_controller=ecs.DeploymentController(type=ecs.DeploymentControllerType.CODE_DEPLOY),
    )
    balancer = elb.ApplicationLoadBalancer(stack, "Alb", vpc=vpc, internet_facing=True)
    blue = elb.ApplicationTargetGroup(stack, "Blue", vpc=vpc, port=80, target_type=elb.TargetType.IP)
    green = elb.ApplicationTargetGroup(stack, "Green", vpc=vpc, port=80, target_type=elb.TargetType.IP)
    listener = balancer.add_listener("Http", port=80, default_target_groups=[blue])
    service.attach_to_application_target_group(blue)
    codedeploy.EcsDeploymentGroup(
        stack,
        "Deployments",
        service=service,
        blue_green_deployment_config=codedeploy.EcsBlueGreenDeploymentConfig(
            blue_target_group=blue, green_target_group=green, listener=listener
        ),
    )


def many_services(app: cdk.App) -> None:
    """Two dozen services behind one load balancer, each with a secret, a table and a log group of its own."""
    stack = cdk.Stack(app, "Shop")
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1)
    cluster = ecs.Cluster(stack, "Cluster", vpc=vpc)
    balancer = elb.ApplicationLoadBalancer(stack, "Alb", vpc=vpc, internet_facing=True)
    listener = balancer.add_listener("Http", port=80)
    listener.add_action("None", action=elb.ListenerAction.fixed_response(404))
    names = ("Cart", "Search", "Stock", "Mail", "Users", "Pay", "Ship", "Tax")
    for number in range(_ACTIVE_ACTIVE):
        name = f"{names[number % len(names)]}{number}"
        table = dynamodb.TableV2(
            stack, f"{name}Table", partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
        )
        service = _service(stack, name, cluster, environment={"TABLE": table.table_name})
        listener.add_targets(
            name,
            priority=number + 1,
            conditions=[elb.ListenerCondition.path_patterns([f"/{name.lower()}/*"])],
            port=80,
            targets=[service],
        )
        service.task_definition.add_to_task_role_policy(
            iam.PolicyStatement(actions=["dynamodb:GetItem"], resources=[table.table_arn])
        )


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
