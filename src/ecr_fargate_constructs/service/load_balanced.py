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
    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.container.application import AppContainer
    from ecr_fargate_constructs.service.container.sidecar import Sidecar
    from ecr_fargate_constructs.service.deployment.rolling import Deployment
    from ecr_fargate_constructs.service.ingress.values import Ingress


class LoadBalancedFargateService(
    LoadBalancedService[
        ecs_patterns.ApplicationLoadBalancedFargateService, ecs.FargateService, ecs.FargateTaskDefinition
    ]
):
    """A Fargate service behind an Application Load Balancer.

    Inside is CDK's ``ApplicationLoadBalancedFargateService``, at ``.pattern``, under the logical ids that it would have
    without this library. What is different from the pattern, and why:

    - two tasks, in two zones; none is stopped before its successor serves;
    - a deployment that does not come up is rolled back after a few failed tasks;
    - health checks every 10 seconds and 30 seconds of draining, so that a rollout takes a minute and not ten;
    - tasks get SIGTERM and 30 seconds, through an init process; their root file system is read-only;
    - the load balancer drops malformed headers; tasks can be reached by the load balancer only;
    - logs are kept for 30 days, also when the stack is deleted, and never block the application;
    - tags travel to the tasks; the platform is explicit.

    It is grantable (``table.grant_read_data(service)`` gives to the task role) and connectable
    (``database.connections.allow_default_port_from(service)``).

    Services of one stack that bring neither ``cluster`` nor ``vpc`` share one of each: two zones, two NAT gateways
    (about 65 US dollars a month) and the free S3 endpoint through which image layers travel.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        container: AppContainer,
        sidecars: Sequence[Sidecar] = (),
        size: TaskSize | None = None,
        desired_count: float | None = None,
        ingress: Ingress | None = None,
        scaling: Scaling | None = None,
        deployment: Deployment | None = None,
        cluster: ecs.ICluster | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: ec2.SubnetSelection | None = None,
        exec_enabled: bool = False,
        health_check_grace_period: cdk.Duration | None = None,
        log_retention: logs.RetentionDays | None = None,
    ) -> None:
        """Create the service.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            container: What runs.
            sidecars: Containers that run beside it in every task.
            size: CPU and memory of a task; left out, ``TaskSize()``: 256 CPU units and 512 MiB.
            desired_count: Number of tasks, 1 or more; left out, 2. Leave it out with ``scaling``.
            ingress: How traffic comes in; left out, ``PublicHttp()``, with a warning that nothing is encrypted.
            scaling: Lets an autoscaler decide how many tasks run, and says on what; left out, ``desired_count`` tasks
                run on ``OnDemand()`` capacity.
            deployment: How a new version replaces the old one; left out, ``Rolling()``.
            cluster: Cluster to run in.
            vpc: VPC to make a cluster in; leave it out with ``cluster``.
            subnets: Where tasks run; left out, private subnets with a way out. Tasks in public subnets get public
                addresses, since without one they could not pull their image.
            exec_enabled: Whether shells can be opened in running tasks (``aws ecs execute-command``). The paths that
                the agent writes are mounted, and the task role may talk to Session Manager. In the stack's own cluster
                sessions are logged to a log group that stays, for a year; the image needs ``script`` and ``cat`` for
                that. A cluster of yours is left as it is, with a warning that says where sessions are logged.
            health_check_grace_period: Time from the start of a task in which ECS does not stop it for failed checks, 0
                seconds to 68 years; left out, the container's ``start_period`` and the first good checks, at least 60
                seconds.
            log_retention: How long logs are kept; left out, 30 days, or a year under ``Posture.REGULATED``. When every
                container brings its own ``logging`` there is no log group.

        Raises:
            ConfigurationError: For a contradiction between the options, or a network without a way to the image.
        """
        plan = LoadBalancedPlan.of(
            scope,
            construct_id,
            ingress=ingress,
            desired_count=desired_count,
            scaling=scaling,
            deployment=deployment,
            cluster=cluster,
            vpc=vpc,
            subnets=subnets,
            health_check_grace_period=health_check_grace_period,
        )
        runs = TaskPlan.of(
            plan, container, sidecars=sidecars, size=size, sessions=exec_enabled, log_retention=log_retention
        )
        super().__init__(scope, construct_id)
        self._assembly = build(self, plan, runs)


def build(
    scope: Construct, plan: LoadBalancedPlan, runs: TaskPlan
) -> BalancedAssembly[
    ecs_patterns.ApplicationLoadBalancedFargateService, ecs.FargateService, ecs.FargateTaskDefinition
]:
    """Make a service as it was planned."""
    if plan.ingress_is_default:
        warn_of_plain_http(scope)
    foundation = fargate_foundation(scope, plan, runs)
    balancer = load_balancer(scope, plan.ingress, foundation.vpc)
    pattern = ecs_patterns.ApplicationLoadBalancedFargateService(
        scope,
        "Default",  # left out of logical ids: they are the ones of the bare pattern
        task_definition=foundation.task.definition,
        task_subnets=foundation.subnets,
        assign_public_ip=foundation.public_addresses,
        platform_version=ecs.FargatePlatformVersion.LATEST,
        **foundation.options(),
        **pattern_options(plan.ingress, balancer),
    )
    return assemble(scope, pattern, pattern.service, balancer, plan=plan, foundation=foundation)
