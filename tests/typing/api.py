"""The public API as a type checker sees it: read by mypy and pyright, never run."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from typing_extensions import assert_type

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    BlueGreen,
    Canary,
    ConfigurationError,
    Deployment,
    DeploymentHook,
    EarlySuccess,
    EcrFargateService,
    ImageBuild,
    ImageRepositoryStack,
    InternalHttp,
    InternalHttps,
    Linear,
    LoadBalancedFargateService,
    PreviewHeader,
    PreviewPort,
    PrivateRepository,
    PublicHttp,
    PublicHttps,
    PublishedImage,
    Retention,
    RollbackAlarms,
    Rolling,
    ServiceAlarms,
    ServiceDashboard,
    ServiceThresholds,
    TargetHealthCheck,
    TaskSize,
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
