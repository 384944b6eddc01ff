"""The API of Application Auto Scaling, which MiniStack does not have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import find
from ecr_fargate_constructs.local.ministack_patches.monitoring.scaling import DIMENSION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ecr_fargate_constructs.local.clock import Clock
    from ecr_fargate_constructs.local.ministack_patches.monitoring.scaling import ScalableService, Scaling

_Properties: TypeAlias = dict[str, Any]
_Answer: TypeAlias = tuple[int, dict[str, str], bytes]

SERVICE, _PREFIX = "application-autoscaling", "AnyScaleFrontendService"
_CLIENT_ERROR = 400
_PAGE = 50  # results without MaxResults: "DescribeScalingActivities", Application Auto Scaling API reference


class _RefusedError(Exception):
    """A request that is refused: AWS's code, and why."""


def answer_about_scaling(application: Any, router: Any, scaling: Scaling, clock: Clock) -> None:  # noqa: ANN401 - untyped
    """Add the service to MiniStack.

    Args:
        application: MiniStack's application.
        router: MiniStack's router.
        scaling: The scalable services.
        clock: The clock of the embedded AWS.

    Raises:
        MovedError: MiniStack's internals have changed.
    """
    find(application, "SERVICE_HANDLERS")[SERVICE] = ScalingApi(scaling, clock).handle
    patterns = {"host_patterns": [rf"{SERVICE}\."], "target_prefixes": [_PREFIX]}
    find(router, "SERVICE_PATTERNS")[SERVICE] = patterns


