"""Application Auto Scaling for ECS services: MiniStack has none.

A policy has alarms, as on AWS; while one is in the state ALARM, the policy acts each minute. ``local/scaling`` decides;
this module reads alarms and services, and sets the number of tasks.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.local.alarms.alarm import Alarm, NotEmulatedError
from ecr_fargate_constructs.local.alarms.evaluation import ALARM
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find
from ecr_fargate_constructs.local.ministack_patches.monitoring.policy_alarms import alarms_of
from ecr_fargate_constructs.local.scaling.policies import Steps, Tracking
from ecr_fargate_constructs.local.scaling.schedule import ScheduledAction
from ecr_fargate_constructs.local.scaling.target import ScalableTarget, Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from ecr_fargate_constructs.local.clock import Clock
    from ecr_fargate_constructs.local.metrics.store import Scope, Store

_Handler: TypeAlias = "dict[str, Callable[..., Any]]"

SCALABLE_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
SCALING_POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
DIMENSION = "ecs:service:DesiredCount"
_CLIENT_ERROR = 400
_MOST_ACTIVITIES = 100


@dataclass
class ScalableService:
    """A scalable service.

    Attributes:
        target: Its limits and cooldowns.
        policies: Its policies by ARN.
        schedule: Its scheduled actions.
        seen: Until when the schedule was looked at.
        registered: When it was registered, by the clock of the machine.
        written: What was put for each policy, by ARN, in the words of the API.
        activities: What was done, the last one first, in the words of the API.
    """

    target: ScalableTarget
    policies: dict[str, Tracking | Steps] = field(default_factory=dict)
    schedule: tuple[ScheduledAction, ...] = ()
    seen: float = 0
    registered: float = field(default_factory=time.time)
    written: dict[str, Properties] = field(default_factory=dict)
    activities: list[Properties] = field(default_factory=list)


class Scaling:
    """The scalable services of all accounts and regions."""

    def __init__(self, cloudwatch: Any, store: Store, clock: Clock) -> None:  # noqa: ANN401 - an untyped package
        """Start without any.

        Args:
            cloudwatch: MiniStack's module.
            store: The samples.
            clock: The clock of the embedded AWS.
        """
        self._cloudwatch, self._store, self._clock = cloudwatch, store, clock
        self._ecs, self._events = (import_module(f"ministack.services.{name}") for name in ("ecs", "eventbridge"))
        self._alarms, self._services = find(cloudwatch, "_alarms"), find(self._ecs, "_services")
        find(self._ecs, "_update_service")  # looked up for each call: other patches replace it
        self._responses = import_module("ministack.core.responses")
        self._parse_cron, self._cron = find(self._events, "_parse_cron_fields"), find(self._events, "_cron_next_fire")
        self.targets, self.policies = self._targets(), self._policies()
        self._scalable: dict[tuple[Scope, str], ScalableService] = {}

    def apply(self, handlers: dict[str, Any]) -> None:
        """Add the resource types.

        Args:
            handlers: MiniStack's table of resource types.
        """
        handlers.setdefault(SCALABLE_TARGET, self.targets)
        handlers.setdefault(SCALING_POLICY, self.policies)

    def clear(self) -> None:
        """Forget all services."""
        self._scalable.clear()

    def services(self) -> dict[str, ScalableService]:
        """Return the scalable services of the current account and region, by resource id."""
        scope = self._scope()
        return {f"service/{name}": each for (owner, name), each in list(self._scalable.items()) if owner == scope}

    def alarms(self, arn: str) -> list[Properties]:
        """Return the alarms that a policy acts on."""
        return [each for each in list(self._alarms.values()) if arn in (each.get("AlarmActions") or ())]

    def scale(self, scope: Scope, now: float) -> None:
        """Act on schedules and alarms of the current account and region, at the end of a minute."""
        for (owner, resource), service in list(self._scalable.items()):
            record = self._services.get(resource) if owner == scope else None
            if record is None:
                continue
            self._follow_schedule(resource, service, now)
            current = int(record["desiredCount"])
            signals = list(self._signals(scope, service, now))
            deployments = record.get("deployments") or ()
            deploying = any(each.get("rolloutState") == "IN_PROGRESS" for each in deployments)
            activity = service.target.decide(
                current, signals, list(service.policies.values()), now, deploying=deploying
            )
            if activity is not None:
                self._set(resource, current, activity.capacity, activity.cause)

    def _follow_schedule(self, resource: str, service: ScalableService, now: float) -> None:
        due = [each for each in service.schedule if each.due(service.seen, now, self._next_fire)]
        service.seen = now
        for action in due:
            target = service.target
            target.least = target.least if action.least is None else action.least
            target.most = target.most if action.most is None else action.most
            self._limit(resource, service, f"scheduled action name {action.name} was triggered")

    def _signals(self, scope: Scope, service: ScalableService, now: float) -> Iterator[Signal]:
        for record in list(self._alarms.values()):
            acting = [service.policies[arn] for arn in record.get("AlarmActions") or () if arn in service.policies]
            if not acting or record["StateValue"] != ALARM or not record.get("ActionsEnabled", True):
                continue
            try:
                points = Alarm.of(record).points(self._store, scope, now)
            except NotEmulatedError:  # which the evaluation of the alarm reports
                continue
            value = next((each for each in reversed(points) if each is not None), None)
            if value is None:
                continue
            low = str(record["ComparisonOperator"]).startswith("LessThan")
            for policy in acting:
                is_low = low and isinstance(policy, Tracking)
                yield Signal(policy, value, record["AlarmName"], float(record["Threshold"]), is_low)

    def _next_fire(self, expression: str, after: datetime) -> datetime | None:
        fields = self._parse_cron(expression)
        if fields is None:
            return None
        fire: datetime | None = self._cron(fields, after)
        return fire

    def _limit(self, resource: str, service: ScalableService, cause: str) -> None:
        current = int(self._services[resource]["desiredCount"])
        limited = service.target.limited(current)
        if limited != current:
            self._set(resource, current, limited, cause)

    def _set(self, resource: str, current: int, capacity: int, cause: str) -> None:
        cluster, name = resource.split("/", 1)
        request = {"cluster": cluster, "service": name, "desiredCount": capacity}
        status, _, body = self._ecs._update_service(request)  # noqa: SLF001 - what this module is for
        if status >= _CLIENT_ERROR:
            raise ValueError(f"the number of tasks of {name} could not be set to {capacity}: {body!r}")
        print(f"scaling: {name} from {current} to {capacity} tasks: {cause}", flush=True)
        known = self._scalable.get(self._key(resource))
        if known is not None:
            known.activities.insert(0, _activity(resource, capacity, cause))
            del known.activities[_MOST_ACTIVITIES:]

    def _targets(self) -> _Handler:
        def register(properties: Properties) -> tuple[str, Properties]:
            namespace, resource = properties["ServiceNamespace"], str(properties["ResourceId"])
            if namespace != "ecs":
                raise ValueError(f"not emulated: scaling of {namespace}; only scaling of ECS services is emulated")
            target = ScalableTarget(int(properties["MinCapacity"]), int(properties["MaxCapacity"]))
            now = self._clock.now()
            schedule = tuple(ScheduledAction.of(each, now) for each in properties.get("ScheduledActions") or ())
            known = self._scalable.get(self._key(resource))
            service = ScalableService(target, schedule=schedule, seen=now)
            if known is not None:
                service.policies, service.written, service.activities = known.policies, known.written, known.activities
                service.registered = known.registered
            self._scalable[self._key(resource)] = service
            self._limit(resource.removeprefix("service/"), service, "its limits were registered")
            identifier = f"{resource}|{properties['ScalableDimension']}|{namespace}"
            return identifier, {"Id": identifier}

        def create(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Properties]:
            return register(properties)

        def update(_target: str, _old: Properties, new: Properties, _stack: str) -> tuple[str, Properties]:
            return register(new)

        def delete(_target: str, properties: Properties) -> None:
            self._scalable.pop(self._key(str(properties["ResourceId"])), None)  # the number of tasks stays, as on AWS

        return {"create": create, "update": update, "delete": delete}

    def _policies(self) -> _Handler:
        def put(arn: str, name: str, properties: Properties) -> tuple[str, Properties]:
            resource = _resource(properties)
            service = self._scalable.get(self._key(resource))
            if service is None:
                raise ValueError(f"No scalable target registered for resource ID: {resource}")
            service.policies[arn] = _policy(name, properties)
            service.written[arn] = {**properties, "PolicyName": name, "ResourceId": resource}
            self._drop_alarms(arn)
            for alarm in alarms_of(arn, resource, service.policies[arn], properties, *self._scope()):
                self._cloudwatch.cloudformation_put_metric_alarm(alarm)
            return arn, {"Arn": arn}

        def create(logical_id: str, properties: Properties, _stack: str) -> tuple[str, Properties]:
            account, region = self._scope()
            name = str(properties.get("PolicyName") or logical_id)
            resource = f"{uuid.uuid4()}:resource/ecs/{_resource(properties)}:policyName/{name}"
            return put(f"arn:aws:autoscaling:{region}:{account}:scalingPolicy:{resource}", name, properties)

        def update(arn: str, _old: Properties, new: Properties, _stack: str) -> tuple[str, Properties]:
            return put(arn, arn.rpartition("policyName/")[2], new)

        def delete(arn: str, properties: Properties) -> None:
            self._drop_alarms(arn)
            service = self._scalable.get(self._key(_resource(properties)))
            if service is not None:
                service.policies.pop(arn, None)
                service.written.pop(arn, None)

        return {"create": create, "update": update, "delete": delete}

    def _drop_alarms(self, arn: str) -> None:
        """Delete the alarms that a target tracking policy made."""
        for name, alarm in list(self._alarms.items()):
            if alarm.get("AlarmActions") == [arn] and name.startswith("TargetTracking-"):
                self._cloudwatch.cloudformation_delete_metric_alarm(name)

    def _key(self, resource: str) -> tuple[Scope, str]:
        return self._scope(), resource.removeprefix("service/")

    def _scope(self) -> Scope:
        return str(self._responses.get_account_id()), str(self._responses.get_region())


def _activity(resource: str, capacity: int, cause: str) -> Properties:
    """Return a ``ScalingActivity`` of Application Auto Scaling's API."""
    now = time.time()
    return {
        "ActivityId": str(uuid.uuid4()),
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{resource}",
        "ScalableDimension": DIMENSION,
        "Description": f"Setting desired count to {capacity}.",
        "Cause": cause,
        "StartTime": now,
        "EndTime": now,
        "StatusCode": "Successful",
        "StatusMessage": f"Successfully set desired count to {capacity}. Change successfully fulfilled by ecs.",
    }


def _resource(properties: Properties) -> str:
    """Return the id of the resource that a policy scales, ``service/CLUSTER/NAME``."""
    return str(properties.get("ResourceId") or str(properties["ScalingTargetId"]).partition("|")[0])


def _policy(name: str, properties: Properties) -> Tracking | Steps:
    if properties.get("PolicyType") == "StepScaling" or properties.get("StepScalingPolicyConfiguration"):
        return Steps.of(name, properties.get("StepScalingPolicyConfiguration") or {})
    if "TargetTrackingScalingPolicyConfiguration" not in properties:
        raise ValueError(f"not emulated: the scaling policy {name}, which is neither target tracking nor step scaling")
    return Tracking.of(name, properties["TargetTrackingScalingPolicyConfiguration"])
