"""Six programs as newcomers write them, as a type checker sees them: read by mypy and pyright, never run."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    EcrFargateService,
    ExistingRepository,
    ImageBuild,
    InternalHttps,
    JobContainer,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
    PublicHttps,
    QueueScaling,
    ReleaseCommand,
    Retention,
    Route,
    RoutedFargateService,
    Scaling,
    ScheduledJob,
    ServiceAlarms,
    ServiceDashboard,
    SharedLoadBalancer,
    Sidecar,
    TargetHealthCheck,
    TaskSize,
    WorkerContainer,
    WorkerService,
    WorkQueue,
)

HERE = Path(__file__).parent


def first_service() -> None:
    """One service from a directory, with a table and a secret."""
    app = cdk.App()
    stack = cdk.Stack(app, "Shop", env=cdk.Environment(account="111122223333", region="eu-west-1"))
    table = dynamodb.TableV2(
        stack, "Table", partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
    )
    password = secretsmanager.Secret(stack, "Password")
    web = EcrFargateService(
        stack,
        "Web",
        directory=HERE / "app",
        container_port=8080,
        environment={"TABLE": table.table_name},
        # CDK's own: its Secret names a parameter otherwise than its ISecret.
        secrets={"PASSWORD": ecs.Secret.from_secrets_manager(password)},  # pyright: ignore[reportArgumentType]
        desired_count=1,
        size=TaskSize(cpu=512, memory_mib=1024),
        ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthz")),
    )
    table.grant_read_write_data(web)
    cdk.CfnOutput(stack, "Url", value=web.url)


def site_worker_and_job() -> None:
    """A site, a worker and a nightly job with the image and the variables of the site."""
    stack = cdk.Stack(cdk.App(), "Shop")
    queue = WorkQueue(stack, "Orders")
    variables = {"QUEUE_URL": queue.queue_url}
    image = PrivateRepository(stack, "Repo", retention=Retention.keep_last(50)).build_and_push_image(
        "app", build=ImageBuild(architecture=Architecture.ARM64)
    )
    site = LoadBalancedFargateService(
        stack,
        "Site",
        container=AppContainer(image, 8000, environment=variables),
        release_command=ReleaseCommand(["python", "manage.py", "migrate"]),
        scaling=Scaling(min_capacity=2, max_capacity=10, cpu_percent=60),
        enable_execute_command=True,
    )
    WorkerService(
        stack,
        "Worker",
        container=WorkerContainer(image, command=["python", "work.py"], environment=variables),
        scaling=QueueScaling(queue, messages_per_task=100, max_capacity=5),
    )
    queue.grant_send_messages(site)
    job = ScheduledJob(
        stack,
        "Nightly",
        container=JobContainer(image, command=["python", "report.py"], environment=variables),
        schedule=scheduler.ScheduleExpression.cron(hour="3", minute="0"),
    )
    s3.Bucket(stack, "Reports").grant_write(job)


def in_a_company_network() -> None:
    """An internal service in what the platform team made."""
    app = cdk.App()
    stack = cdk.Stack(app, "Api", env=cdk.Environment(account="111122223333", region="eu-west-1"))
    vpc = ec2.Vpc.from_lookup(stack, "Vpc", vpc_id="vpc-0123456789abcdef0")
    cluster = ecs.Cluster.from_cluster_attributes(stack, "Cluster", cluster_name="platform", vpc=vpc)
    arn = "arn:aws:acm:eu-west-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
    home = ecr.Repository.from_repository_name(stack, "Home", "team/api")
    image = ExistingRepository(stack, "Repository", repository=home).image_by_tag("1.4.2")
    LoadBalancedFargateService(
        stack,
        "Api",
        container=AppContainer(image, 8080),
        cluster=cluster,
        subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
        ingress=InternalHttps(
            certificate=acm.Certificate.from_certificate_arn(stack, "Certificate", arn),
        ),
    )


def watched() -> None:
    """Alarms and dashboards of services with and without a load balancer of their own."""
    stack = cdk.Stack(cdk.App(), "Shop", env=cdk.Environment(account="111122223333", region="eu-west-1"))
    topic = sns.Topic(stack, "Alarms")
    zone = route53.HostedZone.from_lookup(stack, "Zone", domain_name="example.com")
    front = SharedLoadBalancer(stack, "Front", ingress=PublicHttps(domain_name="shop.example.com", hosted_zone=zone))
    image = PrivateRepository(stack, "Repo").build_and_push_image(HERE)
    routed = RoutedFargateService(
        stack,
        "Api",
        load_balancer=front,
        route=Route(path="/api/*"),
        container=AppContainer(image, 8080),
        health_check=TargetHealthCheck(path="/api/healthz"),
    )
    own = EcrFargateService(stack, "Own", directory=HERE, container_port=8080)
    ServiceAlarms.of(routed, actions={"Critical": [topic]})
    ServiceAlarms.of(own, actions={"Critical": [topic]})
    ServiceDashboard.of(routed)
    ServiceDashboard.of(own)
    cdk.CfnOutput(stack, "Url", value=routed.url)


def with_sidecars() -> None:
    """A web server in front of an application, in one task."""
    stack = cdk.Stack(cdk.App(), "Blog")
    image = PrivateRepository(stack, "Repo").build_and_push_image(HERE)
    web = AppContainer(image, 8080, command=["gunicorn", "blog.wsgi"], cpu=256, memory_limit_mib=512)
    cache = Sidecar("cache", "public.ecr.aws/docker/library/redis:8", cpu=128, memory_limit_mib=128)
    service = LoadBalancedFargateService(
        stack, "Blog", container=web, sidecars=[cache], size=TaskSize.smallest_for([web, cache])
    )
    service.service.connections.allow_from_any_ipv4(ec2.Port.tcp(8080))
    service.load_balancer.set_attribute("routing.http.xff_client_port.enabled", "true")
    service.container.add_environment("RELEASE", image.tag or "")


class Shop(cdk.Stack):
    """A stack of one's own, for several stages."""

    def __init__(self, scope: cdk.App, construct_id: str, *, stage: str, tasks: int, env: cdk.Environment) -> None:
        super().__init__(scope, construct_id, env=env)
        self.web = EcrFargateService(
            self,
            "Web",
            directory="./app",
            container_port=8080,
            environment={"STAGE": stage},
            desired_count=tasks,
        )


def stages() -> None:
    """The same stack for development and production."""
    app = cdk.App()
    for stage, account, tasks in (("dev", "111122223333", 1), ("prod", "444455556666", 3)):
        env = cdk.Environment(account=account, region="eu-west-1")
        shop = Shop(app, f"Shop-{stage}", stage=stage, tasks=tasks, env=env)
        cdk.Tags.of(shop).add("stage", stage)
