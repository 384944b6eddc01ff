"""What every example promises, as functions of templates: least privilege, and the conditions of a reliable service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.templates import attributes, of_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Template = dict[str, Any]
ANY_RESOURCE = {
    "ecr:GetAuthorizationToken": "a token is for the registry",
    "ecs:DescribeTaskDefinition": "it takes no resource",
    "inspector2:ListFindings": "findings of Amazon Inspector take no resource",
    "ecr:GetAccountSetting": "settings are those of the account",
    "ecr:PutAccountSetting": "same",
    "ecr-public:GetAuthorizationToken": "the same of ECR Public",
    "sts:GetServiceBearerToken": "what a token of ECR Public is made with",
    "ssmmessages:CreateControlChannel": "channels of Session Manager take no resource",
    "ssmmessages:CreateDataChannel": "same",
    "ssmmessages:OpenControlChannel": "same",
    "ssmmessages:OpenDataChannel": "same",
    "xray:PutTraceSegments": "X-Ray takes no resource for writing",
    "xray:PutTelemetryRecords": "same",
    "elasticloadbalancing:DescribeListeners": "Elastic Load Balancing narrows no Describe action",
    "elasticloadbalancing:DescribeRules": "same",
    "elasticloadbalancing:DescribeTargetGroups": "same",
    "elasticloadbalancing:DescribeTargetHealth": "same",
    "ecs:ListTasks": "a condition limits it to the cluster: it takes container instances, and Fargate has none",
    "ecs:DiscoverPollEndpoint": "the agent asks where its cluster answers",
    "ecs:Poll": "CDK's AsgCapacityProvider: held to the cluster by a condition",
    "ecs:StartTelemetrySession": "same",
    "logs:CreateLogStream": "CDK's AsgCapacityProvider, on machines only",
    "logs:PutLogEvents": "same",
}
"""Actions that may have ``*`` as their resource, and why."""
ON_MACHINES = {"ecs:Poll", "ecs:StartTelemetrySession", "ecs:DiscoverPollEndpoint"} | {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
}
WITHIN_THE_CLUSTER = "ecs:Submit*"
"""The one wildcard in an action: CDK's, three reports of the agent, on the resource of its cluster."""


