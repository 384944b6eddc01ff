#!/usr/bin/env python3
"""Deployments to rehearse on the embedded AWS: a good version, and four that go wrong.

``-c version=2`` deploys another version, ``-c rehearsal=errors`` one that goes wrong, ``-c strategy=linear`` with
another strategy: see "Rehearse a deployment" in docs/deployments.md.
"""

import sys
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_lambda as lambda_

from ecr_fargate_constructs import (
    Approval,
    BlueGreen,
    Canary,
    DeploymentHook,
    EcrFargateService,
    Linear,
    PublicHttp,
    Rolling,
    TargetHealthCheck,
)

FAULTS = {"good": "", "errors": "errors", "never-starts": "exit", "refused": "", "not-continued": ""}
"""The rehearsals, and what is wrong with the version that is deployed."""

STRATEGIES = ("rolling", "blue-green", "canary", "linear")
REFUSE = "def handler(event, context):\n    return {'hookStatus': 'FAILED'}\n"


def build(app: cdk.App) -> cdk.Stack:
    rehearsal = choice(app, "rehearsal", tuple(FAULTS), "good")
    strategy = choice(app, "strategy", STRATEGIES, "rolling" if rehearsal == "never-starts" else "canary")
    if strategy == "rolling" and rehearsal in {"refused", "not-continued"}:
        sys.exit(f"-c rehearsal={rehearsal} needs a strategy that shifts traffic: blue-green, canary or linear")
    stack = cdk.Stack(app, "Rehearsal")
    EcrFargateService(
        stack,
        "Web",
        directory=Path(__file__).parent / "app",
        container_port=8080,
        environment={"VERSION": str(app.node.try_get_context("version") or 1), "FAULT": FAULTS[rehearsal]},
        ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthz")),
        deployment=deployment(stack, strategy, rehearsal),
    )
    return stack


def deployment(stack: cdk.Stack, strategy: str, rehearsal: str) -> Rolling | BlueGreen | Canary | Linear:
    minutes = cdk.Duration.minutes
    hooks = [hook(stack)] if rehearsal == "refused" else []
    approval = Approval(timeout=minutes(10)) if rehearsal == "not-continued" else None
    match strategy:
        case "rolling":  # from and to the other strategies
            return Rolling(ready_for=BlueGreen())
        case "blue-green":
            return BlueGreen(bake_time=minutes(5), hooks=hooks, approval=approval)
        case "canary":
            return Canary(
                percent=20, canary_bake_time=minutes(10), bake_time=minutes(5), hooks=hooks, approval=approval
            )
        case _:
            return Linear(
                step_percent=25, step_bake_time=minutes(5), bake_time=minutes(5), hooks=hooks, approval=approval
            )


def hook(stack: cdk.Stack) -> DeploymentHook:
    """Ask a function, which refuses every version, as soon as the version's tasks are up."""
    function = lambda_.Function(
        stack,
        "Judge",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="index.handler",
        code=lambda_.Code.from_inline(REFUSE),
    )
    return DeploymentHook(function=function, stages=[ecs.DeploymentLifecycleStage.POST_SCALE_UP])


def choice(app: cdk.App, name: str, allowed: tuple[str, ...], default: str) -> str:
    found = str(app.node.try_get_context(name) or default)
    if found not in allowed:
        sys.exit(f"-c {name}={found} is not known; use one of {', '.join(allowed)}")
    return found


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
