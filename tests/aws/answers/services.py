"""What ECS answers: services, their deployments, their task definitions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.aws.answers.asking import asked, chosen, counted

if TYPE_CHECKING:
    from tests.aws.answers.asking import Answer, Resource, Scene

_COUNTS = ("desiredCount", "runningCount")
_SERVICE = (
    "status",
    "launchType",
    "capacityProviderStrategy",
    "schedulingStrategy",
    "deploymentController",
    "deploymentConfiguration",
    "healthCheckGracePeriodSeconds",
    "enableECSManagedTags",
    "propagateTags",
    "enableExecuteCommand",
    "availabilityZoneRebalancing",
)
_DEFINITION = (
    "cpu",
    "memory",
    "networkMode",
    "requiresCompatibilities",
    "runtimePlatform",
    "ephemeralStorage",
    "pidMode",
    "enableFaultInjection",
)
_CONTAINER = (
    "cpu",
    "memory",
    "memoryReservation",
    "essential",
    "readonlyRootFilesystem",
    "user",
    "dependsOn",
    "startTimeout",
    "stopTimeout",
    "healthCheck",
    "restartPolicy",
    "linuxParameters",
    "portMappings",
    "mountPoints",
    "ulimits",
    "versionConsistency",
)
_DEPLOYMENT = ("status", "statusReason", "deploymentCircuitBreaker", "alarms")
_ENDED = {"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}
_SECONDS = 600


def services(scene: Scene) -> Answer:
    """Return each service as ECS describes it, with its task definition."""
    return {each.logical: asked(_service, scene, each) for each in scene.of("AWS::ECS::Service")}


def _described(scene: Scene, resource: Resource) -> tuple[str, dict[str, Any]]:
    cluster = resource.physical.split("/")[-2]
    [found] = scene.client("ecs").describe_services(cluster=cluster, services=[resource.physical])["services"]
    return cluster, found


def _service(scene: Scene, resource: Resource) -> Answer:
    deadline = time.monotonic() + _SECONDS
    _, found = _described(scene, resource)
    while found["runningCount"] != found["desiredCount"] and time.monotonic() < deadline:
        time.sleep(2)
        _, found = _described(scene, resource)
    definition = scene.client("ecs").describe_task_definition(taskDefinition=found["taskDefinition"])
    balancers = [chosen(each, ("containerName", "containerPort")) for each in found.get("loadBalancers", ())]
    counts = counted(scene, chosen(found, _COUNTS))
    return {
        **chosen(found, _SERVICE),
        **counts,
        "loadBalancers": balancers,
        "task": _task(definition["taskDefinition"]),
    }


def _task(definition: dict[str, Any]) -> Answer:
    containers = {}
    for each in definition["containerDefinitions"]:
        containers[each["name"]] = {
            **chosen(each, _CONTAINER),
            "variables": sorted(variable["name"] for variable in each.get("environment") or ()),  # no values
            "secrets": sorted(secret["name"] for secret in each.get("secrets") or ()),
            "logs": (each.get("logConfiguration") or {}).get("logDriver"),
        }
    volumes = sorted(each["name"] for each in definition.get("volumes") or ())
    return {**chosen(definition, _DEFINITION), "containers": containers, "volumes": volumes}


def service_deployments(scene: Scene) -> Answer:
    """Return how the newest deployment of each service ended."""
    return {each.logical: asked(_newest, scene, each) for each in scene.of("AWS::ECS::Service")}


def _newest(scene: Scene, resource: Resource) -> Answer:
    cluster, _ = _described(scene, resource)
    ecs, deadline = scene.client("ecs"), time.monotonic() + _SECONDS
    while True:
        listed = ecs.list_service_deployments(cluster=cluster, service=resource.physical)["serviceDeployments"]
        if not listed:
            return {"deployments": 0}
        arns = [listed[0]["serviceDeploymentArn"]]
        [newest] = ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"]
        if newest["status"] in _ENDED or time.monotonic() > deadline:
            break
        time.sleep(2)
    revision = newest.get("targetServiceRevision", {})
    hooks = [chosen(each, ("status", "targetType")) for each in newest.get("lifecycleHookDetails", ())]
    counts = counted(scene, chosen(revision, ("requestedTaskCount", "runningTaskCount")))
    target = {**counts, **chosen(revision, ("requestedProductionTrafficWeight",))}
    return {"deployments": len(listed), **chosen(newest, _DEPLOYMENT), "target": target, "hooks": hooks}


def runs_of_jobs(scene: Scene) -> Answer:
    """Run each scheduled job once, and return how that ends."""
    machines = scene.of("AWS::StepFunctions::StateMachine")
    return {each.logical: asked(_run, scene, each) for each in machines}


def _run(scene: Scene, machine: Resource) -> Answer:
    states, deadline = scene.client("stepfunctions"), time.monotonic() + _SECONDS
    execution = states.start_execution(stateMachineArn=machine.physical)["executionArn"]
    while True:
        described = states.describe_execution(executionArn=execution)
        if described["status"] != "RUNNING" or time.monotonic() > deadline:
            return chosen(described, ("status", "error"))
        time.sleep(2)
