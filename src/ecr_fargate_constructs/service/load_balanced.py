"""The load-balanced service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns

from ecr_fargate_constructs.service.base import BalancedAssembly, LoadBalancedService, assemble, pattern_options
from ecr_fargate_constructs.service.foundation import fargate_foundation
from ecr_fargate_constructs.service.ingress.load_balancer import load_balancer, warn_of_plain_http
from ecr_fargate_constructs.service.plan import LoadBalancedPlan, TaskPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_logs as logs
    from constructs import Construct

    from ecr_fargate_constructs._rules.task_size import TaskSize
    from ecr_fargate_constructs._rules.tokens import Number
    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.container.application import AppContainer
    from ecr_fargate_constructs.service.container.sidecar import Sidecar
    from ecr_fargate_constructs.service.deployment.rolling import Deployment
    from ecr_fargate_constructs.service.ingress.values import Ingress
    from ecr_fargate_constructs.service.release.command import ReleaseCommand


class LoadBalancedFargateService(
    LoadBalancedService[
        ecs_patterns.ApplicationLoadBalancedFargateService, ecs.FargateService, ecs.FargateTaskDefinition
    ]
):
    """A Fargate service behind an Application Load Balancer.

    Inside is CDK's ``ApplicationLoadBalancedFargateService``, at ``.pattern``, under the logical ids that it would have
    without this library. Differences from the pattern, and why:

    - two tasks, in two zones; none is stopped before its successor serves;
    - a deployment whose tasks do not become healthy is rolled back after a few failed tasks;
    - health checks every 10 seconds and 30 seconds of draining, so that a rollout takes a minute and not ten;
    - tasks get SIGTERM and 30 seconds, through an init process; their root file system is read-only;
    - the load balancer drops malformed headers; only the load balancer can reach the tasks;
    - logs are kept for 30 days, also when the stack is deleted, and never block the application;
    - tags propagate to the tasks; the platform version and operating system are explicit.

    It is grantable (``table.grant_read_data(service)`` grants to the task role) and connectable
    (``database.connections.allow_default_port_from(service)``).

    Services of one stack to which you pass neither ``cluster`` nor ``vpc`` share one of each: two zones, two NAT
    gateways (about 65 US dollars a month) and the free S3 endpoint through which image layers are pulled.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        container: AppContainer,
        sidecars: Sequence[Sidecar] = (),
        size: TaskSize | None = None,
        desired_count: Number | None = None,
        ingress: Ingress | None = None,
        scaling: Scaling | None = None,
        deployment: Deployment | None = None,
        release_command: ReleaseCommand | None = None,
        cluster: ecs.ICluster | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: ec2.SubnetSelection | None = None,
        enable_execute_command: bool = False,
        health_check_grace_period: cdk.Duration | None = None,
        log_retention: logs.RetentionDays | None = None,
    ) -> None:
        """Create the service.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            container: The application.
            sidecars: Containers that run beside it in every task; default, none.
            size: CPU and memory of a task; default, ``TaskSize()``: 256 CPU units and 512 MiB.
            desired_count: Number of tasks, 1 or more; default, 2. Not together with ``scaling``.
            ingress: Kind and settings of the load balancer; default, ``PublicHttp()``, with a warning that traffic is
                not encrypted.
            scaling: Limits and signals of an autoscaler, and the capacity that it uses; default, none:
                ``desired_count`` tasks run on ``OnDemand()`` capacity.
            deployment: Replacement of the old version by a new one; default, ``Rolling()``.
            release_command: Command that runs once per version, before its first task starts, such as a migration;
                default, none.
            cluster: Cluster of the service; default, the one that the services of the stack share.
            vpc: VPC for a new cluster; default, the one that the services of the stack share. Not together
                with ``cluster``.
            subnets: Subnets of the tasks; default, private subnets with a route to the internet. Tasks in public
                subnets get public addresses, since they could not pull their image otherwise.
            enable_execute_command: Allow shells in running tasks (``aws ecs execute-command``); default, False. The
                paths that the agent writes are mounted, and the task role may call Session Manager. In the stack's own
                cluster sessions are logged for a year, to a log group that is retained; this requires ``script`` and
                ``cat`` in the image. A cluster that you pass is not changed; a warning says where it logs sessions.
            health_check_grace_period: Time after the start of a task in which ECS does not stop it for failed health
                checks, 0 seconds to 68 years; default, the ``start_period`` of the container and the first successful
                checks, at least 60 seconds.
            log_retention: Time for which logs are kept; default, 30 days, or a year under ``Posture.REGULATED``. There
                is no log group when every container sets its own ``logging``.

        Raises:
            ConfigurationError: For a contradiction between the options, or a network without a route to the image.
        """
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
        task_plan = TaskPlan.of(
            plan, container, sidecars=sidecars, size=size, sessions=enable_execute_command, log_retention=log_retention
        )
        super().__init__(scope, construct_id)
        self._assembly = build(self, plan, task_plan)


def build(
    scope: Construct, plan: LoadBalancedPlan, task_plan: TaskPlan
) -> BalancedAssembly[
    ecs_patterns.ApplicationLoadBalancedFargateService, ecs.FargateService, ecs.FargateTaskDefinition
]:
    """Create a service from its plan."""
    if plan.ingress_is_default:
        warn_of_plain_http(scope)
    foundation = fargate_foundation(scope, plan, task_plan)
    balancer = load_balancer(scope, plan.ingress, foundation.vpc)
    pattern = ecs_patterns.ApplicationLoadBalancedFargateService(
        scope,
        "Default",  # which logical ids omit: they are those of the bare pattern
        task_definition=foundation.task.definition,
        task_subnets=foundation.subnets,
        assign_public_ip=foundation.public_addresses,
        platform_version=ecs.FargatePlatformVersion.LATEST,
        **foundation.options(),
        **pattern_options(plan.ingress, balancer),
    )
    return assemble(scope, pattern, pattern.service, balancer, plan=plan, foundation=foundation)
