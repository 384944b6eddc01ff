"""A task on Fargate that runs on a schedule."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import aws_cdk as cdk
import jsii
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn

from ecr_fargate_constructs._cdk.acknowledge import acknowledge
from ecr_fargate_constructs._cdk.alarm_actions import bound
from ecr_fargate_constructs._cdk.construct import LibraryConstruct
from ecr_fargate_constructs._cdk.durations import number_of_seconds, seconds_in, unless_token
from ecr_fargate_constructs._cdk.site import resource_of
from ecr_fargate_constructs._regulated import parts
from ecr_fargate_constructs._regulated.findings import acknowledge_dead_letters, acknowledge_job, expect_grants
from ecr_fargate_constructs.network.reachability import check_way_to_image
from ecr_fargate_constructs.service.capacity.autoscaling import strategies_of
from ecr_fargate_constructs.service.foundation import fargate_foundation
from ecr_fargate_constructs.service.job.alarms import add_alarms
from ecr_fargate_constructs.service.job.permissions import machine_role
from ecr_fargate_constructs.service.job.plan import JobPlan
from ecr_fargate_constructs.service.job.states import Machine
from ecr_fargate_constructs.service.placement import has_way_out, select, wait_for_way_out
from ecr_fargate_constructs.service.plan import TaskPlan
from ecr_fargate_constructs.service.task.mounts import open_file_system

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_ecs as ecs
    from aws_cdk import aws_logs as logs
    from constructs import Construct

    from ecr_fargate_constructs._rules.task_size import TaskSize
    from ecr_fargate_constructs.service.capacity.fargate import OnDemand, Spot
    from ecr_fargate_constructs.service.container.job import JobContainer
    from ecr_fargate_constructs.service.container.sidecar import Sidecar
    from ecr_fargate_constructs.service.job.runs import JobAlarms, JobRuns

_MOST_ATTEMPTS = 185  # of EventBridge Scheduler to start a run, its default and its most; the age limits them


@jsii.implements(iam.IGrantable, ec2.IConnectable)
class ScheduledJob(LibraryConstruct):
    """A task on Fargate that runs on a schedule: EventBridge Scheduler starts it, and Step Functions sees to its end.

    EventBridge Scheduler alone would start a task and forget it. A state machine waits for the task at no cost, repeats
    it, stops it when it takes too long, and lets no two of them overlap unless you allow it; its console shows each run
    of the last 90 days. A run takes 5 state transitions; beyond the 4,000 a month that are free, 1,000 cost 0.025 US
    dollars, and the three alarms 0.30 US dollars a month.

    EventBridge Scheduler starts a run at least once, in rare cases twice; unless you allow overlaps, the second one is
    left out if ECS lists the first one's task already. A task gets no standard input, and no name in Service Connect.
    A run fails if any container of its task exits with another status than 0, a sidecar's included.

    It is grantable and connectable: ``bucket.grant_read(job)``, ``database.connections.allow_default_port_from(job)``.

    Source: "Run Amazon ECS or Fargate tasks with Step Functions" in the AWS Step Functions developer guide.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        container: JobContainer,
        schedule: scheduler.ScheduleExpression,
        runs: JobRuns | None = None,
        alarms: JobAlarms | None = None,
        enabled: bool = True,
        sidecars: Sequence[Sidecar] = (),
        size: TaskSize | None = None,
        capacity: OnDemand | Spot | None = None,
        cluster: ecs.ICluster | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: ec2.SubnetSelection | None = None,
        log_retention: logs.RetentionDays | None = None,
    ) -> None:
        """Create the job.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            container: The job's container.
            schedule: When it is due, for example
                ``aws_scheduler.ScheduleExpression.cron(hour="3", minute="0", time_zone=cdk.TimeZone.EUROPE_BERLIN)`` or
                ``ScheduleExpression.rate(cdk.Duration.hours(1))``. Without a time zone: UTC.
            runs: Timeout, further attempts and overlaps; default, ``JobRuns()``: an hour, none, and none.
            alarms: Alarms on failed and missing runs; default, ``JobAlarms()``, without actions.
            enabled: Run on schedule; default, True. With False it runs only when you start its state machine.
            sidecars: Containers that run beside it in every task; default, none.
            size: CPU, memory and ephemeral storage of a task; default, ``TaskSize()``: 256 CPU units and 512 MiB.
            capacity: Fargate capacity; default, ``OnDemand()``. A run on ``Spot()`` fails when AWS reclaims its task,
                so give it ``JobRuns(retries=…)``.
            cluster: Cluster of the tasks; default, the stack's own.
            vpc: VPC for a new cluster; default, the one that the services of the stack share. Not together with
                ``cluster``.
            subnets: Subnets of the tasks; default, private subnets with a route to the internet.
            log_retention: Time for which logs are kept; default, 30 days, or a year under ``Posture.REGULATED``. There
                is no log group when every container sets its own ``logging``.

        Raises:
            ConfigurationError: The options contradict each other, AWS refuses one, or the network has no route to the
                image.
        """
        plan = JobPlan.of(
            scope,
            construct_id,
            containers=(container, *sidecars),
            schedule=schedule,
            runs=runs,
            alarms=alarms,
            capacity=capacity,
            cluster=cluster,
            vpc=vpc,
            subnets=subnets,
        )
        task_plan = TaskPlan.of(plan, container, sidecars=sidecars, size=size, log_retention=log_retention)
        actions = bound(plan.alarms.actions)
        super().__init__(scope, construct_id)
        self._foundation = fargate_foundation(self, plan, task_plan)
        self._group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=self._foundation.vpc, description=f"Tasks of {plan.path}"[:255]
        )
        self._machine = self._state_machine(plan)
        self._dead_letters = self._queue()
        self._schedule = self._scheduled(plan, enabled=enabled)
        self._alarms = add_alarms(self, plan, self._machine, self._dead_letters, actions, enabled=enabled)
        self._open_volumes()
        if not has_way_out(self._foundation.vpc, plan.subnets):
            check_way_to_image(self, self._foundation.vpc, self._foundation.subnets, self.task_definition)

    def _state_machine(self, plan: JobPlan) -> sfn.StateMachine:
        stack, definition, cluster = cdk.Stack.of(self), self.task_definition, self.cluster
        strategies = strategies_of(self, cluster, plan.fargate.shares)
        machine = Machine(
            partition=stack.partition,
            cluster=cluster.cluster_arn,
            family=definition.family,
            task=self._run_task(strategies),
            timeout=number_of_seconds(plan.runs.timeout),
            retries=plan.runs.retries,
            retry_interval=number_of_seconds(plan.runs.retry_interval),
            overlap=plan.runs.overlap,
        )
        made = sfn.StateMachine(
            self,
            "StateMachine",
            definition_body=sfn.DefinitionBody.from_string(stack.to_json_string(machine.definition())),
            role=machine_role(self, cluster, definition),
        )
        resource = cast("cdk.CfnResource", resource_of(made))
        if strategies is not None:
            resource.node.add_dependency(cluster)
        wait_for_way_out(resource, cluster, self.vpc)
        acknowledge(
            resource,
            {
                "AwsSolutions::AwsSolutions-SF1": "Step Functions keeps the events of each run for 90 days, and the "
                "container's lines are in the log group of the job: a second log would say nothing more.",
                "AwsSolutions::AwsSolutions-SF2": "A run starts one task and waits for it: there is nothing to trace.",
            },
        )
        acknowledge_job(resource)
        return made

    def _run_task(self, strategies: Sequence[ecs.CapacityProviderStrategy] | None) -> dict[str, Any]:
        """Return the parameters of ``RunTask``."""
        made = self._foundation
        selected = select(made.vpc, made.subnets)
        parameters: dict[str, Any] = {
            "Cluster": made.cluster.cluster_arn,
            "TaskDefinition": made.task.definition.task_definition_arn,
            "PlatformVersion": "LATEST",
            "PropagateTags": "TASK_DEFINITION",
            "NetworkConfiguration": {
                "AwsvpcConfiguration": {
                    "Subnets": selected.subnet_ids,
                    "SecurityGroups": [self._group.security_group_id],
                    "AssignPublicIp": "ENABLED" if made.public_addresses else "DISABLED",
                }
            },
        }
        if strategies is None:
            parameters["LaunchType"] = "FARGATE"
        else:
            parameters["CapacityProviderStrategy"] = [
                {"CapacityProvider": each.capacity_provider, "Weight": each.weight} for each in strategies
            ]
        return parameters

    def _queue(self) -> sqs.Queue:
        key = _key(self)
        queue = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED if key is None else sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        acknowledge_dead_letters(queue)
        acknowledge(
            resource_of(queue), {"AwsSolutions::AwsSolutions-SQS3": "It is the dead-letter queue of the schedule."}
        )
        return queue

    def _scheduled(self, plan: JobPlan, *, enabled: bool) -> scheduler.Schedule:
        account = cdk.Stack.of(self).account
        role = iam.Role(
            self,
            "ScheduleRole",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": account}}
            ),
            description=f"Starts the runs of {plan.path}"[:1000],
        )
        expect_grants(role)
        key = self._dead_letters.encryption_master_key
        if key is not None:  # the target allows it to send, and nothing that an encrypted queue takes
            role.add_to_principal_policy(
                iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key.key_arn])
            )
        made = scheduler.Schedule(
            self,
            "Schedule",
            schedule=plan.schedule,
            target=targets.StepFunctionsStartExecution(
                self._machine,
                dead_letter_queue=self._dead_letters,
                input=scheduler.ScheduleTargetInput.from_object({"due": scheduler.ContextAttribute.scheduled_time}),
                max_event_age=unless_token(plan.runs.max_event_age),
                retry_attempts=_MOST_ATTEMPTS,
                role=role,
            ),
            enabled=enabled,
            key=_key(self),
        )
        resource = resource_of(made)
        if isinstance(resource, scheduler.CfnSchedule) and seconds_in(plan.runs.max_event_age) is None:
            age = number_of_seconds(plan.runs.max_event_age)
            resource.add_property_override("Target.RetryPolicy.MaximumEventAgeInSeconds", age)
        return made

    def _open_volumes(self) -> None:
        volumes = self._foundation.task.volumes
        if not volumes:
            return
        from ecr_fargate_constructs.service.container.volumes import EfsVolume  # noqa: PLC0415 - few tasks have volumes

        for volume in volumes:
            if isinstance(volume, EfsVolume):
                open_file_system(self, self.vpc, self.connections, volume.file_system)
                self._machine.node.add_dependency(volume.file_system.mount_targets_available)

    @property
    def state_machine(self) -> sfn.StateMachine:
        """The state machine; an execution of it is a run of the job."""
        return self._machine

    @property
    def schedule(self) -> scheduler.Schedule:
        """The schedule."""
        return self._schedule

    @property
    def dead_letter_queue(self) -> sqs.Queue:
        """The queue of the runs that EventBridge Scheduler could not start, each with the reason."""
        return self._dead_letters

    @property
    def failed_alarm(self) -> cloudwatch.Alarm:
        """The alarm on a run that failed."""
        return self._alarms.failed

    @property
    def missed_alarm(self) -> cloudwatch.Alarm | None:
        """The alarm on a time without success; None if the job is disabled, or runs too rarely."""
        return self._alarms.missed

    @property
    def dead_letter_alarm(self) -> cloudwatch.Alarm:
        """The alarm on a run that could not be started."""
        return self._alarms.dead_letter

    @property
    def task_definition(self) -> ecs.FargateTaskDefinition:
        """The task definition."""
        return self._foundation.task.definition

    @property
    def container(self) -> ecs.ContainerDefinition:
        """The job's container."""
        return self._foundation.task.container

    @property
    def cluster(self) -> ecs.ICluster:
        """The cluster."""
        return self._foundation.cluster

    @property
    def vpc(self) -> ec2.IVpc:
        """The VPC."""
        return self._foundation.vpc

    @property
    def log_group(self) -> logs.ILogGroup | None:
        """The log group; None when every container sets its own log driver."""
        return self._foundation.task.log_group

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The task role."""
        role = self.task_definition.task_role
        expect_grants(role)
        return role

    @cached_property
    def connections(self) -> ec2.Connections:
        """Network connections of the tasks, always the same object; they have no default port."""
        return ec2.Connections(security_groups=[self._group])


def _key(scope: Construct) -> kms.IKey | None:
    key = parts.encryption_key(scope)
    if key is None or hasattr(key, "grant_decrypt"):
        return cast("kms.IKey | None", key)
    return kms.Key.from_key_arn(scope, "Key", key.key_ref.key_arn)
