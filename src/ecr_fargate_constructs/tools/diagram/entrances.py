"""Draw load balancers: a row for each listener and rule, with arrows to the services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.tools.diagram.labels import anchor_of, tip_of, title_of
from ecr_fargate_constructs.tools.diagram.scene import Arrow, Box, Row, Tone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ecr_fargate_constructs.tools.assembly.model import App, Resource
    from ecr_fargate_constructs.tools.assembly.workload import Service

_LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
_LAST = 100_000  # larger than the priority of any rule


def is_public(balancer: Resource) -> bool:
    """Return whether a load balancer is internet-facing."""
    return bool(balancer.get("Scheme") == "internet-facing")


def balancer_box(app: App, balancer: Resource) -> Box:
    """Return the box of a load balancer, with its listeners and their rules."""
    rows: list[Row] = []
    for listener in app.referring(balancer, _LISTENER, "LoadBalancerArn"):
        rules = app.referring(listener, _RULE, "ListenerArn")
        port = f"{listener.get('Protocol') or 'TCP'} {app.text(listener.get('Port'), listener.template)}"
        rows.append(Row(f"{port}{_default_action(listener.get('DefaultActions'))}", _start(listener)))
        ordered = sorted(rules, key=lambda rule: (app.number(rule.get("Priority"), rule.template) or _LAST, rule.path))
        rows += [Row(_condition(app, rule), _start(rule), framed=True) for rule in ordered]
    network = balancer.get("Type") == "network"
    return Box(
        anchor=anchor_of(balancer),
        title=title_of(balancer),
        kind="network load balancer"
        if network
        else "load balancer"
        if is_public(balancer)
        else "internal load balancer",
        rows=tuple(rows),
        tone=Tone.NETWORK,
        tip=tip_of(balancer),
    )


def entrance_arrows(service: Service) -> list[Arrow]:
    """Return the arrows from listeners and rules to a service; one where both target groups are of the service."""
    return _arrows(service.app, service.target_groups, service.resource)


def target_arrows(app: App) -> list[Arrow]:
    """Return the arrows from listeners and rules to instances, groups of them, functions and load balancers."""
    arrows = []
    for machines in app.of("AWS::AutoScaling::AutoScalingGroup"):
        arrows += _arrows(app, app.targets(machines.get("TargetGroupARNs"), machines.template), machines)
    for group in app.of(_GROUP):
        for target in app.targets(group.get("Targets"), group.template):
            arrows += _arrows(app, (group,), target)
    return arrows


def _arrows(app: App, groups: Iterable[Resource], end: Resource) -> list[Arrow]:
    arrows = []
    for kind, name in ((_LISTENER, "DefaultActions"), (_RULE, "Actions")):
        sources = [source for group in groups for source in app.referring(group, kind, name)]
        arrows += [Arrow(_start(source), anchor_of(end)) for source in dict.fromkeys(sources)]
    return arrows


def _start(source: Resource) -> str:
    return f"{anchor_of(source)}#row"


def _default_action(actions: Any) -> str:  # noqa: ANN401 - actions of a template
    match actions:
        case [*_, {"Type": "redirect"}]:
            return " redirects to HTTPS"
        case [*_, {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": code}}]:
            return f" returns {code}"
        case [{"Type": "authenticate-oidc" | "authenticate-cognito"}, *_]:
            return " authenticates"
    return ""


def _condition(app: App, rule: Resource) -> str:
    """Return the conditions of a rule as one line, without the values of headers and queries, which may be secret."""
    parts = [part for condition in rule.get("Conditions") or [] for part in _parts(app, rule, condition)]
    return " ".join(parts) or "rule"


def _parts(app: App, rule: Resource, condition: dict[str, Any]) -> Iterator[str]:
    for key, config in sorted(condition.items()):
        if not isinstance(config, dict):
            continue
        values = config.get("Values") or []
        match key:
            case "HttpHeaderConfig":
                yield f"header {app.text(config.get('HttpHeaderName'), rule.template)}"
            case "QueryStringConfig":
                names = [app.text(each["Key"], rule.template) for each in values if each.get("Key") is not None]
                yield f"query {', '.join(dict.fromkeys(names))}" if names else "query"
            case _:
                start = "from " if key == "SourceIpConfig" else ""
                yield start + ", ".join(app.text(value, rule.template) for value in values)
    if condition.get("Field") in {"http-header", "query-string"}:
        return
    if condition.get("Values"):
        yield ", ".join(app.text(value, rule.template) for value in condition["Values"])
