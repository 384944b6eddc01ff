"""The same resources, hand-written with CDK's own constructs and no unnecessary line.

A stack has one network, one cluster and one copy function. The run compares types and counts.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, cast

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as patterns
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from bench.peers.program import APP, finish, services
from bench.processes import ROOT

if TYPE_CHECKING:
    from constructs import IConstruct

PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
UPLOAD = ["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"]
PUSH = ["ecr:BatchCheckLayerAvailability", *PULL, *UPLOAD]
COPIER = str(ROOT / "src" / "ecr_fargate_constructs" / "image")
UNTAGGED = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 1}
TAGGED = {"tagStatus": "tagged", "tagPatternList": ["*"], "countType": "imageCountMoreThan", "countNumber": 20}
POLICY = json.dumps(
    {
        "rules": [
            {"rulePriority": number, "selection": selection, "action": {"type": "expire"}}
            for number, selection in ((1, UNTAGGED), (2, TAGGED))
        ]
    },
    separators=(",", ":"),
)


def network(stack: cdk.Stack) -> ec2.Vpc:
    """Create two zones, a NAT gateway in each, and the free endpoint for image layers."""
    return ec2.Vpc(
        stack,
        "EcrFargateNetwork",
        max_azs=2,
        nat_gateways=2,
        gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
        subnet_configuration=[
            ec2.SubnetConfiguration(
                name="Public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24, map_public_ip_on_launch=False
            ),
            ec2.SubnetConfiguration(name="Private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=20),
        ],
    )


class Copier(NamedTuple):
    """The copy function, its role, and the policy that has to exist before it copies."""

    function: lambda_.Function
    role: iam.Role
    policy: IConstruct


def copier(stack: cdk.Stack) -> Copier:
    """Create the copy function for all images."""
    role = iam.Role(
        stack,
        "ImageCopierRole",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        description="Copies images into private repositories",
    )
    group = logs.LogGroup(
        stack, "ImageCopierLogGroup", retention=logs.RetentionDays.ONE_MONTH, removal_policy=cdk.RemovalPolicy.RETAIN
    )
    group.grant_write(role)
    allow(role, ["ecr:GetAuthorizationToken"], "*")
    function = lambda_.Function(
        stack,
        "ImageCopier",
        description="Copies images into private repositories",
        code=lambda_.Code.from_asset(COPIER, exclude=["*", "!copier", "!copier/*.py"]),
        handler="copier.handler.handler",
        runtime=lambda_.Runtime.PYTHON_3_14,
        architecture=lambda_.Architecture.X86_64,
        memory_size=1024,
        timeout=cdk.Duration.minutes(15),
        role=role,
        log_group=group,
    )
    return Copier(function, role, role.node.find_child("DefaultPolicy"))


def allow(role: iam.Role, actions: list[str], resource: str) -> None:
    """Allow actions on a resource."""
    role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource]))


def image(
    scope: cdk.Stack, name: str, copies: Copier
) -> tuple[ecr.Repository, ecr_assets.DockerImageAsset, cdk.CustomResource]:
    """Create a repository, and the image that is built and copied into it."""
    repository = ecr.Repository(
        scope,
        f"{name}Repository",
        encryption=ecr.RepositoryEncryption.AES_256,
        image_scan_on_push=True,
        image_tag_mutability=ecr.TagMutability.IMMUTABLE,
        removal_policy=cdk.RemovalPolicy.RETAIN,
        empty_on_delete=False,
    )
    cast(
        "ecr.CfnRepository", repository.node.default_child
    ).lifecycle_policy = ecr.CfnRepository.LifecyclePolicyProperty(lifecycle_policy_text=POLICY)
    asset = ecr_assets.DockerImageAsset(scope, f"{name}Asset", directory=APP, platform=ecr_assets.Platform.LINUX_AMD64)
    allow(copies.role, PUSH, repository.repository_arn)
    copy = cdk.CustomResource(
        scope,
        f"{name}Copy",
        service_token=copies.function.function_arn,
        resource_type="Custom::EcrFargateImageCopy",
        service_timeout=cdk.Duration.minutes(17),
        properties={
            "Source": asset.image_uri,
            "Destination": repository.repository_uri_for_tag(asset.asset_hash),
            "Architecture": "amd64",
        },
    )
    copy.node.add_dependency(copies.policy)
    return repository, asset, copy


def task(
    scope: cdk.Stack,
    name: str,
    repository: ecr.Repository,
    asset: ecr_assets.DockerImageAsset,
    copy: cdk.CustomResource,
) -> ecs.FargateTaskDefinition:
    """Create a task definition that runs the image after it has arrived."""
    definition = ecs.FargateTaskDefinition(
        scope,
        f"{name}TaskDef",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            operating_system_family=ecs.OperatingSystemFamily.LINUX, cpu_architecture=ecs.CpuArchitecture.X86_64
        ),
    )
    group = logs.LogGroup(
        scope, f"{name}LogGroup", retention=logs.RetentionDays.ONE_MONTH, removal_policy=cdk.RemovalPolicy.RETAIN
    )
    definition.add_container(
        "web",
        image=ecs.ContainerImage.from_ecr_repository(repository, asset.asset_hash),
        essential=True,
        port_mappings=[
            ecs.PortMapping(
                container_port=8080,
                protocol=ecs.Protocol.TCP,
                name="web",
                app_protocol=cast("ecs.AppProtocol", ecs.AppProtocol.http),
            )
        ],
        linux_parameters=ecs.LinuxParameters(definition, "LinuxParameters", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="web",
            log_group=group,
            mode=ecs.AwsLogDriverMode.NON_BLOCKING,
            max_buffer_size=cdk.Size.mebibytes(25),
        ),
        readonly_root_filesystem=True,
        stop_timeout=cdk.Duration.seconds(30),
        version_consistency=ecs.VersionConsistency.ENABLED,
    )
    cast("ecs.CfnTaskDefinition", definition.node.default_child).node.add_dependency(copy)
    return definition


def service(
    scope: cdk.Stack, name: str, cluster: ecs.Cluster, definition: ecs.FargateTaskDefinition
) -> patterns.ApplicationLoadBalancedFargateService:
    """Create the service behind its load balancer."""
    balancer = elbv2.ApplicationLoadBalancer(
        scope,
        f"{name}LB",
        vpc=cluster.vpc,
        internet_facing=True,
        idle_timeout=cdk.Duration.seconds(60),
        ip_address_type=elbv2.IpAddressType.IPV4,
        desync_mitigation_mode=elbv2.DesyncMitigationMode.DEFENSIVE,
        drop_invalid_header_fields=True,
        http2_enabled=True,
    )
    made = patterns.ApplicationLoadBalancedFargateService(
        scope,
        name,
        cluster=cluster,
        task_definition=definition,
        load_balancer=balancer,
        open_listener=True,
        desired_count=2,
        min_healthy_percent=100,
        max_healthy_percent=200,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        health_check_grace_period=cdk.Duration.seconds(60),
        propagate_tags=ecs.PropagatedTagSource.SERVICE,
        enable_ecs_managed_tags=True,
        enable_execute_command=False,
        platform_version=ecs.FargatePlatformVersion.LATEST,
    )
    made.target_group.configure_health_check(
        enabled=True,
        protocol=elbv2.Protocol.HTTP,
        path="/healthz",
        port="traffic-port",
        healthy_http_codes="200-299",
        interval=cdk.Duration.seconds(10),
        timeout=cdk.Duration.seconds(5),
        healthy_threshold_count=2,
        unhealthy_threshold_count=3,
    )
    made.target_group.set_attribute("deregistration_delay.timeout_seconds", "30")
    return made


def watch(scope: cdk.Stack, name: str, made: patterns.ApplicationLoadBalancedFargateService) -> None:
    """Add alarms that roll a deployment back, and the properties that only the L1 resource has."""
    dimensions = {
        "LoadBalancer": made.load_balancer.load_balancer_full_name,
        "TargetGroup": made.target_group.target_group_full_name,
    }

    def metric(metric_name: str, statistic: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/ApplicationELB",
            metric_name=metric_name,
            statistic=statistic,
            period=cdk.Duration.minutes(1),
            dimensions_map=dimensions,
        )

    errors = cloudwatch.MathExpression(
        expression="100 * FILL(errors, 0) / requests",
        using_metrics={
            "errors": metric("HTTPCode_Target_5XX_Count", "Sum"),
            "requests": metric("RequestCount", "Sum"),
        },
        period=cdk.Duration.minutes(1),
        label="5xx responses",
    )
    above = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
    reached = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
    measured: list[tuple[str, cloudwatch.IMetric, int, cloudwatch.ComparisonOperator, int]] = [
        ("Errors", errors, 5, above, 2),
        ("Unhealthy", metric("UnHealthyHostCount", "Maximum"), 1, reached, 3),
        ("Latency", metric("TargetResponseTime", "p90"), 3, above, 3),
    ]
    alarms = [
        cloudwatch.Alarm(
            scope,
            f"{name}Target{what}",
            metric=each,
            threshold=threshold,
            comparison_operator=compare,
            datapoints_to_alarm=points,
            evaluation_periods=3,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=f"{what}; a deployment under way is rolled back.",
        ).alarm_name
        for what, each, threshold, compare, points in measured
    ]
    resource = cast("ecs.CfnService", made.service.node.default_child)
    resource.add_property_override("AvailabilityZoneRebalancing", "ENABLED")
    for path, value in {
        "Alarms": {"AlarmNames": alarms, "Enable": True, "Rollback": True},
        "DeploymentCircuitBreaker.ResetOnHealthyTask": False,
        "DeploymentCircuitBreaker.ThresholdConfiguration": {"Type": "COUNT", "Value": 3},
        "LifecycleHooks": [],
        "Strategy": "ROLLING",
    }.items():
        resource.add_property_override(f"DeploymentConfiguration.{path}", value)


def main() -> None:
    """Create all services."""
    app = cdk.App()
    stack = cdk.Stack(app, "Bench")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network(stack), container_insights_v2=ecs.ContainerInsights.ENABLED)
    copies = copier(stack)
    for number in range(services()):
        name = f"Web{number}"
        repository, asset, copy = image(stack, name, copies)
        if number == 0:  # all assets are in one repository
            allow(copies.role, PULL, asset.repository.repository_arn)
        watch(stack, name, service(stack, name, cluster, task(stack, name, repository, asset, copy)))
    finish(app)


main()