def merged(templates: Mapping[str, Template]) -> Template:
    """One template of all stacks of an app: resources by stack and logical id."""
    return {
        "Resources": {
            f"{stack}.{logical_id}": resource
            for stack, template in templates.items()
            for logical_id, resource in template["Resources"].items()
        }
    }


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        documents = [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
        documents += [each["PolicyDocument"] for each in properties.get("Policies", []) if "PolicyDocument" in each]
        for document in documents:
            for statement in document["Statement"]:
                yield name, statement


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - a policy has one or several
    return value if isinstance(value, list) else [value]


def too_wide(template: Template) -> list[str]:
    """What a policy of the template allows beyond the lists above."""
    found = []
    for name, statement in statements(template):
        if statement["Effect"] != "Allow":
            continue
        resources = listed(statement.get("Resource", []))
        for action in listed(statement.get("Action", [])):
            if "*" in action and (action != WITHIN_THE_CLUSTER or "*" in resources):
                found.append(f"{name}: {action}")
            elif "*" in resources and (
                action not in ANY_RESOURCE
                or (action in ON_MACHINES and "MachineRole" not in name and "InstanceRole" not in name)
            ):
                found.append(f"{name}: {action} on *")
        if "NotAction" in statement or "NotResource" in statement:
            found.append(f"{name}: everything but")
    return found


def _services(template: Template) -> list[tuple[str, dict[str, Any]]]:
    return [(name, each["Properties"]) for name, each in of_type(template, "AWS::ECS::Service").items()]


def _containers(template: Template) -> list[dict[str, Any]]:
    tasks = of_type(template, "AWS::ECS::TaskDefinition").values()
    return [container for task in tasks for container in task["Properties"]["ContainerDefinitions"]]


def _groups(template: Template) -> list[dict[str, Any]]:
    groups = of_type(template, "AWS::ElasticLoadBalancingV2::TargetGroup").values()
    return [
        each for each in groups if each["Properties"]["TargetType"] != "lambda"
    ]  # which is never drained or checked


def _every(items: list[Any], holds: Callable[[Any], bool]) -> bool:
    return bool(items) and all(map(holds, items))


def _deployment(service: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = service["DeploymentConfiguration"]
    return found


def _alarms_roll_back(deployment: dict[str, Any]) -> bool:
    alarms = deployment["Alarms"]
    return bool(alarms["Enable"] and alarms["Rollback"] and alarms["AlarmNames"])


def _rolls_back(deployment: dict[str, Any]) -> bool:
    """By the breaker; the strategies that shift traffic have alarms in its place: ECS breaks rolling ones only."""
    if deployment["Strategy"] != "ROLLING":
        return _alarms_roll_back(deployment)
    breaker = deployment["DeploymentCircuitBreaker"]
    return bool(breaker["Enable"] and breaker["Rollback"])


def _two_tasks(template: Template) -> bool:
    targets = of_type(template, "AWS::ApplicationAutoScaling::ScalableTarget").values()
    scaled = [target["Properties"]["MinCapacity"] for target in targets]
    counts = [service["DesiredCount"] for _, service in _services(template) if "DesiredCount" in service]
    return len(counts) + len(scaled) == len(_services(template)) and _every([*counts, *scaled], lambda count: count > 1)


def _scaled_or_counted(template: Template) -> bool:
    targets = str(of_type(template, "AWS::ApplicationAutoScaling::ScalableTarget"))
    return _every(
        _services(template), lambda each: ("DesiredCount" in each[1]) != (f"'{each[0].split('.')[1]}'" in targets)
    )


def _logs_without_waiting(template: Template) -> bool:
    drivers = [each["LogConfiguration"] for each in _containers(template)]
    return _every(
        drivers, lambda each: each["LogDriver"] == "awsfirelens" or each["Options"].get("mode") == "non-blocking"
    )


def _stays(template: Template) -> bool:
    kinds = ("AWS::ECR::Repository", "AWS::Logs::LogGroup", "AWS::EFS::FileSystem")
    stateful = [each for kind in kinds for each in of_type(template, kind).values()]
    return _every(stateful, lambda each: each.get("DeletionPolicy") == each.get("UpdateReplacePolicy") == "Retain")


def _zones_have_nat(template: Template) -> bool:
    private = [
        subnet
        for subnet in of_type(template, "AWS::EC2::Subnet").values()
        if any(tag["Value"] == "Private" for tag in subnet["Properties"]["Tags"])
    ]
    gateways = len(of_type(template, "AWS::EC2::NatGateway"))
    return gateways in {0, len(private)}


CONDITIONS: dict[str, Callable[[Template], bool]] = {
    "a breaker that rolls back": lambda t: _every(_services(t), lambda each: _rolls_back(_deployment(each[1]))),
    "alarms that roll back": lambda t: _every(_services(t), lambda each: _alarms_roll_back(_deployment(each[1]))),
    "all tasks stay healthy": lambda t: _every(
        _services(t), lambda each: _deployment(each[1])["MinimumHealthyPercent"] >= 100
    ),
    "two tasks": _two_tasks,
    "two zones": lambda t: _every(
        _services(t), lambda each: len(each[1]["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"]) > 1
    ),
    "rebalancing said": lambda t: _every(
        _services(t), lambda each: each[1]["AvailabilityZoneRebalancing"] == "ENABLED"
    ),
    "a short drain": lambda t: _every(
        _groups(t),
        lambda each: int(attributes(each, "TargetGroupAttributes")["deregistration_delay.timeout_seconds"]) <= 120,
    ),
    "a time to stop": lambda t: _every(_containers(t), lambda each: 2 <= each["StopTimeout"] <= 120),
    "a health check that is spelled out": lambda t: _every(
        _groups(t),
        lambda each: (
            each["Properties"]["HealthCheckPath"].startswith("/") and "HttpCode" in each["Properties"]["Matcher"]
        ),
    ),
    "scaling or a count": _scaled_or_counted,
    "logs without waiting": _logs_without_waiting,
    "an architecture": lambda t: _every(
        list(of_type(t, "AWS::ECS::TaskDefinition").values()),
        lambda each: "CpuArchitecture" in each["Properties"]["RuntimePlatform"],
    ),
    "no latest": lambda t: _every(_containers(t), lambda each: "latest" not in str(each["Image"])),
    "state stays": _stays,
    "a NAT gateway in each zone": _zones_have_nat,
    "a grace period": lambda t: _every(_services(t), lambda each: each[1]["HealthCheckGracePeriodSeconds"] >= 60),
    "a health check": lambda t: _every(_groups(t), lambda each: each["Properties"]["HealthCheckEnabled"]),
    "an init process": lambda t: _every(_containers(t), lambda each: each["LinuxParameters"]["InitProcessEnabled"]),
}


CHOSEN = {
    ("managed_instances", "alarms that roll back"),
    ("managed_instances", "a grace period"),
    ("rolling", "all tasks stay healthy"),
    ("release_command", "a grace period"),
    ("release_command", "alarms that roll back"),
    ("roles", "two tasks"),
    ("roles", "all tasks stay healthy"),
    ("roles", "alarms that roll back"),
    ("roles", "a grace period"),
    ("scale_to_zero", "two tasks"),
    ("scale_to_zero", "scaling or a count"),
    ("worker", "two tasks"),
    ("worker", "a short drain"),
    ("worker", "a grace period"),
    ("worker", "a health check"),
    ("worker", "a health check that is spelled out"),
}
"""Conditions that an example gives up on purpose; a worker starts from zero or one, and has no targets to
check; a scheduler never runs twice."""


def holds(condition: Callable[[Template], bool], template: Template) -> bool:
    """Whether a template keeps a condition."""
    try:
        return condition(template)
    except KeyError:  # what is not said is not promised
        return False
