"""The effect of changes on the rule and the target groups of a service whose traffic shifts.

``python scripts/shift_changes.py`` writes the table of docs/deployments.md; a test compares the page with the result.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import assertions
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs import (
    AppContainer,
    Approval,
    BlueGreen,
    Canary,
    Linear,
    LoadBalancedFargateService,
    PublicHttps,
    Route,
    RoutedFargateService,
    Scaling,
    SharedLoadBalancer,
    Sidecar,
    Stickiness,
    TargetGroupSettings,
    TargetHealthCheck,
    TaskSize,
    TestTrafficHeader,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parent.parent / "docs" / "deployments.md"
BEGIN, END = "<!-- changes: begin -->", "<!-- changes: end -->"
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
STRATEGIES = {"BlueGreen": BlueGreen, "Canary": Canary, "Linear": Linear}
PLACES = ("alone", "shared")
_IMAGE = "public.ecr.aws/nginx/nginx:1.29"
_CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/a"


@dataclass(frozen=True, kw_only=True)
class Made:
    """The settings of six services of a stack: three strategies, alone and behind a shared load balancer."""

    container: AppContainer = field(default_factory=lambda: AppContainer(_IMAGE, 8080))
    health_check: TargetHealthCheck = field(default_factory=TargetHealthCheck)
    deregistration_delay: cdk.Duration = field(default_factory=lambda: cdk.Duration.seconds(30))
    settings: TargetGroupSettings = field(default_factory=TargetGroupSettings)
    deployment: dict[str, Any] = field(default_factory=dict)
    strategies: tuple[str, ...] = tuple(STRATEGIES)
    route: str = "/{}/*"
    certificate: str = _CERTIFICATE
    count: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    tagged: str = ""
    stack_tags: dict[str, str] | None = None


@dataclass(frozen=True)
class Change:
    """A change, with its description on the page."""

    said: str
    make: Callable[[Made], Made]


CHANGES = (
    Change("another image", lambda made: replace(made, container=AppContainer(f"{_IMAGE}.1", 8080))),
    Change("another container port", lambda made: replace(made, container=AppContainer(_IMAGE, 9090))),
    Change(
        "environment", lambda made: replace(made, container=AppContainer(_IMAGE, 8080, environment={"MODE": "fast"}))
    ),
    Change("a sidecar", lambda made: replace(made, options={"sidecars": [Sidecar("proxy", _IMAGE)]})),
    Change("task size", lambda made: replace(made, options={"size": TaskSize(cpu=512, memory_mib=1024)})),
    Change("number of tasks", lambda made: replace(made, count=3)),
    Change(
        "`scaling`",
        lambda made: replace(made, options={"scaling": Scaling(min_capacity=2, max_capacity=6, cpu_percent=60)}),
    ),
    Change("`Tags.of(app)`, with any priority", lambda made: replace(made, tagged="app")),
    Change("`Tags.of(service)`", lambda made: replace(made, tagged="services")),
    Change("`cdk.Stack(tags=…)`", lambda made: replace(made, stack_tags={"release": "2"})),
    Change("bake time, another strategy", lambda made: replace(made, strategies=("Canary", "Linear", "BlueGreen"))),
    Change("alarms, approval", lambda made: replace(made, deployment={"alarms": None, "approval": Approval()})),
    Change(
        "a `test_traffic`", lambda made: replace(made, deployment={"test_traffic": TestTrafficHeader(name="X-Preview")})
    ),
    Change("another certificate", lambda made: replace(made, certificate=f"{_CERTIFICATE}b")),
    Change("health check", lambda made: replace(made, health_check=TargetHealthCheck(path="/healthz", port=9000))),
    Change("deregistration delay", lambda made: replace(made, deregistration_delay=cdk.Duration.seconds(60))),
    Change(
        "stickiness",
        lambda made: replace(made, settings=TargetGroupSettings(stickiness=Stickiness(duration=cdk.Duration.hours(1)))),
    ),
    Change("another `Route`", lambda made: replace(made, route="/v2/{}/*")),
    Change(
        "`protocol_version`",
        lambda made: replace(
            made, settings=TargetGroupSettings(protocol_version=elbv2.ApplicationProtocolVersion.HTTP2)
        ),
    ),
)


def build(made: Made) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the template of the six services, and the stack's tags."""
    app = cdk.App(context={"@aws-cdk/core:explicitStackTags": True})
    stack = cdk.Stack(app, "Stack", tags=made.stack_tags)
    certificate = acm.Certificate.from_certificate_arn(stack, "Certificate", made.certificate)
    shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttps(certificate=certificate))
    services: list[Any] = []
    for own, strategy in zip(STRATEGIES, made.strategies, strict=True):
        deployment = STRATEGIES[strategy](**made.deployment)
        alone: dict[str, Any] = {} if made.count is None else {"desired_count": made.count}
        behind: dict[str, Any] = (
            {} if made.count is None else {"scaling": Scaling(min_capacity=made.count, max_capacity=made.count)}
        )
        services += [
            LoadBalancedFargateService(
                stack,
                f"Alone{own}",
                container=made.container,
                ingress=PublicHttps(
                    certificate=certificate,
                    health_check=made.health_check,
                    deregistration_delay=made.deregistration_delay,
                    target_group=made.settings,
                ),
                deployment=deployment,
                **alone,
                **made.options,
            ),
            RoutedFargateService(
                stack,
                f"Shared{own}",
                load_balancer=shared,
                route=Route(path=made.route.format(own)),
                container=made.container,
                health_check=made.health_check,
                deregistration_delay=made.deregistration_delay,
                target_group=made.settings,
                deployment=deployment,
                **behind,
                **made.options,
            ),
        ]
    for each in {"app": [app], "services": services}.get(made.tagged, []):
        cdk.Tags.of(each).add("release", "2", priority=10_000)
    return dict(assertions.Template.from_stack(stack).to_json()), dict(stack.tags.tag_values())


