"""The public API as a type checker sees it: read by mypy and pyright, never run."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import assertions
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns
from aws_cdk import aws_efs as efs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_servicediscovery as cloudmap
from aws_cdk import aws_sns as sns
from typing_extensions import assert_type

from ecr_fargate_constructs import (
    AppContainer,
    Approval,
    Architecture,
    BlueGreen,
    Canary,
    CloudMap,
    CloudWatchLogs,
    ConfigurationError,
    ContainerRuntime,
    Deployment,
    DeploymentHook,
    EarlySuccess,
    EbsVolume,
    Ec2Capacity,
    Ec2Container,
    EcrFargateService,
    EfsVolume,
    Egress,
    EnhancedScanning,
    ExistingLoadBalancer,
    ExistingRepository,
    Feature,
    FixedResponse,
    ImageBuild,
    ImageRepositoryStack,
    InternalHttp,
    InternalHttps,
    Linear,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    ManagedSigning,
    MetricResolution,
    Mixed,
    Mount,
    Network,
    Number,
    OnDemand,
    Posture,
    PrivateRepository,
    PublicHttp,
    PublicHttps,
    PublishedImage,
    PullThroughCache,
    Redirect,
    RegistrySettings,
    RestartPolicy,
    Retention,
    RollbackAlarms,
    Rolling,
    Route,
    RoutedEc2Service,
    RoutedFargateService,
    Scaling,
    ScanAlarm,
    ScanFrequency,
    ScheduledCapacity,
    ServiceAlarms,
    ServiceConnect,
    ServiceDashboard,
    ServiceThresholds,
    Severity,
    SharedListener,
    SharedLoadBalancer,
    SharedVolume,
    Sidecar,
    SignatureCheck,
    Spot,
    Stickiness,
    TargetGroupSettings,
    TargetHealthCheck,
    TaskSize,
    TestTrafficHeader,
    TestTrafficPort,
    Upstream,
    compliance,
)
from ecr_fargate_constructs.testing import (
    AssertCompliant,
    AssertLogicalIdsStable,
    CdkApp,
    ServiceAssertions,
    Synthesize,
    Update,
    assert_no_replacement,
    assert_traffic_rules_unchanged,
    assert_valid,
    normalised,
    service_in,
    updates,
)


def three_lines(app: cdk.App) -> EcrFargateService:
    stack = cdk.Stack(app, "Web")
    web = EcrFargateService(stack, "Web", directory="./app", container_port=8080)
    return EcrFargateService(stack, "Admin", image=web.image, container_port=8080)


def nouns(stack: cdk.Stack, vpc: ec2.IVpc) -> LoadBalancedFargateService:
    repository = PrivateRepository(stack, "Repo", retention=Retention.keep_last(20), pull_accounts=["111122223333"])
    assert_type(repository.repository, ecr.Repository)
    image = repository.build_and_push_image(Path("app"), build=ImageBuild(architecture=Architecture.ARM64))
    assert_type(image, PublishedImage)
    assert_type(image.tag, "str | None")
    assert_type(image.container_image, ecs.ContainerImage)
    assert_type(repository.mirror_image("nginx:1.29"), PublishedImage)
    existing = ExistingRepository(stack, "There", repository=ecr.Repository.from_repository_name(stack, "R", "shop"))
    assert_type(existing.repository, ecr.IRepository)
    assert_type(existing.image_by_tag("release-42"), PublishedImage)
    return LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(image, 8080, environment={"LOG_LEVEL": "info"}),
        size=TaskSize(cpu=512, memory_mib=1024),
        ingress=PublicHttp(allow_from=[ec2.Peer.any_ipv4()], health_check=TargetHealthCheck(path="/healthz")),
        deployment=Rolling(failure_threshold=3),
        vpc=vpc,
    )


def deployments(function: cdk.aws_lambda.Function, alarm: cdk.aws_cloudwatch.Alarm) -> list[Deployment]:
    hook = DeploymentHook(function=function, stages=[ecs.DeploymentLifecycleStage.POST_SCALE_UP])
    return [
        Rolling(early_success=EarlySuccess(healthy_percent=100), alarms=None),
        BlueGreen(bake_time=cdk.Duration.minutes(5), hooks=[hook], approval=Approval()),
        Canary(percent=5, test_traffic=TestTrafficPort(port=8443), alarms=RollbackAlarms(existing=[alarm, "other"])),
        Linear(step_percent=25, test_traffic=TestTrafficHeader(name="X-Preview")),
    ]


def observed(
    web: EcrFargateService,
    pattern: cdk.aws_ecs_patterns.ApplicationLoadBalancedFargateService,
    topic: cdk.aws_sns.Topic,
) -> list[ServiceDashboard]:
    thresholds = ServiceThresholds(cpu_percent={"Warning": 70}, latency={"Critical": cdk.Duration.seconds(1)})
    alarms = ServiceAlarms.of(web, thresholds=thresholds, actions={"Warning": [topic]})
    other = ServiceDashboard.of(pattern.service, target_groups=[pattern.target_group])
    return [ServiceDashboard.of(web, alarms=alarms), ServiceDashboard.of(pattern), other]


def direct(app: cdk.App) -> PublishedImage:
    images = ImageRepositoryStack(app, "Images", retention=Retention.keep_last(20), repository_name="team/web")
    stack = cdk.Stack(app, "Web", synthesizer=images.synthesizer(qualifier="team"))
    assert_type(images.repository, PrivateRepository)
    return images.repository.build_and_push_image("app", scope=stack)


def ways(stack: cdk.Stack) -> list[PublicHttp | PublicHttps | InternalHttp | InternalHttps]:
    zone = cdk.aws_route53.HostedZone.from_lookup(stack, "Zone", domain_name="example.com")
    return [PublicHttps(domain_name="a.example.com", hosted_zone=zone), InternalHttp()]


def containers(image: PublishedImage, files: efs.FileSystem, secret: secretsmanager.ISecret) -> list[Sidecar]:
    uploads = EfsVolume("uploads", files, access_point=files.add_access_point("Shop"))
    app = AppContainer(
        image,
        8080,
        secrets={"KEY": ecs.Secret.from_secrets_manager(secret, "key")},
        depends_on={"otel": ecs.ContainerDependencyCondition.HEALTHY},
        restart=RestartPolicy(ignored_exit_codes=[0]),
        mounts=[Mount("/srv", uploads), Mount("/data", EbsVolume("data", size_gib=20), read_only=True)],
        logging=CloudWatchLogs(multiline_pattern="^20"),
        runtime=ContainerRuntime(system_controls={"net.core.somaxconn": "1024"}),
    )
    migrate = Sidecar("migrate", image, essential=False, mounts=[Mount("/shared", SharedVolume("shared"))])
    assert_type(Sidecar.adot(), Sidecar)
    assert_type(Sidecar.log_router(), Sidecar)
    assert_type(TaskSize.smallest_for([app, migrate], architecture=Architecture.ARM64), TaskSize)
    return [migrate]


def scalings() -> list[Scaling]:
    morning = ScheduledCapacity(name="morning", at=appscaling.Schedule.cron(hour="8", minute="0"), min_capacity=4)
    spot: list[OnDemand | Spot | Mixed] = [OnDemand(), Spot(), Mixed(base=2, spot_weight=3)]
    return [
        Scaling(min_capacity=2, max_capacity=10, cpu_percent=60, metric_resolution=MetricResolution.SECONDS_20),
        Scaling(min_capacity=2, max_capacity=10, requests_per_target=100, schedule=[morning], paused=True),
        *(Scaling(min_capacity=3, max_capacity=3, capacity=capacity) for capacity in spot),
    ]


def on_machines(stack: cdk.Stack, namespace: cloudmap.PrivateDnsNamespace) -> LoadBalancedEc2Service:
    service = LoadBalancedEc2Service(
        stack,
        "Machines",
        container=Ec2Container("public.ecr.aws/nginx/nginx:1.29", 80, gpu_count=1),
        capacity=Ec2Capacity(instance_type=ec2.InstanceType("g5.xlarge"), min_capacity=1, max_capacity=4),
        scaling=Scaling(min_capacity=2, max_capacity=10, cpu_percent=60),
        enable_execute_command=True,
    )
    service.enable_service_connect(ServiceConnect(namespace=namespace, name="inference"))
    service.enable_cloud_map(CloudMap(namespace=namespace, name="inference"))
    assert_type(service.service, ecs.Ec2Service)
    assert_type(service.task_definition, ecs.Ec2TaskDefinition)
    if service.auto_scaling_group is not None:
        assert_type(service.auto_scaling_group, autoscaling.AutoScalingGroup)
    return service


def shared(app: cdk.App) -> RoutedEc2Service:
    stack, other = cdk.Stack(app, "Shared"), cdk.Stack(app, "Other")
    network = Network(stack, "Network", egress=Egress.ENDPOINTS, features=[Feature.LOGS, Feature.EXEC], max_azs=3)
    assert_type(network.vpc, ec2.Vpc)
    balancer = SharedLoadBalancer(
        stack, "Balancer", vpc=network.vpc, ingress=PublicHttp(), default_action=FixedResponse(status=503)
    )
    assert_type(balancer.url, str)
    moved = balancer.add_response("Moved", Route(path="/old/*"), Redirect(path="/new/#{path}", permanent=True))
    assert_type(moved, elbv2.ApplicationListenerRule)
    image = PullThroughCache(stack, "Cache", upstream=Upstream.ECR_PUBLIC).image("nginx/nginx:1.29")
    web = RoutedFargateService(
        stack,
        "Web",
        load_balancer=balancer,
        route=Route(path=["/api", "/api/*"], host="shop.example.com", header={"X-Tenant": ["a", "b"]}),
        container=AppContainer(image, 80),
        subnets=network.task_subnets,
        target_group=TargetGroupSettings(stickiness=Stickiness(duration=cdk.Duration.hours(1))),
    )
    assert_type(web.service, ecs.FargateService)
    assert_type(web.add_route("More", Route(method="GET", query={"v": "2"})), elbv2.ApplicationListenerRule)
    alb = elbv2.ApplicationLoadBalancer(stack, "Alb", vpc=network.vpc)
    assert_type(InternalHttp(load_balancer=ExistingLoadBalancer(alb, port=8080)), InternalHttp)
    existing = SharedLoadBalancer.from_listener(balancer.listener, vpc=network.vpc, url="https://shop.example.com")
    assert_type(existing, SharedListener)
    ServiceAlarms.of(web)
    ServiceDashboard.of(web)
    return RoutedEc2Service(
        other, "Twin", load_balancer=existing, route=Route(source="10.0.0.0/8"), container=AppContainer(image, 80)
    )


def supply_chain(stack: cdk.Stack, topic: sns.Topic) -> BlueGreen:
    registry = RegistrySettings(
        stack,
        "Registry",
        scanning=EnhancedScanning(repositories=["shop/*"], frequency=ScanFrequency.CONTINUOUS),
        signing=ManagedSigning(repositories=["shop/*"]),
        replicate_to=["us-east-1"],
    )
    repo = PrivateRepository(stack, "Repo", push_accounts=["111122223333"])
    image = repo.mirror_image("nginx:1.29")
    if image.publisher is not None:
        registry.grant_sign(image.publisher)
    if image.delivery is not None:
        registry.node.add_dependency(image.delivery)
    alarm = ScanAlarm(
        stack,
        "Findings",
        repository=repo.repository,
        severity=Severity.HIGH,
        actions=[topic],
    )
    assert_type(alarm.alarm, cloudwatch.Alarm)
    check = SignatureCheck(
        stack, "Signed", repositories=[repo.repository], signing_profile=registry.signing_profile_arn
    )
    stages = [ecs.DeploymentLifecycleStage.PRE_SCALE_UP]
    return BlueGreen(hooks=[DeploymentHook(function=check.function, stages=stages)])


def edges(web: EcrFargateService, table: cdk.aws_dynamodb.Table, group: ec2.SecurityGroup) -> None:
    assert_type(web.pattern, ecs_patterns.ApplicationLoadBalancedFargateService)
    assert_type(web.service, ecs.FargateService)
    assert_type(web.task_definition, ecs.FargateTaskDefinition)
    assert_type(web.load_balancer, elbv2.ApplicationLoadBalancer)
    assert_type(web.image, PublishedImage)
    assert_type(web.url, str)
    web.enable_service_connect(ServiceConnect(namespace="apps", name="web"))
    table.grant_read_data(web)
    group.connections.allow_default_port_from(web)


def each_kind(fargate: LoadBalancedFargateService, machines: LoadBalancedEc2Service, routed: RoutedEc2Service) -> None:
    assert_type(fargate.pattern, ecs_patterns.ApplicationLoadBalancedFargateService)
    assert_type(fargate.task_definition, ecs.FargateTaskDefinition)
    assert_type(machines.pattern, ecs_patterns.ApplicationLoadBalancedEc2Service)
    assert_type(routed.service, ecs.Ec2Service)
    assert_type(routed.task_definition, ecs.Ec2TaskDefinition)
    assert_type(routed.load_balancer, "elbv2.ApplicationLoadBalancer | None")


def errors() -> str | None:
    try:
        TaskSize(cpu=300)
    except ConfigurationError as error:
        return error.path
    return None


def numbers(count: Number, parameter: cdk.CfnParameter) -> Scaling:
    """An int, a float and a token are a number; a text is none."""
    assert_type(count, float)
    TaskSize(parameter.value_as_number, 2048)
    TaskSize("256")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return Scaling(min_capacity=count, max_capacity=10.0)


class ShopStack(cdk.Stack):
    pass


def fill(stack: cdk.Stack) -> None:
    ecr.Repository(stack, "Repo")


def make(app: cdk.App, name: str) -> cdk.Stack:
    return ShopStack(app, name)


def plugin(
    synthesize: Synthesize, cdk_app: CdkApp, compliant: AssertCompliant, stable: AssertLogicalIdsStable
) -> list[Update]:
    template = synthesize(fill, id="Shop", env=cdk.Environment(region="eu-west-1"), context={"flag": True})
    assert_type(template, assertions.Template)
    synthesize(make)
    synthesize(ShopStack)
    compliant(ShopStack)
    compliant(cdk_app)
    stable(template)
    stable(template, normalised(template), types=["AWS::ECR::Repository"])
    assert_valid(cdk_app.template("Shop"), ignore=["W2001"])
    assert_no_replacement(template, cdk_app.templates["Shop"], allow=["Repo"])
    assert_traffic_rules_unchanged(template, cdk_app.templates["Shop"], allow=["Service"])
    service = service_in(template, "Web").runs_image_from("Repo").has_circuit_breaker().scales_between(2, 10)
    assert_type(service.answers_on(443), ServiceAssertions)
    return updates(template, cdk_app.template())


def regulated(app: cdk.App) -> cdk.Stack:
    """A posture for an app, and for a stack with parts from outside."""
    Posture.STANDARD.apply_to(app)
    central = cdk.Stack(app, "Central")
    key, bucket = kms.Key(central, "Key"), s3.Bucket(central, "Logs")
    stack = cdk.Stack(app, "Regulated")
    Posture.REGULATED.apply_to(stack, encryption_key=key, log_bucket=bucket, web_acl=cdk.Fn.import_value("Acl"))
    assert_type([posture.name for posture in Posture], list[str])
    LoadBalancedFargateService(
        stack, "Web", container=AppContainer("nginx:1.29", 80), log_retention=logs.RetentionDays.TEN_YEARS
    )
    return stack


def reviewed(app: cdk.App) -> None:
    """Rule packs, and what was acknowledged."""
    compliance.enable(app, packs=compliance.ALL_PACKS)
    assert_type(compliance.enable(app, packs=compliance.DEFAULT_PACKS), list[cdk.IPolicyValidationPlugin])
    assert_type(inventory := compliance.inventory(app), compliance.Inventory)
    assert_type([entry.reason for entry in inventory.of("AwsSolutions")], list[str])
    assert_type(inventory.as_markdown() + inventory.as_json(), str)
