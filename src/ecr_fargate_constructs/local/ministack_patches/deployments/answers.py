"""ECS's API of service deployments: describe, list, continue, stop."""

from __future__ import annotations

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


def answer_about_deployments(ecs: Any, controlled: Controlled, clock: Clock) -> None:  # noqa: ANN401 - an untyped package
    """Answer the operations of service deployments, which MiniStack answers with empty lists or refuses."""
    responses, actions = import_module("ministack.core.responses"), find(ecs, "_ACTION_MAP")
    answer, error = find(responses, "json_response"), find(responses, "error_response_json")

    def by_arn(arn: str) -> tuple[ControlledService, Deployment] | None:
        return next(
            (
                (service, each)
                for service in controlled.all()
                for each in _deployments(service)
                if service.deployment_arn(each.name) == arn
            ),
            None,
        )

    def missing(arn: str) -> Any:  # noqa: ANN401 - MiniStack's response
        return error("ServiceDeploymentNotFoundException", f"Service deployment {arn} not found.", _CLIENT_ERROR)

    def describe(data: Properties) -> Any:  # noqa: ANN401
        arns = data.get("serviceDeploymentArns") or []
        found = {arn: by_arn(arn) for arn in arns}
        described = [describe_deployment(*each, clock) for each in found.values() if each]
        failures = [{"arn": arn, "reason": "MISSING"} for arn, each in found.items() if not each]
        return answer({"serviceDeployments": described, "failures": failures})

    def list_all(data: Properties) -> Any:  # noqa: ANN401
        reference, wanted = str(data.get("service", "")), set(data.get("status") or ())
        services = [each for each in controlled.all() if reference in _names(each)]
        if not services:
            return error("ServiceNotFoundException", "Service not found.", _CLIENT_ERROR)
        briefs = [
            _brief(service, each, clock)
            for service in services
            for each in _deployments(service)
            if not wanted or each.status in wanted
        ]
        return answer({"serviceDeployments": briefs[: int(data.get("maxResults") or 20)]})

    def describe_revisions(data: Properties) -> Any:  # noqa: ANN401
        revisions = {
            service.revision_arn(name): _revision(service, name, clock)
            for service in controlled.all()
            for name in service.revisions
        }
        arns = data.get("serviceRevisionArns") or []
        return answer(
            {
                "serviceRevisions": [revisions[arn] for arn in arns if arn in revisions],
                "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in revisions],
            }
        )

    def continue_one(data: Properties) -> Any:  # noqa: ANN401
        arn = str(data.get("serviceDeploymentArn", ""))
        found = by_arn(arn)
        if found is None:
            return missing(arn)
        service, _ = found
        with service.lock:
            if not service.controller.decide(str(data.get("hookId", "")), str(data.get("action") or "CONTINUE")):
                return error("InvalidParameterException", "The hook is not awaiting an action.", _CLIENT_ERROR)
            service.step()
        service.wake.set()
        return answer({"serviceDeploymentArn": arn})

    def stop_one(data: Properties) -> Any:  # noqa: ANN401
        arn = str(data.get("serviceDeploymentArn", ""))
        found = by_arn(arn)
        if found is None:
            return missing(arn)
        service, deployment = found
        with service.lock:
            stopped = deployment is service.controller.current and service.controller.stop(
                str(data.get("stopType") or "ROLLBACK"), clock.now()
            )
            if not stopped:
                return error("ConflictException", "The service deployment cannot be stopped.", _CLIENT_ERROR)
            service.step()
        service.wake.set()
        return answer({"serviceDeploymentArn": arn})

    actions.update(
        DescribeServiceDeployments=describe,
        ListServiceDeployments=list_all,
        DescribeServiceRevisions=describe_revisions,
        ContinueServiceDeployment=continue_one,
        StopServiceDeployment=stop_one,
    )


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


def _deployments(service: ControlledService) -> list[Deployment]:
    """Return the deployments of a service, the newest first."""
    current = service.controller.current
    return [*([current] if current else []), *reversed(service.controller.past)]


def _names(service: ControlledService) -> set[str]:
    return {service.record["serviceName"], service.record["serviceArn"]}


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
