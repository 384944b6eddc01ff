"""Hooks that may stop a deployment: functions that judge the new version, and a person's approval."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs._cdk.acknowledge import acknowledge_policy, iam5_resource
from ecr_fargate_constructs._cdk.attempt import when_made
from ecr_fargate_constructs._regulated.findings import acknowledge_grants
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.capacity.whole_minutes import whole_minutes
from ecr_fargate_constructs.service.deployment.schedule import LONGEST_WAIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

_Stage = ecs.DeploymentLifecycleStage
_NO_PAUSE = {_Stage.TEST_TRAFFIC_SHIFT, _Stage.PRODUCTION_TRAFFIC_SHIFT}
"""Stages for functions only: "DeploymentLifecycleHook" in the Amazon ECS API reference."""


@typed
@dataclass(frozen=True, kw_only=True)
class DeploymentHook:
    """A Lambda function that decides at given stages whether the deployment continues.

    ECS invokes the function, which returns ``{"hookStatus": "SUCCEEDED"}``, ``"FAILED"``, which rolls back, or
    ``"IN_PROGRESS"``, after which ECS invokes it again half a minute later. A function that fails also rolls back. A
    role for ECS is made that may invoke only this function.

    A rollback invokes the functions of ``TEST_TRAFFIC_SHIFT`` and ``PRODUCTION_TRAFFIC_SHIFT`` once more:
    ``productionTrafficWeights`` in ``executionDetails`` then has 0 for the target revision.

    Source: "Lambda hooks for Amazon ECS service deployments" in the Amazon ECS developer guide.

    Attributes:
        function: The function.
        stages: Stages at which it is invoked, one or more; with ``Linear``, ``PRODUCTION_TRAFFIC_SHIFT`` is reached at
            each step. The two ``TEST_TRAFFIC_SHIFT`` stages require a ``test_traffic``.
        details: Parameters that the function gets as ``hookDetails``, with those that it returned with ``IN_PROGRESS``
            before; default, none.

    Raises:
        ConfigurationError: There is no stage, a stage is given twice, or the details are not JSON.
    """

    function: lambda_.IFunction | lambda_.FunctionBase
    stages: Sequence[ecs.DeploymentLifecycleStage]
    details: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        if not self.stages:
            raise ConfigurationError(
                "DeploymentHook.stages is empty, so the function would never be invoked; name a stage, for example "
                "DeploymentLifecycleStage.POST_SCALE_UP"
            )
        if len(set(self.stages)) < len(self.stages):
            raise ConfigurationError("DeploymentHook.stages names a stage twice; name each once")
        if self.details is not None:
            try:
                json.dumps(dict(self.details), allow_nan=False)
            except (TypeError, ValueError) as error:
                raise ConfigurationError(f"DeploymentHook.details is not JSON ({error}); use plain values") from error


@typed
@dataclass(frozen=True, kw_only=True)
class Approval:
    """A pause until a person lets the deployment continue (``aws ecs continue-service-deployment``).

    Without an answer in time the deployment is rolled back: the old version, which has served all along, stays.

    Source: "Pause hooks for Amazon ECS service deployments" in the Amazon ECS developer guide.

    Attributes:
        timeout: Longest pause, 1 minute to 24 hours; default, 24 hours. CloudFormation abandons an update after 36
            hours in all.
        stage: Stage of the pause; default, the one at which the new version can be tested and serves no user: after
            the test traffic has shifted if there is a ``test_traffic``, otherwise when its tasks have started.

    Raises:
        ConfigurationError: The timeout is out of range. The deployment refuses a stage in which traffic moves.
    """

    timeout: cdk.Duration = field(default_factory=lambda: cdk.Duration.hours(24))
    stage: ecs.DeploymentLifecycleStage | None = None

    def __post_init__(self) -> None:
        whole_minutes("Approval.timeout", self.timeout, minimum=1, maximum=LONGEST_WAIT)


def check_stages(
    name: str, hooks: Sequence[DeploymentHook], approval: Approval | None, *, with_test_traffic: bool
) -> None:
    """Refuse stages that are never reached, and those at which ECS does not wait."""
    if approval is not None and approval.stage in _NO_PAUSE:
        raise ConfigurationError(
            f"{name}.approval waits at {approval.stage.value}, but ECS does not pause at stages in which traffic "
            f"moves; use DeploymentLifecycleStage.POST_{approval.stage.value}, or POST_SCALE_UP"
        )
    if with_test_traffic:
        return
    named = [stage for hook in hooks for stage in hook.stages]
    if approval is not None and approval.stage is not None:
        named.append(approval.stage)
    for stage in (_Stage.TEST_TRAFFIC_SHIFT, _Stage.POST_TEST_TRAFFIC_SHIFT):
        if stage in named:
            raise ConfigurationError(
                f"{name} stops at {stage.value}, but without test_traffic= there is none to shift; add "
                "test_traffic=TestTrafficPort(…) or TestTrafficHeader(…), or stop at POST_SCALE_UP"
            )


def render_hooks(
    scope: Construct,
    service: ecs.BaseService,
    hooks: Sequence[DeploymentHook],
    approval: Approval | None,
    *,
    with_test_traffic: bool,
) -> list[dict[str, object]]:
    """Return the ``LifecycleHooks`` of a service; add the role with which ECS invokes the functions.

    CDK's own hook class supports neither details nor pauses.
    """
    rendered: list[dict[str, object]] = []
    if hooks:
        role = iam.Role(scope, "HookRole", assumed_by=iam.ServicePrincipal("ecs.amazonaws.com"))
        for hook in hooks:
            entry: dict[str, object] = {
                "HookTargetArn": hook.function.function_arn,
                "RoleArn": role.role_arn,
                "LifecycleStages": [stage.value for stage in hook.stages],
                "TargetType": "AWS_LAMBDA",
            }
            if hook.details is not None:
                entry["HookDetails"] = json.dumps(dict(hook.details))
            rendered.append(entry)
        when_made(lambda: _allow_invoke(role, hooks))
        service.node.add_dependency(role)  # and on its permission to invoke the functions
    if approval is not None:
        stage = approval.stage or (_Stage.POST_TEST_TRAFFIC_SHIFT if with_test_traffic else _Stage.POST_SCALE_UP)
        rendered.append(
            {
                "TargetType": "PAUSE",
                "LifecycleStages": [stage.value],
                "TimeoutConfiguration": {"TimeoutInMinutes": approval.timeout.to_minutes(), "Action": "ROLLBACK"},
            }
        )
    return rendered


def _allow_invoke(role: iam.Role, hooks: Sequence[DeploymentHook]) -> None:
    """Allow ECS to invoke the functions; a function remembers its grantees by path, including refused ones."""
    for hook in hooks:
        hook.function.grant_invoke(role)
        _acknowledge_versions(role, hook.function)
    acknowledge_grants(role)


def _acknowledge_versions(role: iam.Role, function: lambda_.IFunction) -> None:
    for arn in function.resource_arns_for_grant_invoke:
        if arn.endswith("*"):
            reason = "ECS may call the hook's function, in each of its versions, and no other."
            acknowledge_policy(role, {iam5_resource(role, arn): reason})
