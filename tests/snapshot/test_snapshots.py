"""One template a public construct."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_scheduler as scheduler

from ecr_fargate_constructs import (
    AppContainer,
    Approval,
    BlueGreen,
    Canary,
    Deployment,
    EbsVolume,
    Ec2WorkerService,
    EcrFargateService,
    ImageRepositoryStack,
    InternalHttp,
    JobContainer,
    Linear,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    Mount,
    PrivateRepository,
    PublicHttp,
    PublicHttps,
    QueueScaling,
    ReleaseCommand,
    RestartPolicy,
    ScheduledJob,
    SharedVolume,
    Sidecar,
    TestTrafficHeader,
    TestTrafficPort,
    WorkerContainer,
    WorkerService,
    WorkQueue,
)
from tests.support.inputs import make_app
from tests.support.templates import template_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def _service(stack: cdk.Stack, ingress: Any) -> None:  # noqa: ANN401 - one of the ways in
    LoadBalancedFargateService(stack, "Web", container=AppContainer(NGINX, 80), ingress=ingress)


def _deployed(stack: cdk.Stack, deployment: Deployment) -> None:
    LoadBalancedFargateService(
        stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp(), deployment=deployment
    )


def _task(stack: cdk.Stack) -> None:
    """Every kind of container and volume that needs nothing of its own from the stack."""
    shared = SharedVolume("shared")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(
            NGINX,
            80,
            restart=RestartPolicy(),
            writable_paths=["/run"],
            mounts=[Mount("/shared", shared), Mount("/data", EbsVolume("data", size_gib=20))],
            logging=ecs.LogDrivers.firelens(options={"Name": "stdout"}),
            depends_on={
                "migrate": ecs.ContainerDependencyCondition.SUCCESS,
                "otel": ecs.ContainerDependencyCondition.HEALTHY,
            },
        ),
        sidecars=[
            Sidecar("migrate", NGINX, essential=False, mounts=[Mount("/shared", shared, read_only=True)]),
            Sidecar.adot(),
            Sidecar.log_router(),
        ],
        ingress=PublicHttp(),
    )


def _certificate(stack: cdk.Stack) -> acm.ICertificate:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
    return acm.Certificate.from_certificate_arn(stack, "Certificate", arn)


BUILDERS: dict[str, Callable[[cdk.Stack, Path], object]] = {
    "PrivateRepository": lambda stack, _: PrivateRepository(stack, "Repo"),
    "PublishedImage": lambda stack, app: PrivateRepository(stack, "Repo").build_and_push_image(app),
    "PublicHttp": lambda stack, _: _service(stack, PublicHttp()),
    "PublicHttps": lambda stack, _: _service(stack, PublicHttps(certificate=_certificate(stack))),
    "BlueGreen": lambda stack, _: _deployed(stack, BlueGreen(approval=Approval())),
    "Canary": lambda stack, _: _deployed(stack, Canary(test_traffic=TestTrafficPort(port=8080))),
    "Linear": lambda stack, _: _deployed(stack, Linear(test_traffic=TestTrafficHeader(name="X-Preview"))),
    "InternalHttp": lambda stack, _: _service(stack, InternalHttp()),
    "Sidecar": lambda stack, _: _task(stack),
    "LoadBalancedEc2Service": lambda stack, _: LoadBalancedEc2Service(
        stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp()
    ),
    "WorkerService": lambda stack, _: WorkerService(stack, "Worker", container=WorkerContainer(NGINX)),
    "Ec2WorkerService": lambda stack, _: Ec2WorkerService(
        stack, "Worker", container=WorkerContainer(NGINX), deployment=BlueGreen()
    ),
    "WorkQueue": lambda stack, _: WorkerService(
        stack,
        "Worker",
        container=WorkerContainer(NGINX),
        scaling=QueueScaling(WorkQueue(stack, "Queue"), messages_per_task=50, min_capacity=0),
    ),
    "ScheduledJob": lambda stack, _: ScheduledJob(
        stack,
        "Job",
        container=JobContainer(NGINX),
        schedule=scheduler.ScheduleExpression.rate(cdk.Duration.hours(1)),
    ),
    "ReleaseCommand": lambda stack, _: WorkerService(
        stack,
        "Worker",
        container=WorkerContainer(NGINX),
        release_command=ReleaseCommand(["python", "manage.py", "migrate"]),
    ),
    "EcrFargateService": lambda stack, app: EcrFargateService(
        stack, "Web", directory=app, container_port=80, ingress=PublicHttp()
    ),
}


def test_repository_stack(template_snapshot: SnapshotAssertion, tmp_path: Path) -> None:
    app = cdk.App()
    images = ImageRepositoryStack(app, "Images")
    stack = cdk.Stack(app, "Stack", synthesizer=images.synthesizer())
    images.repository.build_and_push_image(make_app(tmp_path / "app"), scope=stack)
    assert template_of(images) == template_snapshot


@pytest.mark.parametrize("name", BUILDERS)
def test_template(name: str, template_snapshot: SnapshotAssertion, tmp_path: Path) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    BUILDERS[name](stack, make_app(tmp_path / "app"))
    assert template_of(stack) == template_snapshot