class ScalingApi:
    """The operations that read, and those that register targets and put policies."""

    def __init__(self, scaling: Scaling, clock: Clock) -> None:
        """Answer about scalable services."""
        self._scaling, self._clock = scaling, clock
        self._operations = {
            "DescribeScalableTargets": self._describe_targets,
            "DescribeScalingPolicies": self._describe_policies,
            "DescribeScalingActivities": self._describe_activities,
            "DescribeScheduledActions": self._describe_schedule,
            "RegisterScalableTarget": self._register,
            "DeregisterScalableTarget": self._deregister,
            "PutScalingPolicy": self._put_policy,
            "DeleteScalingPolicy": self._delete_policy,
        }

    async def handle(self, _method: str, _path: str, headers: dict[str, str], body: bytes, _query: object) -> _Answer:
        """Answer a request."""
        name = headers.get("x-amz-target", "").rpartition(".")[2]
        operation = self._operations.get(name)
        try:
            if operation is None:
                raise _RefusedError("ValidationException", f"not emulated: {SERVICE}:{name}")  # noqa: TRY301
            request = json.loads(body or b"{}")
            if request.get("ServiceNamespace") != "ecs":
                raise _RefusedError("ValidationException", "only the service namespace ecs is emulated")  # noqa: TRY301
            return _answer(200, operation(request))
        except _RefusedError as error:
            code, message = error.args
        except ValueError as error:  # of what templates use too
            code, message = "ValidationException", str(error)
        return _answer(_CLIENT_ERROR, {"__type": code, "message": message})

    def _chosen(self, identifiers: Iterable[str] | None) -> dict[str, ScalableService]:
        services = self._scaling.services()
        return services if not identifiers else {each: services[each] for each in identifiers if each in services}

    def _of_one(self, request: _Properties) -> dict[str, ScalableService]:
        identifier = request.get("ResourceId")
        return self._chosen([identifier] if identifier else None)

    def _existing(self, request: _Properties) -> ScalableService:
        try:
            return self._scaling.services()[str(request.get("ResourceId"))]
        except KeyError:
            message = f"No scalable target registered for resource ID: {request.get('ResourceId')}"
            raise _RefusedError("ObjectNotFoundException", message) from None

    def _describe_targets(self, request: _Properties) -> _Properties:
        return _page(
            "ScalableTargets",
            [
                {
                    **_of(resource),
                    "MinCapacity": service.target.least,
                    "MaxCapacity": service.target.most,
                    "CreationTime": service.registered,
                    "SuspendedState": {
                        f"{each}Suspended": False
                        for each in ("DynamicScalingIn", "DynamicScalingOut", "ScheduledScaling")
                    },
                }
                for resource, service in self._chosen(request.get("ResourceIds")).items()
            ],
            request,
        )

    def _describe_policies(self, request: _Properties) -> _Properties:
        names = set(request.get("PolicyNames") or ())
        found = []
        for resource, service in self._of_one(request).items():
            for arn, written in service.written.items():
                if names and written["PolicyName"] not in names:
                    continue
                configuration = {name: written[name] for name in written if name.endswith("PolicyConfiguration")}
                kind = "StepScaling" if "StepScalingPolicyConfiguration" in configuration else "TargetTrackingScaling"
                alarms = [
                    {"AlarmName": each["AlarmName"], "AlarmARN": each["AlarmArn"]} for each in self._scaling.alarms(arn)
                ]
                found.append(
                    {
                        **_of(resource),
                        "PolicyARN": arn,
                        "PolicyName": written["PolicyName"],
                        "PolicyType": kind,
                        "Alarms": alarms,
                        "CreationTime": service.registered,
                        **configuration,
                    }
                )
        return _page("ScalingPolicies", found, request)

    def _describe_activities(self, request: _Properties) -> _Properties:
        found = [each for service in self._of_one(request).values() for each in service.activities]
        return _page("ScalingActivities", found, request)

    def _describe_schedule(self, request: _Properties) -> _Properties:
        found = [
            {
                **_of(resource),
                "ScheduledActionName": each.name,
                "Schedule": each.expression,
                "Timezone": each.zone,
                "ScalableTargetAction": {
                    name: value
                    for name, value in (("MinCapacity", each.least), ("MaxCapacity", each.most))
                    if value is not None
                },
                "CreationTime": self._clock.outside(each.created),
            }
            for resource, service in self._of_one(request).items()
            for each in service.schedule
        ]
        return _page("ScheduledActions", found, request)

    def _register(self, request: _Properties) -> _Properties:
        known = self._scaling.services().get(str(request["ResourceId"]))
        limits = {} if known is None else {"MinCapacity": known.target.least, "MaxCapacity": known.target.most}
        request = {**limits, **request}
        if not {"MinCapacity", "MaxCapacity"} <= set(request):
            raise _RefusedError("ValidationException", "MinCapacity and MaxCapacity are required for a new target")
        self._scaling.targets["create"]("", request, "")
        if known is not None:
            self._existing(request).schedule = known.schedule
        return {}

    def _deregister(self, request: _Properties) -> _Properties:
        for arn in list(self._existing(request).policies):
            self._scaling.policies["delete"](arn, request)
        self._scaling.targets["delete"]("", request)
        return {}

    def _put_policy(self, request: _Properties) -> _Properties:
        service, name = self._existing(request), str(request["PolicyName"])
        known = [arn for arn, written in service.written.items() if written["PolicyName"] == name]
        if known:
            arn, _ = self._scaling.policies["update"](known[0], {}, request, "")
        else:
            arn, _ = self._scaling.policies["create"](name, request, "")
        alarms = [{"AlarmName": each["AlarmName"], "AlarmARN": each["AlarmArn"]} for each in self._scaling.alarms(arn)]
        return {"PolicyARN": arn, "Alarms": alarms}

    def _delete_policy(self, request: _Properties) -> _Properties:
        service = self._existing(request)
        for arn, written in list(service.written.items()):
            if written["PolicyName"] == request.get("PolicyName"):
                self._scaling.policies["delete"](arn, request)
                return {}
        raise _RefusedError("ObjectNotFoundException", f"No scaling policy found: {request.get('PolicyName')}")


def _of(resource: str) -> _Properties:
    return {"ServiceNamespace": "ecs", "ResourceId": resource, "ScalableDimension": DIMENSION}


def _page(name: str, found: list[_Properties], request: _Properties) -> _Properties:
    """Return a page of results; its token is the number of the next one."""
    token, size = str(request.get("NextToken") or 0), int(request.get("MaxResults") or _PAGE)
    if not token.isdecimal():
        raise _RefusedError("InvalidNextTokenException", "The next token is not valid.")
    end = int(token) + size
    return {name: found[int(token) : end], **({"NextToken": str(end)} if end < len(found) else {})}


def _answer(status: int, body: _Properties) -> _Answer:
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(body).encode()
