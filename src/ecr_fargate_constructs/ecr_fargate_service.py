"""The front door: one construct for repository, image and service. Wiring only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jsii
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from constructs import Construct

from ecr_fargate_constructs._cdk.scopes import all_or_nothing
from ecr_fargate_constructs._cdk.tree import adopt, path_of
from ecr_fargate_constructs._rules.checks import tcp_port, text_map
from ecr_fargate_constructs.image.build import ImageBuild
from ecr_fargate_constructs.image.context import inspect_context, outdir_of
from ecr_fargate_constructs.image.direct import check_delivery
from ecr_fargate_constructs.image.published_image import PublishedImage, build_and_push
from ecr_fargate_constructs.posture import posture_of
from ecr_fargate_constructs.repository.private_repository import PrivateRepository
from ecr_fargate_constructs.service.container.application import AppContainer
from ecr_fargate_constructs.service.deployment.apply import check_deployment
from ecr_fargate_constructs.service.ingress.addresses import check_ipv6, check_way_in
from ecr_fargate_constructs.service.ingress.existing import check_existing, vpc_for
from ecr_fargate_constructs.service.load_balanced import LoadBalancedFargateService
from ecr_fargate_constructs.service.placement import check_placement

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_ecs as ecs
    from aws_cdk import aws_ecs_patterns as ecs_patterns
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2
    from aws_cdk import aws_logs as logs

    from ecr_fargate_constructs._rules.task_size import TaskSize
    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.deployment.traffic_shift import Deployment
    from ecr_fargate_constructs.service.ingress.values import Ingress


@jsii.implements(iam.IGrantable, ec2.IConnectable)
class EcrFargateService(Construct):
    """A directory with a Dockerfile, running behind a load balancer out of a private repository.

    What you get: a ``PrivateRepository``, the image built from ``directory`` that lives in it, and a
    ``LoadBalancedFargateService`` that runs it, each with the defaults of its own and each exposed. Who needs more than
    the options here composes these three directly; nothing else happens inside.
    """

    @all_or_nothing
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        directory: str | os.PathLike[str],
        container_port: float,
        build: ImageBuild | None = None,
        repository: PrivateRepository | ecr.IRepository | None = None,
        environment: Mapping[str, str] | None = None,
        secrets: Mapping[str, ecs.Secret] | None = None,
        size: TaskSize | None = None,
        ingress: Ingress | None = None,
        scaling: Scaling | None = None,
        deployment: Deployment | None = None,
        cluster: ecs.ICluster | None = None,
        vpc: ec2.IVpc | None = None,
    ) -> None:
        """Create repository, image and service.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            directory: Directory with the Dockerfile; a relative path counts from the working directory of the process.
            container_port: TCP port that the application listens on.
            build: How to build; left out, ``ImageBuild()``.
            repository: Where the image lives; left out, a ``PrivateRepository`` of its own. With the repository of an
                ``ImageRepositoryStack`` the image is pushed there, else it is copied.
            environment: Environment variables.
            secrets: Environment variables whose values come from Secrets Manager or Parameter Store.
            size: CPU and memory of a task; left out, ``TaskSize()``.
            ingress: How traffic comes in; left out, ``PublicHttp()``, with a warning.
            scaling: Lets an autoscaler decide how many tasks run; left out, 2 run.
            deployment: How a new version replaces the old one; left out, ``Rolling()``.
            cluster: Cluster to run in; left out, the stack's.
            vpc: VPC to make a cluster in; leave it out with ``cluster``.

        Raises:
            ConfigurationError: For any value that cannot work, before anything exists.
        """
        path = path_of(scope, construct_id)
        posture_of(scope, path=path)
        tcp_port("container_port", container_port, path=path)
        text_map("environment", environment or {}, path=path)
        vpc = vpc_for(ingress, cluster=cluster, vpc=vpc)
        check_placement(cluster=cluster, vpc=vpc, subnets=None, path=path)
        check_existing(scope, ingress, cluster=cluster, vpc=vpc, path=path)
        check_deployment(deployment, ingress, scaling, path=path)
        check_way_in(scope, ingress, path=path)
        check_ipv6(ingress, cluster=cluster, vpc=vpc, path=path)
        context = inspect_context(directory, build or ImageBuild(), path=path, outdir=outdir_of(scope))
        if repository is not None:
            check_delivery(scope, repository, path=path)
        super().__init__(scope, construct_id)
        adopt(self, scope, path)
        if repository is None:
            repository = PrivateRepository(self, "Repository")
        home = repository.repository if isinstance(repository, PrivateRepository) else repository
        self._image = build_and_push(self, "Image", context=context, build=build or ImageBuild(), repository=home)
        if isinstance(repository, PrivateRepository):
            repository.watch(self._image.tag or "", name=path)
        self._inner = LoadBalancedFargateService(
            self,
            "Default",  # left out of logical ids
            container=AppContainer(self._image, container_port, environment=environment or {}, secrets=secrets or {}),
            size=size,
            ingress=ingress,
            scaling=scaling,
            deployment=deployment,
            cluster=cluster,
            vpc=vpc,
        )

    @property
    def repository(self) -> ecr.IRepository:
        """The repository that holds the image."""
        return self._image.repository

    @property
    def image(self) -> PublishedImage:
        """The image."""
        return self._image

    @property
    def pattern(self) -> ecs_patterns.ApplicationLoadBalancedFargateService:
        """CDK's pattern."""
        return self._inner.pattern

    @property
    def service(self) -> ecs.FargateService:
        """The ECS service."""
        return self._inner.service

    @property
    def task_definition(self) -> ecs.FargateTaskDefinition:
        """The task definition."""
        return self._inner.task_definition

    @property
    def container(self) -> ecs.ContainerDefinition:
        """The container that serves the traffic."""
        return self._inner.container

    @property
    def load_balancer(self) -> elbv2.ApplicationLoadBalancer:
        """The load balancer."""
        return self._inner.load_balancer

    @property
    def listener(self) -> elbv2.ApplicationListener:
        """The listener that serves the traffic."""
        return self._inner.listener

    @property
    def target_group(self) -> elbv2.ApplicationTargetGroup:
        """The target group."""
        return self._inner.target_group

    @property
    def target_groups(self) -> Sequence[elbv2.ApplicationTargetGroup]:
        """All target groups: two where traffic shifts from one to the other."""
        return self._inner.target_groups

    @property
    def cluster(self) -> ecs.ICluster:
        """The cluster."""
        return self._inner.cluster

    @property
    def vpc(self) -> ec2.IVpc:
        """The VPC."""
        return self._inner.vpc

    @property
    def log_group(self) -> logs.ILogGroup | None:
        """The log group."""
        return self._inner.log_group

    @property
    def url(self) -> str:
        """Where the service answers."""
        return self._inner.url

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The task role."""
        return self._inner.grant_principal

    @property
    def connections(self) -> ec2.Connections:
        """Network connections of the tasks."""
        return self._inner.connections
