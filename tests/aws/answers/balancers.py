"""What Elastic Load Balancing answers, about itself, about its targets, and to a client."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.aws.answers.asking import asked, chosen, counted
from tests.aws.targets import Listening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.aws.answers.asking import Answer, Resource, Scene

_GROUP = (
    "Protocol",
    "Port",
    "ProtocolVersion",
    "TargetType",
    "IpAddressType",
    "HealthCheckProtocol",
    "HealthCheckPath",
    "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "UnhealthyThresholdCount",
    "Matcher",
)
_SECONDS = 300
_POLL = 2


def target_health(scene: Scene) -> Answer:
    """Return each target group with its attributes, and the states of its targets once they are settled."""
    groups = scene.of("AWS::ElasticLoadBalancingV2::TargetGroup")
    return {each.logical: asked(_group, scene, each.physical) for each in groups}


def _group(scene: Scene, arn: str) -> Answer:
    balancing, deadline = scene.client("elbv2"), time.monotonic() + _SECONDS
    while True:
        health = balancing.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        states = Counter(each["TargetHealth"]["State"] for each in health)
        if not {"initial", "draining", "unhealthy"} & set(states) or time.monotonic() > deadline:
            break
        time.sleep(_POLL)
    [group] = balancing.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    listed = balancing.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return {**chosen(group, _GROUP), "states": counted(scene, states), "attributes": _attributes(listed)}


def load_balancers(scene: Scene) -> Answer:
    """Return each load balancer with its attributes, its listeners and their rules."""
    return {each.logical: asked(_balancer, scene, each) for each, _ in _balancers(scene)}


def _balancers(scene: Scene) -> list[tuple[Resource, dict[str, Any]]]:
    found = []
    for each in scene.of("AWS::ElasticLoadBalancingV2::LoadBalancer"):
        described = scene.client("elbv2").describe_load_balancers(LoadBalancerArns=[each.physical])
        found.append((each, described["LoadBalancers"][0]))
    return found


def _balancer(scene: Scene, resource: Resource) -> Answer:
    balancing = scene.client("elbv2")
    [described] = balancing.describe_load_balancers(LoadBalancerArns=[resource.physical])["LoadBalancers"]
    listed = balancing.describe_load_balancer_attributes(LoadBalancerArn=resource.physical)["Attributes"]
    listeners = {}
    for each in balancing.describe_listeners(LoadBalancerArn=resource.physical)["Listeners"]:
        rules = balancing.describe_rules(ListenerArn=each["ListenerArn"])["Rules"]
        listeners[str(each["Port"])] = {
            **chosen(each, ("Protocol", "SslPolicy")),
            "rules": {rule["Priority"]: _rule(rule) for rule in rules},
        }
    fields = chosen(described, ("Scheme", "Type", "IpAddressType", "State"))
    return {**fields, "attributes": _attributes(listed), "listeners": listeners}


def _rule(rule: dict[str, Any]) -> Answer:
    actions = []
    for action in rule["Actions"]:
        groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or ()
        weights = sorted(each.get("Weight", 1) for each in groups)
        actions.append({"type": action["Type"], **({"weights": weights} if weights else {})})
    return {"conditions": sorted(each["Field"] for each in rule.get("Conditions", ())), "actions": actions}


def _attributes(listed: list[dict[str, str]]) -> Answer:
    return {each["Key"]: each["Value"] for each in listed}


def http_answers(scene: Scene) -> Answer:
    """Return the answers of each internet-facing listener, to "/" and to the paths of its rules."""
    found: Answer = {}
    for resource, described in _balancers(scene):
        if described["Scheme"] == "internet-facing":
            found[resource.logical] = {
                f"{listener.protocol} {listener.port} {path}": vars(_reached(scene, listener, path))
                for listener, path in _requests(scene, described)
            }
    return found


def _reached(scene: Scene, listener: Listening, path: str) -> Any:  # noqa: ANN401 - see Target
    deadline = time.monotonic() + _SECONDS
    while True:
        answer = scene.target.ask(listener, path)
        if 0 < answer.status < 500 or time.monotonic() > deadline:  # later: no name yet, no target yet
            return answer
        time.sleep(_POLL)


def _requests(scene: Scene, described: dict[str, Any]) -> Iterator[tuple[Listening, str]]:
    balancing = scene.client("elbv2")
    for each in balancing.describe_listeners(LoadBalancerArn=described["LoadBalancerArn"])["Listeners"]:
        paths = {"/"}
        for rule in balancing.describe_rules(ListenerArn=each["ListenerArn"])["Rules"]:
            for condition in rule.get("Conditions", ()):
                if condition["Field"] == "path-pattern":
                    values = condition.get("Values") or condition["PathPatternConfig"]["Values"]
                    paths |= {value.replace("*", "") for value in values}
        domain = _domain(scene, each)
        listener = Listening(
            described["LoadBalancerName"], described["DNSName"], each["Protocol"], each["Port"], domain
        )
        yield from ((listener, path) for path in sorted(paths))


def _domain(scene: Scene, listener: dict[str, Any]) -> str:
    certificates = listener.get("Certificates") or ()
    if not certificates:
        return ""
    arn = certificates[0]["CertificateArn"]
    return str(scene.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]["DomainName"])
