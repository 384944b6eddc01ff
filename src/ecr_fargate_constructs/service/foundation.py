"""The first and the last steps of every service: cluster, subnets, task and capacity, and then the finishing steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypedDict

from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._cdk.site import resource_of
from ecr_fargate_constructs._cdk.tags import tag_service
from ecr_fargate_constructs._regulated.findings import acknowledge_grants
from ecr_fargate_constructs.network.reachability import check_way_to_image
from ecr_fargate_constructs.service.capacity.quotas import warn_of_tasks
from ecr_fargate_constructs.service.deployment.rolling import percents_of
from ecr_fargate_constructs.service.placement import (
    cluster_for,
    cluster_of_instances,
    has_way_out,
    keep_way_out,
    order,
    select,
    task_subnets,
    vpc_of,
)
from ecr_fargate_constructs.service.task.definition import TaskDefinition, build_task, fargate_task_definition
from ecr_fargate_constructs.service.task.exec_sessions import (
    acknowledge_sessions,
    audit_in_given_cluster,
    audit_in_own_cluster,
    warn_of_one_namespace,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_autoscaling as autoscaling
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2
    from constructs import Construct

    from ecr_fargate_constructs.service.plan import ServicePlan, TaskPlan
    from ecr_fargate_constructs.service.task.definition import Task


class ServiceOptions(TypedDict):
    """The options that CDK's two services and its two patterns share."""

    cluster: ecs.ICluster
    desired_count: float | None
    capacity_provider_strategies: Sequence[ecs.CapacityProviderStrategy] | None
    min_healthy_percent: float
    max_healthy_percent: float
    circuit_breaker: ecs.DeploymentCircuitBreaker
    health_check_grace_period: cdk.Duration | None
    propagate_tags: ecs.PropagatedTagSource
    enable_ecs_managed_tags: bool
    enable_execute_command: bool


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Foundation(Generic[TaskDefinition]):
    """The resources that exist before the service itself."""

    plan: ServicePlan
    task_plan: TaskPlan
    cluster: ecs.ICluster
    vpc: ec2.IVpc
    subnets: ec2.SubnetSelection
    public_addresses: bool
    """True if tasks could not pull their image without one."""
    task: Task[TaskDefinition]
    strategies: Sequence[ecs.CapacityProviderStrategy] | None
    """Shares of the capacity providers; None on plain Fargate, and on the instances of a given cluster."""
    auto_scaling_group: autoscaling.AutoScalingGroup | None = None
    """EC2 instances of the service itself; None on Fargate, and on the instances of a given cluster."""
    on_managed_instances: bool = False

    @property
    def _cluster_of_service(self) -> ecs.ICluster:
        if not self.on_managed_instances:
            return self.cluster
        from ecr_fargate_constructs.service.capacity.managed_instances import with_instances  # noqa: PLC0415 - rare

        return with_instances(self.cluster)

    def options(self) -> ServiceOptions:
        """Return the options for the service."""
        least, most = percents_of(self.plan.deployment)
        return ServiceOptions(
            cluster=self._cluster_of_service,
            desired_count=self.plan.count,
            capacity_provider_strategies=self.strategies,
            min_healthy_percent=least,
            max_healthy_percent=most,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            health_check_grace_period=self.plan.grace_of(self.task_plan.container),
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            enable_ecs_managed_tags=True,
            enable_execute_command=self.task_plan.sessions,
        )


def fargate_foundation(
    scope: Construct, plan: ServicePlan, task_plan: TaskPlan
) -> Foundation[ecs.FargateTaskDefinition]:
    """Create everything that a service on Fargate refers to."""
    tag_service(scope, plan.path)
    cluster = plan.cluster if plan.cluster is not None else cluster_for(scope, plan.vpc)
    vpc = vpc_of(cluster)
    subnets, public = task_subnets(scope, vpc, plan.subnets)
    strategies = None
    if plan.scaling is not None:
        from ecr_fargate_constructs.service.capacity.autoscaling import fargate_strategies  # noqa: PLC0415 - only with scaling

        strategies = fargate_strategies(scope, cluster, plan.scaling)
    return Foundation(
        plan=plan,
        task_plan=task_plan,
        cluster=cluster,
        vpc=vpc,
        subnets=subnets,
        public_addresses=public,
        task=_task(scope, fargate_task_definition(scope, task_plan.size, task_plan.container.runs_on), plan, task_plan),
        strategies=strategies,
    )


