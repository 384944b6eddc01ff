"""What options name that is no plain value: networks, buckets, certificates and the like, made when they are drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudwatch_actions as cloudwatch_actions
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_servicediscovery as cloudmap
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm

from ecr_fargate_constructs import (
    AppContainer,
    ImageRepositoryStack,
    LoadBalancedFargateService,
    OnDemand,
    PrivateRepository,
    PublicHttp,
    ServiceAlarms,
    SharedLoadBalancer,
    Spot,
    WorkQueue,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NGINX = "public.ecr.aws/nginx/nginx:1.29"
_ENV = cdk.Environment(account="123456789012", region="us-east-1")


@dataclass
class World:
    """An empty stack, and what can be made in it; each thing once."""

    folder: Path
    env: cdk.Environment | None = field(default_factory=lambda: _ENV)
    app: cdk.App = field(default_factory=cdk.App)
    made: dict[object, object] = field(default_factory=dict)

    def once(self, *, make: Callable[[World], object]) -> object:
        """What ``make`` makes, the same one each time."""
        if make not in self.made:
            self.made[make] = make(self)
        return self.made[make]

    @cached_property
    def stack(self) -> cdk.Stack:
        return cdk.Stack(self.app, "Stack", env=self.env)

    @cached_property
    def number(self) -> Any:  # noqa: ANN401 - a number to some, a token to others
        return cdk.CfnParameter(self.stack, "Number", type="Number").value_as_number

    @cached_property
    def text(self) -> str:
        return cdk.CfnParameter(self.stack, "Text").value_as_string

    @cached_property
    def vpc(self) -> ec2.Vpc:
        return ec2.Vpc(self.stack, "Vpc", max_azs=2)

    @cached_property
    def public_vpc(self) -> ec2.Vpc:
        public = ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC)
        return ec2.Vpc(self.stack, "PublicVpc", nat_gateways=0, subnet_configuration=[public])

    @cached_property
    def cluster(self) -> ecs.Cluster:
        return ecs.Cluster(self.stack, "Cluster", vpc=self.vpc)

    @cached_property
    def bucket(self) -> s3.IBucket:
        return s3.Bucket(self.stack, "Bucket")

    @cached_property
    def zone(self) -> route53.IHostedZone:
        return route53.HostedZone.from_hosted_zone_attributes(
            self.stack, "Zone", hosted_zone_id="Z1", zone_name="example.com"
        )

    @cached_property
    def certificate(self) -> acm.ICertificate:
        arn = "arn:aws:acm:us-east-1:123456789012:certificate/0f1e"
        return acm.Certificate.from_certificate_arn(self.stack, "Certificate", arn)

    @cached_property
    def role(self) -> iam.IRole:
        return iam.Role(self.stack, "Role", assumed_by=iam.AccountRootPrincipal())

    @cached_property
    def key(self) -> kms.IKey:
        return kms.Key(self.stack, "Key")

    @cached_property
    def function(self) -> lambda_.IFunction:
        return lambda_.Function.from_function_name(self.stack, "Function", "probe")

    @cached_property
    def secret(self) -> secretsmanager.ISecret:
        return secretsmanager.Secret.from_secret_name_v2(self.stack, "Secret", "ecr-pullthroughcache/hub")

    @cached_property
    def file_system(self) -> efs.FileSystem:
        return efs.FileSystem(self.stack, "Files", vpc=self.vpc)

    @cached_property
    def repository(self) -> PrivateRepository:
        return PrivateRepository(self.stack, "Repository")

    @cached_property
    def images(self) -> ImageRepositoryStack:
        return ImageRepositoryStack(self.app, "Images", env=self.env)

    @cached_property
    def service(self) -> LoadBalancedFargateService:
        return LoadBalancedFargateService(
            self.stack, "Observed", container=AppContainer(NGINX, 80), ingress=PublicHttp()
        )

    @cached_property
    def shared(self) -> SharedLoadBalancer:
        return SharedLoadBalancer(self.stack, "Shared", ingress=PublicHttp())

    @cached_property
    def topic(self) -> sns.Topic:
        return sns.Topic(self.stack, "Topic")

    @cached_property
    def queue(self) -> WorkQueue:
        return WorkQueue(self.stack, "Queue")

    @cached_property
    def load_balancer(self) -> elbv2.ApplicationLoadBalancer:
        return elbv2.ApplicationLoadBalancer(self.stack, "Balancer", vpc=self.vpc, internet_facing=True)

    @cached_property
    def trust_store(self) -> elbv2.TrustStore:
        return elbv2.TrustStore(self.stack, "TrustStore", bucket=self.bucket, key="authorities.pem")

    @cached_property
    def user_pool(self) -> cognito.UserPool:
        return cognito.UserPool(self.stack, "Users")


MODE = elbv2.MutualAuthenticationMode
OBJECTS: dict[str, dict[str, Callable[[World], object]]] = {
    "ec2.IVpc": {"vpc": lambda w: w.vpc, "public_vpc": lambda w: w.public_vpc},
    "ecs.ICluster": {"cluster": lambda w: w.cluster},
    "ec2.SubnetSelection": {
        "private": lambda _: ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
        "public": lambda _: ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
        "isolated": lambda _: ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
        "of no such group": lambda _: ec2.SubnetSelection(subnet_group_name="Nowhere"),
        "one zone": lambda _: ec2.SubnetSelection(availability_zones=["us-east-1a"]),
    },
    "ec2.IIpAddresses": {
        "/16": lambda _: ec2.IpAddresses.cidr("10.1.0.0/16"),
        "/28": lambda _: ec2.IpAddresses.cidr("10.1.0.0/28"),
    },
    "ec2.IPeer": {"range": lambda _: ec2.Peer.ipv4("10.0.0.0/8"), "world": lambda _: ec2.Peer.any_ipv4()},
    "ec2.InstanceType": {
        "t3.small": lambda _: ec2.InstanceType("t3.small"),
        "m7g.large": lambda _: ec2.InstanceType("m7g.large"),
    },
    "ec2.InstanceRequirementsConfig": {
        "large": lambda _: ec2.InstanceRequirementsConfig(v_cpu_count_min=2, memory_min=cdk.Size.gibibytes(4)),
        "upside down": lambda _: ec2.InstanceRequirementsConfig(
            v_cpu_count_min=8, v_cpu_count_max=2, memory_min=cdk.Size.gibibytes(4)
        ),
        "of no type": lambda _: ec2.InstanceRequirementsConfig(
            v_cpu_count_min=2,
            memory_min=cdk.Size.gibibytes(4),
            allowed_instance_types=["m7i.*"],
            excluded_instance_types=["t*"],
        ),
    },
    "ec2.IMachineImage": {"ecs": lambda _: ecs.EcsOptimizedImage.amazon_linux2023()},
    "s3.IBucket": {"bucket": lambda w: w.bucket},
    "route53.IHostedZone": {"zone": lambda w: w.zone},
    "acm.ICertificate": {"certificate": lambda w: w.certificate},
    "kms.IKey": {"key": lambda w: w.key},
    "IKeyRef": {"key": lambda w: w.key},
    "iam.IRole": {"role": lambda w: w.role},
    "iam.IInstanceProfile": {
        "made": lambda w: iam.InstanceProfile(w.stack, "Profile", role=w.role),
        "imported": lambda w: iam.InstanceProfile.from_instance_profile_name(w.stack, "There", "there"),
    },
    "IRoleRef | str": {
        "role": lambda w: w.role,
        "arn": lambda _: "arn:aws:iam::123456789012:role/scan",
        "no arn": lambda _: "scan",
    },
    "signer.ISigningProfile | str": {"arn": lambda _: "arn:aws:signer:us-east-1:123456789012:/signing-profiles/shop"},
    "IWebACLRef | str": {"arn": lambda _: "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/web/1"},
    "lambda_.IFunction | lambda_.FunctionBase": {"function": lambda w: w.function},
    "ecs.Secret": {"secret": lambda w: ecs.Secret.from_secrets_manager(w.secret)},
    "secretsmanager.ISecret": {"secret": lambda w: w.secret},
    "cdk.SecretValue": {"secret value": lambda _: cdk.SecretValue.secrets_manager("oidc")},
    "cdk.Environment": {"us-east-1": lambda _: _ENV, "somewhere": lambda _: cdk.Environment(region="eu-west-1")},
    "cdk.IStackSynthesizer": {"default": lambda _: cdk.DefaultStackSynthesizer()},
    "efs.IFileSystem": {"file system": lambda w: w.file_system},
    "efs.IAccessPoint": {"access point": lambda w: w.file_system.add_access_point("Point")},
    "cloudmap.INamespace": {"dns": lambda w: cloudmap.PrivateDnsNamespace(w.stack, "Dns", name="apps", vpc=w.vpc)},
    "cloudmap.INamespace | str": {"name": lambda _: "apps"},
    "cloudwatch.IAlarm | str": {"name": lambda _: "mine", "empty": lambda _: ""},
    "ecs.BaseService": {"service": lambda w: w.service.service},
    "BalancedService | ecs.BaseService": {
        "ours": lambda w: w.service,
        "pattern": lambda w: w.service.pattern,
        "ecs": lambda w: w.service.service,
        "a stack": lambda w: w.stack,
    },
    "sqs.IQueue | sqs.QueueBase | WorkQueue": {
        "ours": lambda w: w.queue,
        "cdk": lambda w: sqs.Queue(w.stack, "Theirs"),
        "imported": lambda w: sqs.Queue.from_queue_arn(w.stack, "Jobs", "arn:aws:sqs:us-east-1:123456789012:jobs"),
    },
    "Action": {"topic": lambda w: w.topic, "action": lambda w: cloudwatch_actions.SnsAction(w.topic)},
    "events.IRuleTarget": {"topic": lambda w: targets.SnsTopic(w.topic)},
    "ecr.IRepository": {
        "ours": lambda w: w.repository.repository,
        "imported": lambda w: ecr.Repository.from_repository_name(w.stack, "Far", "far"),
    },
    "elbv2.ApplicationLoadBalancer": {"made": lambda w: w.load_balancer},
    "elbv2.MutualAuthentication": {
        "pass through": lambda _: elbv2.MutualAuthentication(mutual_authentication_mode=MODE.PASS_THROUGH),
        "verify": lambda w: elbv2.MutualAuthentication(
            mutual_authentication_mode=MODE.VERIFY, trust_store=w.trust_store
        ),
        "verify with what": lambda _: elbv2.MutualAuthentication(mutual_authentication_mode=MODE.VERIFY),
    },
    "ServiceAlarms": {"alarms": lambda w: ServiceAlarms.of(w.service)},
    "elbv2.ApplicationTargetGroup": {"group": lambda w: w.service.target_group},
    "SharedLoadBalancer | SharedListener": {
        "shared": lambda w: w.shared,
        "its listener": lambda w: w.shared.shared_listener,
    },
    "PrivateRepository | ecr.IRepository": {
        "ours": lambda w: w.repository,
        "cdk": lambda w: ecr.Repository(w.stack, "Theirs"),
        "imported": lambda w: ecr.Repository.from_repository_name(w.stack, "There", "there"),
        "pushed": lambda w: w.images.repository,
    },
    "cognito.IUserPool": {"pool": lambda w: w.user_pool},
    "cognito.IUserPoolClient": {"client": lambda w: w.user_pool.add_client("Client", generate_secret=True)},
    "cognito.IUserPoolDomain": {
        "domain": lambda w: w.user_pool.add_domain(
            "Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix="shop")
        )
    },
    "appscaling.Schedule": {
        "cron": lambda _: appscaling.Schedule.cron(hour="8", minute="0"),
        "rate": lambda _: appscaling.Schedule.rate(cdk.Duration.hours(1)),
    },
    "OnDemand | Spot": {"on demand": lambda _: OnDemand(), "spot": lambda _: Spot()},
    "scheduler.ScheduleExpression": {
        "cron": lambda _: scheduler.ScheduleExpression.cron(hour="3", minute="0"),
        "rate": lambda _: scheduler.ScheduleExpression.rate(cdk.Duration.hours(1)),
        "once a year": lambda _: scheduler.ScheduleExpression.cron(month="1", day="1", hour="3", minute="0"),
        "text": lambda _: scheduler.ScheduleExpression.expression("0 3 * * *"),
    },
    "cdk.TimeZone": {"Berlin": lambda _: cdk.TimeZone.EUROPE_BERLIN},
    "cdk.Size": {"200": lambda _: cdk.Size.mebibytes(200), "1": lambda _: cdk.Size.mebibytes(1)},
    "ecs.HealthCheck": {
        "true": lambda _: ecs.HealthCheck(command=["CMD", "true"]),
        "nothing": lambda _: ecs.HealthCheck(command=[]),
        "slow": lambda _: ecs.HealthCheck(command=["CMD", "true"], interval=cdk.Duration.seconds(4)),
        "later": lambda w: ecs.HealthCheck(command=["CMD", "true"], retries=w.number),
    },
    "ecs.EnvironmentFile": {"file": lambda w: ecs.EnvironmentFile.from_bucket(w.bucket, "web.env")},
    "ecs.Ulimit": {"files": lambda _: ecs.Ulimit(name=ecs.UlimitName.NOFILE, soft_limit=1024, hard_limit=2048)},
    "ecs.CredentialSpec": {
        "domainless": lambda w: ecs.DomainlessCredentialSpec.from_ssm_parameter(
            ssm.StringParameter.from_string_parameter_name(w.stack, "Domain", "domain")
        )
    },
    "ecs.FirelensConfig": {"fluent": lambda _: ecs.FirelensConfig(type=ecs.FirelensLogRouterType.FLUENTBIT)},
    "ecs.Device": {"fuse": lambda _: ecs.Device(host_path="/dev/fuse")},
    "ecs.Tmpfs": {"tmp": lambda _: ecs.Tmpfs(container_path="/scratch", size=64)},
    "ecs.PlacementConstraint": {"distinct": lambda _: ecs.PlacementConstraint.distinct_instances()},
    "ecs.PlacementStrategy": {"packed": lambda _: ecs.PlacementStrategy.packed_by_memory()},
    "iam.PolicyStatement": {
        "get": lambda _: iam.PolicyStatement(actions=["s3:GetObject"], resources=["arn:aws:s3:::web/x"])
    },
    "ecr_assets.DockerCacheOption": {"registry": lambda _: ecr_assets.DockerCacheOption(type="inline")},
    "ecr_assets.NetworkMode": {"host": lambda _: ecr_assets.NetworkMode.HOST},
    "ecr_assets.DockerImageAssetInvalidationOptions": {
        "all": lambda _: ecr_assets.DockerImageAssetInvalidationOptions(build_args=False)
    },
    "ecs.ContainerImage": {"registry": lambda _: ecs.ContainerImage.from_registry(NGINX)},
    "Mapping[str, Sequence[Action]]": {"nobody": lambda _: {"Warning": []}, "no such": lambda _: {"Panic": []}},
}
"""Annotations to ways to make such a thing; enumerations are found by themselves."""
