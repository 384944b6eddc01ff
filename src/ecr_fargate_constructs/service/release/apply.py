"""Applies a ``ReleaseCommand``: a custom resource that runs it, which the service waits for (ADR 13)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct, Dependable, DependencyGroup

from ecr_fargate_constructs._cdk.acknowledge import IAM5_EVERY_RESOURCE, acknowledge, iam5_resource
from ecr_fargate_constructs._cdk.durations import number_of_seconds
from ecr_fargate_constructs._cdk.site import execution_role_of, stack_of
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._regulated import parts
from ecr_fargate_constructs._regulated.findings import acknowledge_copy_function, acknowledge_grants, expect_grants
from ecr_fargate_constructs._rules.secret_names import is_secret_value
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.service.container.logs import needs_log_group
from ecr_fargate_constructs.service.parts import cfn_service
from ecr_fargate_constructs.service.release.command import LONGEST
from ecr_fargate_constructs.service.release.order import Readiness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs._rules.task_size import TaskSize
    from ecr_fargate_constructs.service.container.main import MainContainer
    from ecr_fargate_constructs.service.release.command import ReleaseCommand

RESOURCE_TYPE = "Custom::EcrFargateReleaseCommand"
ID = "Release"
"""Id in the service. The logical ids of its children are public API: a custom resource cannot change its function."""

_LIMIT_SECONDS = 900
_TO_STOP = 300
"""Seconds for a command that is over its time to stop, and for the answer."""

_MEMORY_MIB = 256
_CODE = Path(__file__).parent
_ONLY_FUNCTION = ["*", "!function", "!function/*.py"]


def add_release(
    scope: Construct,
    service: ecs.FargateService | ecs.Ec2Service,
    command: ReleaseCommand,
    *,
    container: MainContainer,
    alone: bool,
    log_group: logs.ILogGroup | None,
    subnet_ids: Sequence[str],
    public_addresses: bool,
    strategies: Sequence[ecs.CapacityProviderStrategy] | None,
) -> cdk.CustomResource:
    """Run a command before each new version of a service.

    Args:
        scope: Parent of the function.
        service: The service, with its deployment.
        command: The command.
        container: The application's container.
        alone: Whether it is the only container.
        log_group: The service's log group.
        subnet_ids: Subnets of the tasks.
        public_addresses: Whether the tasks need public addresses.
        strategies: Capacity providers of a service on EC2; None for the launch type.
    """
    if is_secret_value(" ".join(word for word in command.command if not is_token(word))):
        warn(
            scope,
            "plainSecretInCommand",
            "ReleaseCommand.command looks like it holds a secret, and is stored in clear text in the template; use "
            "secrets= with ecs.Secret.from_secrets_manager(…), and read the variable in the command",
        )
    release = Construct(scope, ID)
    stack, definition = stack_of(scope), service.task_definition
    # Lambda writes it, and the template does not: CloudFormation would report the change as drift.
    history = f"/ecr-fargate/release/{cdk.Fn.select(2, cdk.Fn.split('/', stack.stack_id))}/{_logical_name(release)}"
    function, role = _function(release)
    policy = _allow(
        release,
        role,
        function,
        service,
        log_group=log_group if needs_log_group(container.logging) else None,
        history=history,
    )
    seconds = number_of_seconds(command.timeout)
    run = cdk.CustomResource(
        release,
        "Run",
        service_token=function.function_arn,
        resource_type=RESOURCE_TYPE,
        service_timeout=cdk.Duration.seconds((LONGEST if is_token(seconds) else seconds) + _TO_STOP),
        properties={
            "Cluster": service.cluster.cluster_arn,
            "TaskDefinition": definition.task_definition_arn,
            "Container": container.name,
            "Command": list(command.command),
            "TimeoutSeconds": seconds,
            "AgainForRollback": command.again_for_rollback,
            "History": history,
            "Launch": {
                **_capacity(service, strategies),
                **(
                    {}
                    if command.size is None
                    else {"size": _size(command.size, limited=alone and container.memory_limit_mib is None)}
                ),
                "networkConfiguration": {
                    "awsvpcConfiguration": {
                        "subnets": subnet_ids,
                        "securityGroups": [each.security_group_id for each in service.connections.security_groups],
                        "assignPublicIp": "ENABLED" if public_addresses else "DISABLED",
                    }
                },
            },
        },
    )
    run.node.add_dependency(policy, function, _when_ready(scope, service, release))
    cfn_service(service).node.add_dependency(run)
    return run


def _when_ready(scope: Construct, service: ecs.BaseService, release: Construct) -> DependencyGroup:
    group = DependencyGroup()
    Dependable.implement(group, Readiness(scope, service, release))
    return group


def _logical_name(release: Construct) -> str:
    """Return a name that differs from those of the stack's other services."""
    return cdk.Names.unique_resource_name(release, max_length=100)


