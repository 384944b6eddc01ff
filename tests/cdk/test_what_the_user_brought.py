"""What the user brings to a service, and a refusal of CDK's leaves as it was: resources, policies, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_servicediscovery as cloudmap
from aws_cdk.assertions import Template

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    ConfigurationError,
    DeploymentHook,
    Ec2Capacity,
    EcrFargateService,
    EfsVolume,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    Mount,
    PrivateRepository,
    PublicHttp,
    PublicHttps,
    Route,
    RoutedFargateService,
    Scaling,
    ServiceConnect,
    SharedLoadBalancer,
    Spot,
)
from ecr_fargate_constructs.service import base, foundation, routed_base
from tests.support.inputs import make_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from constructs import Construct

IMAGE = "public.ecr.aws/nginx/nginx:1.29"
STAGES = [ecs.DeploymentLifecycleStage.POST_SCALE_UP]


class Things:
    """A stack with all that may be brought."""

    def __init__(self, folder: Path) -> None:
        env = cdk.Environment(account="111122223333", region="eu-west-1")
        self.folder = folder
        self.stack = stack = cdk.Stack(cdk.App(), "Stack", env=env)
        self.vpc = ec2.Vpc.from_vpc_attributes(
            stack,
            "Vpc",
            vpc_id="vpc-1",
            availability_zones=["a", "b"],
            public_subnet_ids=["subnet-1", "subnet-2"],
            private_subnet_ids=["subnet-3", "subnet-4"],
        )
        self.cluster = ecs.Cluster(stack, "Cluster", vpc=self.vpc)
        self.key = kms.Key(stack, "Key")
        self.logs = s3.Bucket(stack, "Logs")
        self.zone = route53.PublicHostedZone(stack, "Zone", zone_name="example.com")
        self.hook = lambda_.Function(
            stack,
            "Hook",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=lambda_.Code.from_inline("pass"),
        )
        self.repository = PrivateRepository(stack, "Repository", encryption_key=self.key)
        self.bare = ecr.Repository(stack, "Bare", encryption_key=self.key)
        self.namespace = cloudmap.HttpNamespace(stack, "Namespace", name="shop")
        self.shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp(), vpc=self.vpc)
        secret = secretsmanager.Secret(stack, "Secret", encryption_key=self.key)
        files = s3.Bucket(stack, "Files", encryption_key=self.key)
        disk = efs.FileSystem(stack, "Disk", vpc=self.vpc, kms_key=self.key, encrypted=True)
        self.container = AppContainer(
            self.repository.image_by_tag("release-1"),
            80,
            memory_limit_mib=512,
            secrets={"TOKEN": ecs.Secret.from_secrets_manager(secret)},
            environment_files=[ecs.EnvironmentFile.from_bucket(files, "web.env")],
            mounts=[Mount("/data", EfsVolume("data", file_system=disk))],
        )

    @property
    def https(self) -> PublicHttps:
        """A way in with access logs."""
        return PublicHttps(domain_name="web.example.com", hosted_zone=self.zone, access_logs=self.logs)

    @property
    def shifting(self) -> BlueGreen:
        """A deployment that a function judges."""
        return BlueGreen(hooks=[DeploymentHook(function=self.hook, stages=STAGES)])


def _fargate(things: Things) -> Construct:
    return LoadBalancedFargateService(
        things.stack,
        "Web",
        container=things.container,
        cluster=things.cluster,
        ingress=things.https,
        scaling=Scaling(min_capacity=2, max_capacity=4, cpu_percent=50, capacity=Spot()),
        deployment=things.shifting,
        enable_execute_command=True,
    )


def _front_door(things: Things) -> Construct:
    directory = make_app(things.folder / "web")
    return EcrFargateService(things.stack, "Web", directory=directory, container_port=80, repository=things.bare)


def _machines(things: Things) -> Construct:
    return LoadBalancedEc2Service(
        things.stack,
        "Web",
        container=things.container,
        cluster=things.cluster,
        capacity=Ec2Capacity(),
        ingress=things.https,
    )


def _routed(things: Things) -> Construct:
    service = RoutedFargateService(
        things.stack,
        "Web",
        load_balancer=things.shared,
        route=Route(path="/*"),
        container=things.container,
        cluster=things.cluster,
        scaling=Scaling(min_capacity=2, max_capacity=4, cpu_percent=50, capacity=Spot()),
        deployment=things.shifting,
    )
    service.enable_service_connect(ServiceConnect(namespace=things.namespace, name="web"))
    return service


def _refuse(*_: object, **__: object) -> Any:  # noqa: ANN401 - stands for anything
    message = "MadeUp: CDK says no"
    raise RuntimeError(message)


def _finish_and_refuse(*args: Any) -> None:  # noqa: ANN401 - passed on
    foundation.finish(*args)
    _refuse()


@pytest.mark.parametrize("make", [_fargate, _front_door, _machines, _routed])
def test_a_refusal_leaves_it_as_it_was(make: Callable[[Things], Construct], tmp_path: Path) -> None:
    untouched = Template.from_stack(Things(tmp_path / "one").stack).to_json()
    refused, retried, straight = (Things(tmp_path / name) for name in ("two", "three", "four"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "finish", _finish_and_refuse)
        patch.setattr(routed_base, "finish", _finish_and_refuse)
        for things in (refused, retried):
            with pytest.raises(ConfigurationError, match="MadeUp: CDK says no"):
                make(things)
    assert Template.from_stack(refused.stack).to_json() == untouched
    make(retried)
    make(straight)
    assert Template.from_stack(retried.stack).to_json() == Template.from_stack(straight.stack).to_json()
