"""More apps whose pictures are looked at: queues, pipelines, APIs, CodeDeploy and many services."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_apigatewayv2 as http
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as patterns
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_elasticloadbalancingv2_targets as targets
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as event_targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import custom_resources as custom

from tests.tools.diagram.making import make_function, make_image, make_service


def queues_and_functions(app: cdk.App) -> None:
    """A queue worker, functions behind an API, and the functions that CDK adds for its own work."""
    stack = cdk.Stack(app, "Orders")
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1)
    worker = patterns.QueueProcessingFargateService(stack, "Worker", vpc=vpc, image=make_image())
    topic = sns.Topic(stack, "Events")
    queue = sqs.Queue(stack, "Mails", enforce_ssl=True)
    table = dynamodb.TableV2(
        stack, "Table", partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
    )
    table.grant_read_write_data(worker.task_definition.task_role)
    mailer = make_function(stack, "Mailer", log_retention=logs.RetentionDays.ONE_WEEK)
    mailer.add_event_source(sources.SqsEventSource(queue))
    api = apigateway.RestApi(stack, "Api")
    api.root.add_resource("orders").add_method(
        "POST", apigateway.LambdaIntegration(make_function(stack, "Handler", vpc=vpc))
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
    provider = custom.Provider(stack, "Migrations", on_event_handler=make_function(stack, "Migrate"))
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
            task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(image=make_image()),
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
                    action_name="Test", lambda_=make_function(stack, f"Test{number}"), inputs=[source], outputs=[built]
                )
            ],
        )
        line.add_stage(
            stage_name="Deploy",
            actions=[actions.EcsDeployAction(action_name="Ecs", service=web.service, input=built)],
        )
        rule = events.Rule(stack, f"Nightly{number}", schedule=events.Schedule.rate(cdk.Duration.days(1)))
        rule.add_target(event_targets.LambdaFunction(make_function(stack, f"CleanUp{number}")))
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
        service = make_service(stack, "BackendForFrontendWithAVeryLongConstructName", cluster)
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
        task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(image=make_image()),
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
        task_image_options=patterns.NetworkLoadBalancedTaskImageOptions(image=make_image()),
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
    service = make_service(
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
    for number in range(24):
        name = f"{names[number % len(names)]}{number}"
        table = dynamodb.TableV2(
            stack, f"{name}Table", partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
        )
        service = make_service(stack, name, cluster, environment={"TABLE": table.table_name})
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
