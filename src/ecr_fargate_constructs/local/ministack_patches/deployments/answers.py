"""ECS's API of service deployments: describe, list, continue, stop."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.clock import Clock
    from ecr_fargate_constructs.local.deployments.records import Deployment
    from ecr_fargate_constructs.local.ministack_patches.deployments.service import ControlledService
    from ecr_fargate_constructs.local.ministack_patches.deployments.services import Controlled

_CLIENT_ERROR = 400
_ALL = 100.0
_PAGE, _LARGEST_PAGE = 20, 100  # results without maxResults, and at most: ListServiceDeployments, ECS API reference


def answer_about_deployments(ecs: Any, controlled: Controlled, clock: Clock) -> None:  # noqa: ANN401 - an untyped package
    """Answer the operations of service deployments, which MiniStack answers with empty lists or refuses."""
    answers = _Answers(controlled, clock)
    find(ecs, "_ACTION_MAP").update(
        DescribeServiceDeployments=answers.describe,
        ListServiceDeployments=answers.list_all,
        DescribeServiceRevisions=answers.describe_revisions,
        ContinueServiceDeployment=answers.continue_one,
        StopServiceDeployment=answers.stop_one,
    )


class _Answers:
    """The operations; each takes a request and returns MiniStack's response."""

    def __init__(self, controlled: Controlled, clock: Clock) -> None:
        responses = import_module("ministack.core.responses")
        self._answer, self._error = find(responses, "json_response"), find(responses, "error_response_json")
        self._controlled, self._clock = controlled, clock

    def describe(self, data: Properties) -> object:
        found = {arn: self._by_arn(arn) for arn in data.get("serviceDeploymentArns") or []}
        described = [describe_deployment(*each, self._clock) for each in found.values() if each]
        failures = [{"arn": arn, "reason": "MISSING"} for arn, each in found.items() if not each]
        return self._answer({"serviceDeployments": described, "failures": failures})

    def list_all(self, data: Properties) -> object:
        reference, wanted = str(data.get("service", "")), set(data.get("status") or ())
        cluster = str(data.get("cluster") or "default").rpartition("/")[2]
        services = [each for each in self._controlled.all() if reference in _names(each, cluster)]
        if not services:
            return self._error("ServiceNotFoundException", "Service not found.", _CLIENT_ERROR)
        between = data.get("createdAt") or {}
        after, before = _time(between.get("after"), float("-inf")), _time(between.get("before"), float("inf"))
        briefs = [
            brief
            for service in services
            for each in _deployments(service)
            if not wanted or each.status in wanted
            if after < (brief := _brief(service, each, self._clock))["createdAt"] < before
        ]
        token, size = data.get("nextToken"), int(data.get("maxResults") or _PAGE)
        arns = [each["serviceDeploymentArn"] for each in briefs]
        if (token and token not in arns) or not 1 <= size <= _LARGEST_PAGE:
            return self._error("InvalidParameterException", "Invalid nextToken or maxResults.", _CLIENT_ERROR)
        # A page begins after the last deployment of the one before, although newer ones may have been added meanwhile.
        start = arns.index(token) + 1 if token else 0
        page = briefs[start : start + size]
        more = {"nextToken": page[-1]["serviceDeploymentArn"]} if start + size < len(briefs) else {}
        return self._answer({"serviceDeployments": page, **more})

    def describe_revisions(self, data: Properties) -> object:
        revisions = {
            service.revision_arn(name): _revision(service, name, self._clock)
            for service in self._controlled.all()
            for name in service.revisions
        }
        arns = data.get("serviceRevisionArns") or []
        found = [revisions[arn] for arn in arns if arn in revisions]
        failures = [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in revisions]
        return self._answer({"serviceRevisions": found, "failures": failures})

    def continue_one(self, data: Properties) -> object:
        arn = str(data.get("serviceDeploymentArn", ""))
        found = self._by_arn(arn)
        if found is None:
            return self._missing(arn)
        service, _ = found
        with service.lock:
            if not service.controller.decide(str(data.get("hookId", "")), str(data.get("action") or "CONTINUE")):
                return self._error("InvalidParameterException", "The hook is not awaiting an action.", _CLIENT_ERROR)
            service.step()
        service.wake.set()
        return self._answer({"serviceDeploymentArn": arn})

    def stop_one(self, data: Properties) -> object:
        arn, kind = str(data.get("serviceDeploymentArn", "")), str(data.get("stopType") or "ROLLBACK")
        found = self._by_arn(arn)
        if found is None:
            return self._missing(arn)
        service, deployment = found
        with service.lock:
            current = deployment is service.controller.current
            if not current or not service.controller.stop(kind, self._clock.now()):
                return self._error("ConflictException", "The service deployment cannot be stopped.", _CLIENT_ERROR)
            service.step()
        service.wake.set()
        return self._answer({"serviceDeploymentArn": arn})

    def _by_arn(self, arn: str) -> tuple[ControlledService, Deployment] | None:
        every = ((service, each) for service in self._controlled.all() for each in _deployments(service))
        return next(((service, each) for service, each in every if service.deployment_arn(each.name) == arn), None)

    def _missing(self, arn: str) -> object:
        return self._error("ServiceDeploymentNotFoundException", f"Service deployment {arn} not found.", _CLIENT_ERROR)


