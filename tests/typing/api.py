"""The public API as a type checker sees it: read by mypy and pyright, never run."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import assertions
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_servicediscovery as cloudmap
from typing_extensions import assert_type

from ecr_fargate_constructs import (
    AppContainer,
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
    ImageBuild,
    ImageRepositoryStack,
    InternalHttp,
    InternalHttps,
    Linear,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    MetricResolution,
    Mixed,
    Mount,
    OnDemand,
    PreviewHeader,
    PreviewPort,
    PrivateRepository,
    PublicHttp,
    PublicHttps,
    PublishedImage,
    RestartPolicy,
    Retention,
    RollbackAlarms,
    Rolling,
    Scaling,
    ScheduledCapacity,
    ServiceAlarms,
    ServiceConnect,
    ServiceDashboard,
    ServiceThresholds,
    SharedVolume,
    Sidecar,
    Spot,
    TargetHealthCheck,
    TaskSize,
)
from ecr_fargate_constructs.testing import (
    AssertCompliant,
    AssertLogicalIdsStable,
    CdkApp,
    ServiceAssertions,
    Synthesize,
    Update,
    assert_no_replacement,
    assert_valid,
    normalised,
    service_in,
    updates,
)


def three_lines(app: cdk.App) -> EcrFargateService:
    stack = cdk.Stack(app, "Web")
    return EcrFargateService(stack, "Web", directory="./app", container_port=8080)


def nouns(stack: cdk.Stack, vpc: ec2.IVpc) -> LoadBalancedFargateService:
    repository = PrivateRepository(stack, "Repo", retention=Retention.keep_last(20), pull_accounts=["111122223333"])
    assert_type(repository.repository, ecr.Repository)
    image = repository.build_and_push_image(Path("app"), build=ImageBuild(architecture=Architecture.ARM64))
    assert_type(image, PublishedImage)
    assert_type(image.tag, "str | None")
    assert_type(image.container_image, ecs.ContainerImage)
    assert_type(repository.mirror_image("nginx:1.29"), PublishedImage)
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
        BlueGreen(bake=cdk.Duration.minutes(5), hooks=[hook], approval=True),
        Canary(percent=5, preview=PreviewPort(port=8443), alarms=RollbackAlarms(existing=[alarm, "other"])),
        Linear(step_percent=25, preview=PreviewHeader(name="X-Preview")),
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
    morning = ScheduledCapacity(name="morning", at=appscaling.Schedule.cron(hour="8", minute="0"), minimum=4)
    spot: list[OnDemand | Spot | Mixed] = [OnDemand(), Spot(), Mixed(base=2, spot_weight=3)]
    return [
        Scaling(minimum=2, maximum=10, cpu_percent=60, metric_resolution=MetricResolution.SECONDS_20),
        Scaling(minimum=2, maximum=10, requests_per_target=100, schedule=[morning], paused=True),
        *(Scaling(minimum=3, maximum=3, capacity=capacity) for capacity in spot),
    ]


def on_machines(stack: cdk.Stack, namespace: cloudmap.PrivateDnsNamespace) -> LoadBalancedEc2Service:
    service = LoadBalancedEc2Service(
        stack,
        "Machines",
        container=Ec2Container("public.ecr.aws/nginx/nginx:1.29", 80, gpu_count=1),
        machines=Ec2Capacity(instance_type=ec2.InstanceType("g5.xlarge"), minimum=1, maximum=4),
        scaling=Scaling(minimum=2, maximum=10, cpu_percent=60),
        exec_enabled=True,
    )
    service.join_service_connect(ServiceConnect(namespace=namespace, name="inference"))
    service.register_in_cloud_map(CloudMap(namespace=namespace, name="inference"))
    assert_type(service.service, ecs.Ec2Service)
    assert_type(service.task_definition, ecs.Ec2TaskDefinition)
    if service.machines is not None:
        assert_type(service.machines, autoscaling.AutoScalingGroup)
    return service


def edges(web: EcrFargateService, table: cdk.aws_dynamodb.Table, group: ec2.SecurityGroup) -> None:
    assert_type(web.service, ecs.FargateService)
    assert_type(web.image, PublishedImage)
    assert_type(web.url, str)
    table.grant_read_data(web)
    group.connections.allow_default_port_from(web)


def errors() -> str | None:
    try:
        TaskSize(cpu=300)
    except ConfigurationError as error:
        return error.path
    return None


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
    service = service_in(template, "Web").runs_image_from("Repo").has_circuit_breaker().scales_between(2, 10)
    assert_type(service.answers_on(443), ServiceAssertions)
    return updates(template, cdk_app.template())
