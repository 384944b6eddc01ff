"""Shell sessions in running tasks (ECS Exec): writable paths for the agent, an audit log, permissions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar, cast

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from ecr_fargate_constructs._cdk.acknowledge import IAM5_EVERY_RESOURCE, acknowledge_policy, iam5_resource
from ecr_fargate_constructs._cdk.attempt import make_shared
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._regulated import parts
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.container.base import TaskContainer

if TYPE_CHECKING:
    from constructs import Construct

Container = TypeVar("Container", bound=TaskContainer)

AGENT_PATHS = ("/managed-agents", "/var/lib/amazon/ssm", "/var/log/amazon/ssm")
"""Paths that the agent writes to. With these writable it works on a read-only root file system.

Source: containers-roadmap#1359 and #2824; ECS's documentation says that a read-only root is not supported.
"""

_LOG_ID = "EcrFargateExecLog"


def open_to_sessions(container: Container) -> Container:
    """Return the container with writable paths for the agent; a writable root needs none."""
    if not container.readonly_root_filesystem:
        return container
    writable = {path.rstrip("/") for path in (*container.writable_paths, *(mount.path for mount in container.mounts))}
    missing = [path for path in AGENT_PATHS if path not in writable]
    return replace(container, writable_paths=[*container.writable_paths, *missing])


def warn_of_one_namespace(scope: Construct, definition: ecs.TaskDefinition) -> None:
    """Warn of containers that share a process namespace: ECS opens one session per process namespace.

    Sources: "Considerations for using ECS Exec" in the Amazon ECS developer guide, and containers-roadmap#2268.
    """
    resource = definition.node.default_child
    shared = resource.pid_mode if isinstance(resource, ecs.CfnTaskDefinition) else None
    if shared is not None:
        warn(
            scope,
            "oneSessionPerNamespace",
            f"enable_execute_command and ContainerRuntime.process_namespace={shared.upper()}: ECS opens one shell "
            "session per process namespace, and not always in the requested container; omit one of the two",
        )


def acknowledge_sessions(task_role: iam.IRole) -> None:
    """Acknowledge the agent's permissions, which CDK grants and which take no resource."""
    acknowledge_policy(
        task_role,
        {
            IAM5_EVERY_RESOURCE: "The channels of Session Manager (ssmmessages) take no resource; a session reaches "
            "this task and no other."
        },
    )


def audit_in_own_cluster(cluster: ecs.ICluster, task_role: iam.IRole) -> None:
    """Log sessions to a log group of the stack's cluster, and allow the task to write to it."""
    log_group = _audit_log_group(cluster)
    resource = cluster.node.default_child
    if not isinstance(resource, ecs.CfnCluster):  # only in a later version of CDK
        raise ConfigurationError("the cluster has no AWS::ECS::Cluster; this version of aws-cdk-lib is not supported")
    # The L2 accepts this only in its constructor, and a service without sessions may have made the cluster.
    resource.configuration = ecs.CfnCluster.ClusterConfigurationProperty(
        execute_command_configuration=ecs.CfnCluster.ExecuteCommandConfigurationProperty(
            logging="OVERRIDE",
            log_configuration=ecs.CfnCluster.ExecuteCommandLogConfigurationProperty(
                cloud_watch_log_group_name=log_group.log_group_name
            ),
        )
    )
    _allow_logging(task_role, log_group)


def audit_in_given_cluster(
    scope: Construct, cluster: ecs.ICluster, task_role: iam.IRole, log_group: logs.ILogGroup | None
) -> None:
    """Leave the configuration of a given cluster unchanged, and warn where its sessions are not logged."""
    configuration = cluster.execute_command_configuration
    logging = None if configuration is None else configuration.logging
    if logging is ecs.ExecuteCommandLogging.OVERRIDE:
        return  # CDK's service has allowed the task to write to the cluster's log
    if logging is ecs.ExecuteCommandLogging.NONE:
        destination = "nowhere, as its cluster is configured"
    elif log_group is None:
        destination = "nowhere, unless its cluster is configured otherwise"
    else:
        _allow_logging(task_role, log_group)  # ECS logs sessions to the container's log
        if logging is ecs.ExecuteCommandLogging.DEFAULT:
            return  # the cluster's owner has chosen that
        destination = "to the service's own log group, unless its cluster is configured otherwise"
    warn(
        scope,
        "execAuditLog",
        f"input of shell sessions is logged {destination}; for an audit log give the cluster "
        "execute_command_configuration=ecs.ExecuteCommandConfiguration(logging=ecs.ExecuteCommandLogging.OVERRIDE, "
        "log_configuration=ecs.ExecuteCommandLogConfiguration(cloud_watch_log_group=…))",
    )


def _audit_log_group(cluster: ecs.ICluster) -> logs.LogGroup:
    stack = cdk.Stack.of(cluster)
    existing = stack.node.try_find_child(_LOG_ID)
    if existing is not None:
        return cast("logs.LogGroup", existing)
    key = parts.encryption_key(stack)
    log_group = make_shared(
        stack,
        lambda: logs.LogGroup(
            stack,
            _LOG_ID,
            encryption_key=key,
            retention=logs.RetentionDays.ONE_YEAR,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        ),
    )
    parts.tag(log_group)
    return log_group


def _allow_logging(task_role: iam.IRole, log_group: logs.ILogGroup) -> None:
    log_group.grant(task_role, "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
    groups = cdk.Stack.of(task_role).format_arn(
        service="logs", resource="log-group", resource_name="*", arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME
    )
    task_role.add_to_principal_policy(
        # The agent looks up the group by name.
        iam.PolicyStatement(actions=["logs:DescribeLogGroups"], resources=[groups])
    )
    acknowledge_policy(
        task_role,
        {
            iam5_resource(task_role, groups): "logs:DescribeLogGroups lists names, by which the agent of shell "
            "sessions finds the log group; it writes to that one only."
        },
    )
