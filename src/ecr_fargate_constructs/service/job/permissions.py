"""The role of a job's state machine: it may run, find and stop tasks of this job, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs._cdk.acknowledge import IAM5_EVERY_RESOURCE, acknowledge_policy, iam5_resource
from ecr_fargate_constructs._cdk.site import execution_role_of
from ecr_fargate_constructs._regulated.findings import expect_grants

if TYPE_CHECKING:
    from aws_cdk import aws_ecs as ecs
    from constructs import Construct


def machine_role(scope: Construct, cluster: ecs.ICluster, definition: ecs.TaskDefinition) -> iam.Role:
    """Create the role.

    Source: "IAM policies for calling Amazon ECS/AWS Fargate" in the AWS Step Functions developer guide, and "Actions,
    resources, and condition keys for Amazon ECS" in the service authorization reference.
    """
    stack = cdk.Stack.of(scope)
    role = iam.Role(
        scope,
        "StateMachineRole",
        assumed_by=iam.ServicePrincipal(
            "states.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
        ),
        description=f"Runs the task of {scope.node.path}",
    )
    here = {"ArnEquals": {"ecs:cluster": cluster.cluster_arn}}
    # Not this revision alone: an execution keeps the revision that it began with, for which ECS may start a task for up
    # to ten minutes after CloudFormation has deregistered it ("DeregisterTaskDefinition" in the ECS API reference).
    definitions = stack.format_arn(
        service="ecs",
        resource="task-definition",
        resource_name=f"{definition.family}:*",
    )
    tasks = stack.format_arn(service="ecs", resource="task", resource_name=f"{cluster.cluster_name}/*")
    events = stack.format_arn(service="events", resource="rule", resource_name="StepFunctionsGetEventsForECSTaskRule")
    roles = [definition.task_role.role_arn]
    execution = execution_role_of(definition)
    if execution is not None:
        roles.append(execution.role_arn)
    for statement in (
        iam.PolicyStatement(actions=["ecs:RunTask"], resources=[definitions], conditions=here),
        iam.PolicyStatement(
            actions=["ecs:TagResource"],
            resources=[tasks],
            conditions={"StringEquals": {"ecs:CreateAction": "RunTask"}},
        ),
        iam.PolicyStatement(actions=["ecs:DescribeTasks", "ecs:StopTask"], resources=[tasks], conditions=here),
        iam.PolicyStatement(actions=["ecs:ListTasks"], resources=["*"], conditions=here),
        iam.PolicyStatement(
            actions=["iam:PassRole"],
            resources=roles,
            conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
        # A rule of Step Functions itself, by which it learns that a task has stopped.
        iam.PolicyStatement(actions=["events:PutTargets", "events:PutRule", "events:DescribeRule"], resources=[events]),
    ):
        role.add_to_principal_policy(statement)
    acknowledge_policy(
        role,
        {
            iam5_resource(role, definitions): "Every revision of this one task definition.",
            iam5_resource(role, tasks): "Tasks of this one cluster: the id of a task is not known before it starts.",
            IAM5_EVERY_RESOURCE: "ecs:ListTasks knows no other resource; the condition limits it to this cluster.",
        },
    )
    expect_grants(role)
    return role
