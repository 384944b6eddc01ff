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
"""Where the agent writes. With these writable it works on a read-only root file system.

Source: containers-roadmap#1359 and #2824; the documentation of ECS says that a read-only root is not supported.
"""

_LOG_ID = "EcrFargateExecLog"


def open_to_sessions(container: Container) -> Container:
    """Return the container with the paths that the agent writes; a writable root needs none."""
    if not container.readonly_root_filesystem:
        return container
    there = {path.rstrip("/") for path in (*container.writable_paths, *(mount.path for mount in container.mounts))}
    missing = [path for path in AGENT_PATHS if path not in there]
    return replace(container, writable_paths=[*container.writable_paths, *missing])


def warn_of_one_namespace(scope: Construct, definition: ecs.TaskDefinition) -> None:
    """Warn of containers that share their processes: ECS opens one session per process namespace.

    Sources: "Considerations for using ECS Exec" in the Amazon ECS developer guide, and containers-roadmap#2268.
    """
    resource = definition.node.default_child
    shared = resource.pid_mode if isinstance(resource, ecs.CfnTaskDefinition) else None
    if shared is not None:
        warn(
            scope,
            "oneSessionPerNamespace",
            f"enable_execute_command and ContainerRuntime.process_namespace={shared.upper()}: ECS opens one shell "
            "session per process namespace, and not always in the container that is asked for; leave one of the two "
            "out",
        )


def acknowledge_sessions(task_role: iam.IRole) -> None:
    """Say why the agent's permissions, which CDK grants, know no resource."""
    acknowledge_policy(
        task_role,
        {
            IAM5_EVERY_RESOURCE: "The channels of Session Manager (ssmmessages) take no resource; a session reaches "
            "this task and no other."
        },
    )


def audit_in_own_cluster(cluster: ecs.ICluster, task_role: iam.IRole) -> None:
    """Log sessions to a log group of the stack's cluster, and let the task write there."""
    log_group = _audit_log_group(cluster)
    resource = cluster.node.default_child
    if not isinstance(resource, ecs.CfnCluster):  # the cluster of a later CDK would have to change for this
        raise ConfigurationError("the cluster has no AWS::ECS::Cluster; this version of aws-cdk-lib is not supported")
    # The L2 takes this in its constructor only, and a service without sessions may have made the cluster.
    resource.configuration = ecs.CfnCluster.ClusterConfigurationProperty(
        execute_command_configuration=ecs.CfnCluster.ExecuteCommandConfigurationProperty(
            logging="OVERRIDE",
            log_configuration=ecs.CfnCluster.ExecuteCommandLogConfigurationProperty(
                cloud_watch_log_group_name=log_group.log_group_name
            ),
        )
    )
    _let_agent_log(task_role, log_group)


def audit_in_given_cluster(
    scope: Construct, cluster: ecs.ICluster, task_role: iam.IRole, log_group: logs.ILogGroup | None
) -> None:
    """Leave a cluster of somebody else as it is, and say what it does with sessions."""
    configuration = cluster.execute_command_configuration
    logging = None if configuration is None else configuration.logging
    if logging is ecs.ExecuteCommandLogging.OVERRIDE:
        return  # CDK's service has let the task write where the cluster logs
    if logging is ecs.ExecuteCommandLogging.NONE:
        where = "nowhere, because its cluster says so"
    elif log_group is None:
        where = "nowhere, unless its cluster says otherwise"
    else:
        _let_agent_log(task_role, log_group)  # ECS logs sessions where the container logs
        if logging is ecs.ExecuteCommandLogging.DEFAULT:
            return  # that is what the cluster's owner has asked for
        where = "to the service's own log group, unless its cluster says otherwise"
    warn(
        scope,
        "execAuditLog",
        f"what is typed in shell sessions is logged {where}; for an audit log give the cluster "
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


def _let_agent_log(task_role: iam.IRole, log_group: logs.ILogGroup) -> None:
    log_group.grant(task_role, "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
    groups = cdk.Stack.of(task_role).format_arn(
        service="logs", resource="log-group", resource_name="*", arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME
    )
    task_role.add_to_principal_policy(
        # The agent looks the group up by name.
        iam.PolicyStatement(actions=["logs:DescribeLogGroups"], resources=[groups])
    )
    acknowledge_policy(
        task_role,
        {
            iam5_resource(task_role, groups): "logs:DescribeLogGroups lists names, by which the agent of shell "
            "sessions finds the log group; it writes to that one only."
        },
    )
