"""P5 and P6: what templates show about a rollout, and about a pure code change."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.goals import Goal
from bench.processes import ROOT, Program, run
from bench.programs import BARE, OURS

if TYPE_CHECKING:
    from bench.programs import Assemblies

ROLLOUT, TASKS = 170, 50
"""Seconds: the goals of P5."""

COPY = "Custom::EcrFargateImageCopy"
AWS_INTERVAL, AWS_THRESHOLD, AWS_DELAY = 30, 5, 300
"""Elastic Load Balancing's defaults for properties that the template does not set."""


def rollout_bound(template: dict[str, Any]) -> tuple[float, float]:
    """Return the seconds until a new target is healthy, and the seconds that an old one may take to drain."""
    [group] = [
        item["Properties"]
        for item in template["Resources"].values()
        if item["Type"] == "AWS::ElasticLoadBalancingV2::TargetGroup"
    ]
    interval = group.get("HealthCheckIntervalSeconds", AWS_INTERVAL)
    threshold = group.get("HealthyThresholdCount", AWS_THRESHOLD)
    attributes = {item["Key"]: item["Value"] for item in group.get("TargetGroupAttributes", ())}
    return interval * threshold, float(attributes.get("deregistration_delay.timeout_seconds", AWS_DELAY))


def bake_seconds(template: dict[str, Any]) -> float:
    """Return the seconds that ECS watches alarms after a deployment's tasks have changed: those of the longest alarm.

    Source: Amazon ECS Developer Guide, "How CloudWatch alarms detect Amazon ECS deployment failures": the bake time is
    computed from the configuration of the alarms.
    """
    resources = template["Resources"]
    names = [
        name["Ref"]
        for item in resources.values()
        if item["Type"] == "AWS::ECS::Service"
        for name in item["Properties"].get("DeploymentConfiguration", {}).get("Alarms", {}).get("AlarmNames", ())
    ]
    return max((_watched(resources[name]["Properties"]) for name in names), default=0)


def _watched(alarm: dict[str, Any]) -> float:
    """Return the seconds that an alarm looks back."""
    queries = alarm.get("Metrics", ())
    periods = [query.get("Period") or query.get("MetricStat", {}).get("Period", 0) for query in queries]
    return float(max([alarm.get("Period", 0), *periods]) * alarm["EvaluationPeriods"])


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return the types of the resources in which two templates differ."""
    one, other = before["Resources"], after["Resources"]
    return sorted(
        (other.get(name) or one[name])["Type"] for name in one.keys() | other.keys() if one.get(name) != other.get(name)
    )


def rollouts(assemblies: Assemblies) -> list[Goal]:
    """Return P5."""
    found, baked = {}, {}
    for name in (OURS, BARE):
        run(assemblies.program(name, 1))
        template = assemblies.template(name, 1)
        found[name], baked[name] = rollout_bound(template), bake_seconds(template)
    healthy, leaving = found[OURS]
    tasks, whole = healthy + leaving, healthy + leaving + baked[OURS]
    return [
        Goal(
            name="P5",
            measure="rollout bound from the template: health interval × healthy threshold + deregistration delay + "
            f"bake time of the alarms; the bare pattern has {found[BARE][0]:g} + {found[BARE][1]:g} s and "
            f"{'no alarms' if not baked[BARE] else f'{baked[BARE]:g} s'}",
            goal=f"≤ {ROLLOUT} s, the first two ≤ {TASKS} s",
            figure=f"{healthy:g} + {leaving:g} + {baked[OURS]:g} = {whole:g} s",
            met=whole <= ROLLOUT and tasks <= TASKS,
            ratios={"P5 seconds": tasks, "P5 seconds with alarms": whole},
        )
    ]


def code_changes(assemblies: Assemblies) -> list[Goal]:
    """Return P6, as far as templates show it."""
    found = {name: _code_change(assemblies, name) for name in (OURS, "direct")}
    copied, copied_images = found[OURS]
    direct, direct_images = found["direct"]
    return [
        Goal(
            name="P6",
            measure="a change of nothing but code: resources that change, repositories that get the image",
            goal="copy: 2 resources; direct: 1 resource, 1 repository",
            figure=f"copy: {_words(copied)}, {copied_images} repositories; direct: {_words(direct)}, "
            f"{direct_images} repository",
            met=copied == ["AWS::ECS::TaskDefinition", COPY]
            and direct == ["AWS::ECS::TaskDefinition"]
            and direct_images == 1,
            ratios={"P6 copy": len(copied), "P6 direct": len(direct), "P6 direct images": direct_images},
        )
    ]


def _code_change(assemblies: Assemblies, name: str) -> tuple[list[str], int]:
    """Return the changes, and how many images of the new version are stored: the pushed ones, and copies of those."""
    program = assemblies.program(name, 1)
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder) / "app"
        shutil.copytree(ROOT / "app", app, ignore=shutil.ignore_patterns("__pycache__"))
        moved = Program(command=program.command, environment={**program.environment, "BENCH_APP": str(app)})
        run(moved)
        before = assemblies.template(name, 1)
        server = app / "server.py"
        server.write_text(server.read_text(encoding="utf-8") + "\n# the next version\n", encoding="utf-8")
        run(moved)
        after = assemblies.template(name, 1)
    manifest = json.loads((assemblies.of(name, 1) / "Bench.assets.json").read_text(encoding="utf-8"))
    pushed = sum(len(image["destinations"]) for image in manifest["dockerImages"].values())
    copies = sum(item["Type"] == COPY for item in after["Resources"].values())
    return changed(before, after), pushed + copies


def _words(types: list[str]) -> str:
    return " and ".join(f"`{each}`" for each in types)
