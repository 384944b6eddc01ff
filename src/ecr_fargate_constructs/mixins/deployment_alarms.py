"""Alarms that roll back the deployments of a Fargate service of CDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._cdk.attempt import remove
from ecr_fargate_constructs._cdk.durations import of_seconds
from ecr_fargate_constructs._cdk.site import path_of_construct
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs.mixins.adopted import alarm_scope, deploys_by_ecs, measured, properties_of
from ecr_fargate_constructs.mixins.base import LibraryMixin
from ecr_fargate_constructs.service.deployment.alarms import RollbackAlarms, render_alarms
from ecr_fargate_constructs.service.parts import cfn_service

if TYPE_CHECKING:
    from typing import ClassVar

    from constructs import Construct

_MADE = "ecr-fargate-constructs:deployment-alarm"
"""Type of the metadata of an alarm that a mixin has made, by which the next one finds it."""


class DeploymentAlarms(LibraryMixin):
    """Add alarms to a Fargate service of CDK that roll back its deployments.

    ``SafeDeployment`` adds them as well. This mixin is for services whose deployments you leave as they are, such as
    those that shift traffic, where each target group gets alarms. Alarms that the service has keep rolling it back, and
    those of ``RollbackAlarms`` are created next to them, in the pattern if there is one.

    Skipped: services of this library, on EC2, or with another deployment controller than ECS's; and those without a
    target group whose requests can be measured, unless ``existing`` names alarms. Such a target group is an
    ``ApplicationTargetGroup`` of the same app that a listener uses.
    """

    _kinds: ClassVar[tuple[type[Construct], ...]] = (ecs.FargateService,)

    def __init__(self, alarms: RollbackAlarms | None = None) -> None:
        """Create the mixin.

        Args:
            alarms: Thresholds, and alarms of your own; default, ``RollbackAlarms()``.
        """
        self._alarms = alarms or RollbackAlarms()

    def _suits(self, construct: ecs.FargateService) -> bool:
        return deploys_by_ecs(properties_of(construct)) and bool(self._alarms.existing or measured(construct))

    def _apply(self, construct: ecs.FargateService) -> None:
        add_alarms(construct, self._alarms, properties_of(construct))


def add_alarms(service: ecs.FargateService, alarms: RollbackAlarms, known: dict[str, Any]) -> None:
    """Create the alarms of a service, in place of those of an earlier mixin, and let them roll back."""
    scope, groups = alarm_scope(service), measured(service)
    for each in scope.node.children:
        if any(entry.type == _MADE for entry in each.node.metadata):
            remove(scope, each.node.id)
    before = {each.node.id for each in scope.node.children}
    given = known.get("deploymentConfiguration.alarms") or {}
    rendered = render_alarms(
        scope,
        alarms,
        targets={prefix: group for prefix, (group, _) in groups.items()},
        balancers={prefix: balancer for prefix, (_, balancer) in groups.items()},
        grace=of_seconds(known.get("healthCheckGracePeriodSeconds") or 0),
    )
    for each in scope.node.children:
        if each.node.id not in before:
            each.node.add_metadata(_MADE, path_of_construct(service))
    names = [*_own(given), *_names(rendered)]
    if not names:
        return
    if given.get("enable") and not given.get("rollback"):
        warn(
            service,
            "alarmsRollBack",
            f"the deployment alarms of {path_of_construct(service)} only fail a deployment, and a service has one "
            "behavior for all its alarms: they roll it back now",
        )
    alarms_now = {**rendered, "AlarmNames": names, "Enable": True, "Rollback": True}
    cfn_service(service).add_property_override("DeploymentConfiguration.Alarms", alarms_now)


def _own(given: dict[str, Any]) -> list[Any]:
    return list(given.get("alarmNames") or ()) if given.get("enable") else []


def _names(rendered: dict[str, object]) -> list[Any]:
    names = rendered["AlarmNames"]
    return list(names) if isinstance(names, list) else []