def describe_deployment(service: ControlledService, deployment: Deployment, clock: Clock) -> Properties:
    """Return a ``ServiceDeployment``."""
    with service.lock:
        settings, stage = deployment.settings, deployment.stage
        monitored = "MONITORING" if not deployment.ended else "MONITORING_COMPLETE"
        described = {
            **_brief(service, deployment, clock),
            "updatedAt": clock.outside(clock.now()),
            "sourceServiceRevisions": [_summary(service, each) for each in deployment.sources],
            "targetServiceRevision": _summary(service, deployment.target),
            "lifecycleStage": stage.name if stage is not None and settings.shifts_traffic else None,
            "lifecycleHookDetails": [
                {
                    "hookId": run.identifier,
                    "targetType": run.hook.target_type,
                    "targetArn": run.hook.function,
                    "status": run.status,
                    "expiresAt": clock.outside(run.expires),
                    "timeoutAction": run.hook.timeout_action,
                }
                for run in deployment.runs
            ],
            "deploymentConfiguration": service.record.get("deploymentConfiguration") or {},
            "deploymentCircuitBreaker": {
                "status": ("TRIGGERED" if deployment.cause == "circuit breaker" else monitored)
                if settings.breaker.enabled
                else "DISABLED",
                "failureCount": deployment.failures,
                "threshold": settings.breaker.threshold(service.controller.desired),
            },
            "alarms": {
                "status": ("TRIGGERED" if deployment.triggered else monitored)
                if settings.alarms.names and deployment.watched
                else "DISABLED",
                "alarmNames": sorted(settings.alarms.names),
                "triggeredAlarmNames": list(deployment.triggered),
            },
        }
        if deployment.rollback_started is not None and service.controller.stable is not None:
            described["rollback"] = {
                "reason": deployment.reason,
                "startedAt": clock.outside(deployment.rollback_started),
                "serviceRevisionArn": service.revision_arn(service.controller.stable),
            }
    return {name: value for name, value in described.items() if value is not None}


def _time(value: object, default: float) -> float:
    """Return a time of a request in seconds since 1970; the SDKs send a number, and others text."""
    if value is None:
        return default
    if isinstance(value, str) and not value.replace(".", "", 1).isdecimal():
        return datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
    return float(str(value))


def _deployments(service: ControlledService) -> list[Deployment]:
    """Return the deployments of a service, the newest first."""
    current = service.controller.current
    return [*([current] if current else []), *reversed(service.controller.past)]


def _names(service: ControlledService, cluster: str) -> set[str]:
    """Return the names of a service in a request: its ARN, and its short name if it is in the cluster."""
    record = service.record
    return {record["serviceArn"], *([record["serviceName"]] if record["clusterArn"].endswith(f"/{cluster}") else [])}


def _brief(service: ControlledService, deployment: Deployment, clock: Clock) -> Properties:
    times = {"createdAt": deployment.created, "startedAt": deployment.started}
    times["stoppedAt" if deployment.status == "STOPPED" else "finishedAt"] = deployment.finished
    return {
        "serviceDeploymentArn": service.deployment_arn(deployment.name),
        "serviceArn": service.record["serviceArn"],
        "clusterArn": service.record["clusterArn"],
        "targetServiceRevisionArn": service.revision_arn(deployment.target),
        "status": deployment.status,
        "statusReason": deployment.reason,
        **{name: clock.outside(value) for name, value in times.items() if value is not None},
    }


def _summary(service: ControlledService, revision: str) -> Properties:
    controller, tasks = service.controller, [each for each in service.tasks() if each.revision == revision]
    healthy, group = sum(task.healthy for task in tasks), controller.group_of(revision)
    return {
        "arn": service.revision_arn(revision),
        "requestedTaskCount": controller.desired,
        "runningTaskCount": healthy,
        "pendingTaskCount": len(tasks) - healthy,
        "requestedProductionTrafficWeight": controller.weights[group],
        "requestedTestTrafficWeight": _ALL if group == controller.test_group else 0.0,
    }


def _revision(service: ControlledService, name: str, clock: Clock) -> Properties:
    fields, group = service.revisions[name], service.controller.group_of(name)
    resolved = [
        {
            "targetGroupArn": service.group_arns(each)[group],
            "productionListenerRule": (each.get("advancedConfiguration") or {}).get("productionListenerRule"),
        }
        for each in fields.get("loadBalancers") or []
    ]
    revision = {
        "serviceRevisionArn": service.revision_arn(name),
        "serviceArn": service.record["serviceArn"],
        "clusterArn": service.record["clusterArn"],
        "createdAt": clock.outside(service.created[name]),
        "resolvedConfiguration": {"loadBalancers": resolved},
        **fields,
    }
    return {name: value for name, value in revision.items() if value is not None}
