"""One construct for repository, image and service. Wiring only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns

from ecr_fargate_constructs._cdk.construct import LibraryConstruct
from ecr_fargate_constructs._cdk.site import path_of
from ecr_fargate_constructs._rules.checks import tcp_port, text_map
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.image.build import ImageBuild
from ecr_fargate_constructs.image.context import inspect_context, outdir_of
from ecr_fargate_constructs.image.direct import check_delivery
from ecr_fargate_constructs.image.published_image import PublishedImage, build_and_push
from ecr_fargate_constructs.repository.private_repository import PrivateRepository
from ecr_fargate_constructs.service.base import LoadBalancedService
from ecr_fargate_constructs.service.container.application import AppContainer
from ecr_fargate_constructs.service.load_balanced import build as build_service
from ecr_fargate_constructs.service.plan import LoadBalancedPlan, TaskPlan

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import aws_cdk as cdk
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_ecr as ecr
    from constructs import Construct

    from ecr_fargate_constructs._rules.task_size import TaskSize
    from ecr_fargate_constructs._rules.tokens import Number
    from ecr_fargate_constructs.image.context import BuildContext
    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.deployment.rolling import Deployment
    from ecr_fargate_constructs.service.ingress.values import Ingress
    from ecr_fargate_constructs.service.release.command import ReleaseCommand


class EcrFargateService(
    LoadBalancedService[
        ecs_patterns.ApplicationLoadBalancedFargateService, ecs.FargateService, ecs.FargateTaskDefinition
    ]
):
    """A directory with a Dockerfile, running behind a load balancer from a private repository.

    It creates a ``PrivateRepository``, builds the image from ``directory`` into it, and runs the image with a
    ``LoadBalancedFargateService``. Each has its own defaults, and each is exposed. This class does nothing else: for
    more options, compose the three directly.

    With ``image`` instead of ``directory`` it creates neither a repository nor an image: it runs an existing image,
    such as the ``image`` of another service, so that several services share one build and one copy.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        directory: str | os.PathLike[str] | None = None,
        image: PublishedImage | None = None,
        container_port: Number,
        build: ImageBuild | None = None,
        repository: PrivateRepository | ecr.IRepository | None = None,
        environment: Mapping[str, str] | None = None,
        secrets: Mapping[str, ecs.Secret] | None = None,
        size: TaskSize | None = None,
        desired_count: Number | None = None,
        ingress: Ingress | None = None,
        scaling: Scaling | None = None,
        deployment: Deployment | None = None,
        release_command: ReleaseCommand | None = None,
        cluster: ecs.ICluster | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: ec2.SubnetSelection | None = None,
        health_check_grace_period: cdk.Duration | None = None,
    ) -> None:
        """Create repository, image and service.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            directory: Directory with the Dockerfile; a relative path starts at the working directory of the process.
            image: Existing image to run: the ``image`` of another service, or one that a ``PrivateRepository`` returns.
                Set either ``directory`` or ``image``.
            container_port: TCP port on which the application listens.
            build: Options of the build; default, ``ImageBuild()``. Not together with ``image``.
            repository: Repository of the image; default, a ``PrivateRepository`` of its own. The image is pushed to the
                repository of an ``ImageRepositoryStack``, and copied to any other. Not together with ``image``, which
                has its repository already.
            environment: Environment variables; default, none.
            secrets: Environment variables with values from Secrets Manager or Parameter Store; default, none.
            size: CPU and memory of a task; default, ``TaskSize()``: 256 CPU units and 512 MiB.
            desired_count: Number of tasks, 1 or more; default, 2. Not together with ``scaling``.
            ingress: Kind and settings of the load balancer; default, ``PublicHttp()``, with a warning that traffic is
                not encrypted.
            scaling: Limits and signals of an autoscaler; default, none: ``desired_count`` tasks run.
            deployment: Replacement of the old version by a new one; default, ``Rolling()``.
            release_command: Command that runs once per version, before its first task starts, such as a migration;
                default, none.
            cluster: Cluster of the service; default, the one that the services of the stack share.
            vpc: VPC for a new cluster; default, the one that the services of the stack share. Not together
                with ``cluster``.
            subnets: Subnets of the tasks; default, private subnets with a route to the internet. Tasks in public
                subnets get public addresses.
            health_check_grace_period: Time after the start of a task in which ECS does not stop it for failed health
                checks, 0 seconds to 68 years; default, the first successful checks, at least 60 seconds.

        Raises:
            ConfigurationError: For any value that cannot work, before anything exists.
        """
        path = path_of(scope, construct_id)
        tcp_port("container_port", container_port)
        text_map("environment", environment or {})
        plan = LoadBalancedPlan.of(
            scope,
            construct_id,
            ingress=ingress,
            desired_count=desired_count,
            scaling=scaling,
            deployment=deployment,
            release_command=release_command,
            cluster=cluster,
            vpc=vpc,
            subnets=subnets,
            health_check_grace_period=health_check_grace_period,
        )
        source = _source_of(scope, directory, image, build=build, repository=repository)
        super().__init__(scope, construct_id)
        self._image = source if isinstance(source, PublishedImage) else self._built(*source, path, repository)
        container = AppContainer(self._image, container_port, environment=environment or {}, secrets=secrets or {})
        task_plan = TaskPlan.of(plan, container, size=size)
        inner = LibraryConstruct(self, "Default")  # which logical ids omit
        self._assembly = build_service(inner, plan, task_plan)

    def _built(
        self,
        context: BuildContext,
        build: ImageBuild,
        path: str,
        repository: PrivateRepository | ecr.IRepository | None,
    ) -> PublishedImage:
        if repository is None:
            repository = PrivateRepository(self, "Repository")
        home = repository.repository if isinstance(repository, PrivateRepository) else repository
        image = build_and_push(self, "Image", context=context, build=build, repository=home)
        if isinstance(repository, PrivateRepository):
            repository.watch(image.tag or "", name=path)
        return image

    @property
    def repository(self) -> ecr.IRepository:
        """The repository that holds the image."""
        return self._image.repository

    @property
    def image(self) -> PublishedImage:
        """The image."""
        return self._image


def _source_of(
    scope: Construct,
    directory: str | os.PathLike[str] | None,
    image: PublishedImage | None,
    *,
    build: ImageBuild | None,
    repository: PrivateRepository | ecr.IRepository | None,
) -> tuple[BuildContext, ImageBuild] | PublishedImage:
    """Return the image, or the inspected directory from which to build it, and the options of the build."""
    if directory is None:
        if image is None:
            raise ConfigurationError(
                "EcrFargateService has neither directory nor image; use directory='./app' to build an image, or "
                "image=other.image to run one that exists"
            )
        for name, option in (("build", build), ("repository", repository)):
            if option is not None:
                raise ConfigurationError(
                    f"{name} cannot be used together with image, which is built already and has its own repository; "
                    f"omit {name}, or use directory instead of image"
                )
        return image
    if image is not None:
        raise ConfigurationError(
            "directory and image are both set; use directory to build an image, or image to run one that exists"
        )
    options = build or ImageBuild()
    context = inspect_context(directory, options, outdir=outdir_of(scope))
    if repository is not None:
        check_delivery(scope, repository)
    return context, options