def _capacity(
    service: ecs.FargateService | ecs.Ec2Service, strategies: Sequence[ecs.CapacityProviderStrategy] | None
) -> dict[str, Any]:
    """Return the capacity of the command: on Fargate never Spot, which would interrupt it."""
    if isinstance(service, ecs.FargateService):
        return {"launchType": "FARGATE", "platformVersion": "LATEST"}
    constraints = {"placementConstraints": cfn_service(service).placement_constraints}
    if not strategies:
        return {"launchType": "EC2", **constraints}
    return {
        "capacityProviderStrategy": [
            {"capacityProvider": each.capacity_provider, "weight": each.weight, "base": each.base}
            for each in strategies
        ],
        **constraints,
    }


def _size(size: TaskSize, *, limited: bool) -> dict[str, Any]:
    """Return the size of the command's task.

    Args:
        size: The size.
        limited: Whether the task's memory is the container's limit too, as ``build_task`` sets it.
    """
    storage = size.ephemeral_storage_gib
    return {
        "cpu": size.cpu,
        "memory": size.memory_mib,
        **({"limit": size.memory_mib} if limited else {}),
        **({} if storage is None else {"storage": storage}),
    }


def _function(release: Construct) -> tuple[lambda_.Function, iam.Role]:
    role = iam.Role(
        release,
        "Role",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        description="Runs the release command of a service",
    )
    # Its own group: one that Lambda makes never expires, and might exist before CloudFormation's.
    log_group = logs.LogGroup(
        release,
        "LogGroup",
        retention=parts.log_retention(release, None),
        encryption_key=parts.encryption_key(release),
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )
    log_group.grant_write(role)
    function = lambda_.Function(
        release,
        "Function",
        description="Runs the release command of a service",
        code=lambda_.Code.from_asset(str(_CODE), exclude=_ONLY_FUNCTION),
        handler="function.handler.handler",
        runtime=lambda_.Runtime.PYTHON_3_14,
        architecture=lambda_.Architecture.X86_64,
        memory_size=_MEMORY_MIB,
        timeout=cdk.Duration.seconds(_LIMIT_SECONDS),
        role=role,
        log_group=log_group,
    )
    acknowledge_copy_function(function)
    acknowledge_grants(role)
    return function, role


def _allow(
    release: Construct,
    role: iam.Role,
    function: lambda_.Function,
    service: ecs.BaseService,
    *,
    log_group: logs.ILogGroup | None,
    history: str,
) -> iam.Policy:
    """Allow the function what it needs, in a policy that refers to the function: its role's own must not."""
    stack, definition = stack_of(release), service.task_definition
    in_cluster = {"ArnEquals": {"ecs:cluster": service.cluster.cluster_arn}}
    definitions = stack.format_arn(service="ecs", resource="task-definition", resource_name=f"{definition.family}:*")
    tasks = stack.format_arn(service="ecs", resource="task", resource_name=f"{service.cluster.cluster_name}/*")
    parameter = stack.format_arn(service="ssm", resource="parameter", resource_name=history.removeprefix("/"))
    execution_role = execution_role_of(definition)
    roles = [definition.task_role.role_arn, *([] if execution_role is None else [execution_role.role_arn])]
    statements = [
        iam.PolicyStatement(actions=["ecs:RunTask"], resources=[definitions], conditions=in_cluster),
        iam.PolicyStatement(
            actions=["iam:PassRole"],
            resources=roles,
            conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
        iam.PolicyStatement(actions=["ecs:ListTasks"], resources=["*"], conditions=in_cluster),
        iam.PolicyStatement(actions=["ecs:DescribeTasks", "ecs:StopTask"], resources=[tasks], conditions=in_cluster),
        iam.PolicyStatement(
            actions=["ecs:TagResource"],
            resources=[tasks],
            conditions={"StringEquals": {"ecs:CreateAction": "RunTask"}},
        ),
        iam.PolicyStatement(actions=["ecs:DescribeTaskDefinition"], resources=["*"]),
        iam.PolicyStatement(
            actions=["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"], resources=[parameter]
        ),
        iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function.function_arn]),
    ]
    findings = {
        IAM5_EVERY_RESOURCE: "ecs:DescribeTaskDefinition takes no resource; ecs:ListTasks is limited to the cluster.",
        iam5_resource(release, definitions): "The command runs in each new revision of one task definition.",
        iam5_resource(release, tasks): "The id of the command's task is not known before it starts.",
    }
    if log_group is not None:
        streams = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{log_group.log_group_name}:log-stream:*",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        statements.append(iam.PolicyStatement(actions=["logs:GetLogEvents"], resources=[streams]))
        findings[iam5_resource(release, streams)] = "The name of a log stream has the id of the command's task."
    policy = iam.Policy(release, "Policy", statements=statements, roles=[role])
    acknowledge(policy, findings)
    expect_grants(policy)
    return policy