def touched(old: dict[str, Any], new: dict[str, Any], prefix: str) -> tuple[str, str]:
    """Return the effect of an update on the production rule and the target groups of the service with a prefix."""
    [service] = [
        each["Properties"]
        for name, each in old["Resources"].items()
        if name.startswith(prefix) and each["Type"] == "AWS::ECS::Service"
    ]
    [balancer] = service["LoadBalancers"]
    advanced = balancer["AdvancedConfiguration"]
    groups = [balancer["TargetGroupArn"]["Ref"], advanced["AlternateTargetGroupArn"]["Ref"]]
    rule = advanced["ProductionListenerRule"]["Ref"]
    before, after = old["Resources"], new["Resources"]
    group = "-"
    if any(before[name] != after.get(name) for name in groups):
        create_only = ("Port", "Protocol", "ProtocolVersion", "TargetType", "VpcId", "Name")
        same = all(
            name in after and before[name]["Properties"].get(key) == after[name]["Properties"].get(key)
            for name in groups
            for key in create_only
        )
        group = "updated" if same else "**replaced**"
    if group == "**replaced**" or rule not in after:
        return "**weights reset**", group
    return "-" if before[rule] == after[rule] else "**weights reset**", group


def rows() -> list[tuple[str, dict[str, dict[str, tuple[str, str]]]]]:
    """Return each change with its effect, by place and strategy."""
    base, _ = build(Made())
    found = []
    for change in CHANGES:
        new, _ = build(change.make(Made()))
        found.append(
            (
                change.said,
                {
                    place: {own: touched(base, new, f"{place.capitalize()}{own}") for own in STRATEGIES}
                    for place in PLACES
                },
            )
        )
    return found


def table(found: list[tuple[str, dict[str, dict[str, tuple[str, str]]]]]) -> str:
    """Return the page's table; a row says so if the three strategies differ."""
    lines = ["| change | alone: rule | groups | shared: rule | groups |", "|---|---|---|---|---|"]
    for said, places in found:
        cells = [
            " / ".join(dict.fromkeys(pair[index] for pair in places[place].values()))
            for place in PLACES
            for index in (0, 1)
        ]
        lines.append(f"| {said} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def with_table(text: str, written: str) -> str:
    """Return the page with the new table."""
    before, begins, rest = text.partition(BEGIN)
    _, ends, after = rest.partition(END)
    assert begins
    assert ends
    return f"{before}{BEGIN}\n\n{written}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), table(rows())), encoding="utf-8")