def ec2_foundation(scope: Construct, plan: ServicePlan, task_plan: TaskPlan) -> Foundation[ecs.Ec2TaskDefinition]:
    """Create everything that a service on EC2 refers to."""
    from ecr_fargate_constructs.service.capacity.ec2 import Ec2Capacity, add_capacity  # noqa: PLC0415 - only on EC2
    from ecr_fargate_constructs.service.capacity.managed_instances import (  # noqa: PLC0415 - as above
        ManagedInstancesCapacity,
        add_managed_capacity,
    )
    from ecr_fargate_constructs.service.task.ec2 import ec2_task_definition  # noqa: PLC0415 - as above

    tag_service(scope, plan.path)
    cluster = plan.cluster if plan.cluster is not None else cluster_of_instances(scope, plan.vpc)
    vpc = vpc_of(cluster)
    subnets, _ = task_subnets(scope, vpc, plan.subnets)
    task = _task(scope, ec2_task_definition(scope), plan, task_plan)
    group, strategies = None, None
    if isinstance(plan.capacity, ManagedInstancesCapacity):
        provider, strategies = add_managed_capacity(
            scope,
            plan.capacity,
            cluster=cluster,
            subnets=subnets,
            container=task_plan.container,
            size=task_plan.size,
        )
        keep_way_out(provider, vpc)
    elif plan.cluster is None or plan.capacity is not None:
        group, strategies = add_capacity(
            scope, plan.capacity or Ec2Capacity(), cluster=cluster, subnets=subnets, container=task_plan.container
        )
        keep_way_out(resource_of(group), vpc)
    return Foundation(
        plan=plan,
        task_plan=task_plan,
        cluster=cluster,
        vpc=vpc,
        subnets=subnets,
        public_addresses=False,
        task=task,
        strategies=strategies,
        auto_scaling_group=group,
        on_managed_instances=isinstance(plan.capacity, ManagedInstancesCapacity),
    )


def fargate_service(scope: Construct, foundation: Foundation[ecs.FargateTaskDefinition]) -> ecs.FargateService:
    """Create a service on Fargate that CDK's pattern does not create."""
    return ecs.FargateService(
        scope,
        "Service",
        task_definition=foundation.task.definition,
        vpc_subnets=foundation.subnets,
        assign_public_ip=foundation.public_addresses,
        platform_version=ecs.FargatePlatformVersion.LATEST,
        **foundation.options(),
    )


def ec2_service(scope: Construct, foundation: Foundation[ecs.Ec2TaskDefinition]) -> ecs.Ec2Service:
    """Create a service on EC2 that CDK's pattern does not create."""
    from ecr_fargate_constructs.service.container.ec2 import placement_of  # noqa: PLC0415 - only on EC2

    constraints, spread = placement_of(foundation.task_plan.container, managed=foundation.on_managed_instances)
    return ecs.Ec2Service(
        scope,
        "Service",
        task_definition=foundation.task.definition,
        vpc_subnets=foundation.subnets,
        placement_constraints=constraints,
        placement_strategies=spread,
        **foundation.options(),
    )


def _task(scope: Construct, definition: TaskDefinition, plan: ServicePlan, task_plan: TaskPlan) -> Task[TaskDefinition]:
    return build_task(
        scope,
        definition,
        container=task_plan.container,
        sidecars=task_plan.sidecars,
        size=task_plan.size,
        stop_timeout=plan.stop_timeout,
        log_retention=task_plan.log_retention,
    )


def finish(
    scope: Construct,
    service: ecs.FargateService | ecs.Ec2Service,
    target_group: elbv2.ApplicationTargetGroup | None,
    foundation: Foundation[TaskDefinition],
) -> cdk.CustomResource | None:
    """Add scaling, storage, dependencies, checks at synth and the audit of sessions to a service.

    Returns:
        The run of the release command; None without one.
    """
    run = None
    plan, task, cluster = foundation.plan, foundation.task, foundation.cluster
    if foundation.strategies:
        from ecr_fargate_constructs.service.capacity.autoscaling import use_strategies  # noqa: PLC0415 - as in fargate_foundation

        use_strategies(service, cluster, foundation.strategies)
    warn_of_tasks(scope, plan.count, plan.scaling, balanced=target_group is not None)
    if plan.scaling is not None:
        from ecr_fargate_constructs.service.capacity.autoscaling import add_scaling  # noqa: PLC0415 - as above

        add_scaling(service, target_group, plan.scaling)
    task.attach_to(service)
    order(service, cluster, foundation.vpc)
    if plan.release_command is not None:
        from ecr_fargate_constructs.service.release.apply import add_release  # noqa: PLC0415 - only with a command

        run = add_release(
            scope,
            service,
            plan.release_command,
            container=foundation.task_plan.container,
            alone=not foundation.task_plan.sidecars,
            log_group=task.log_group,
            subnet_ids=select(foundation.vpc, foundation.subnets).subnet_ids,
            public_addresses=foundation.public_addresses,
            strategies=foundation.strategies,
        )
    if not has_way_out(foundation.vpc, plan.subnets):
        check_way_to_image(scope, foundation.vpc, foundation.subnets, task.definition)
    if foundation.task_plan.sessions:
        _audit_sessions(scope, cluster, given=plan.cluster is not None, task=task)
    return run


def _audit_sessions(
    scope: Construct,
    cluster: ecs.ICluster,
    *,
    given: bool,
    task: Task[TaskDefinition],
) -> None:
    """Log shell sessions in the stack's own cluster, and warn where a given cluster logs them."""
    role = task.definition.task_role
    warn_of_one_namespace(scope, task.definition)
    acknowledge_sessions(role)
    acknowledge_grants(role)
    if given:
        audit_in_given_cluster(scope, cluster, role, task.log_group)
    else:
        audit_in_own_cluster(cluster, role)
