"""P4: the cost of importing this library in addition to CDK's own modules."""

from __future__ import annotations

import sys

from bench.figures import ratio
from bench.goals import Goal
from bench.processes import Program, at_once, cpu, in_turn, seconds

CDK = (
    "import aws_cdk; from aws_cdk import aws_cloudwatch, aws_ec2, aws_ecr, aws_ecr_assets, aws_ecs, aws_ecs_patterns, "
    "aws_elasticloadbalancingv2, aws_iam, aws_logs"
)
OURS = "from ecr_fargate_constructs import EcrFargateService, PublicHttp, TargetHealthCheck"

GOAL = 1.05


def imports(rounds: int) -> list[Goal]:
    """Measure; a bare import loads nothing of CDK, so the goal is judged by what a program needs."""
    pair = at_once({code: _program(code) for code in (OURS, CDK)}, 3 * rounds)  # each takes a second
    wall, used = ratio(seconds(pair[OURS]), seconds(pair[CDK])), ratio(cpu(pair[OURS]), cpu(pair[CDK]))
    package, core = "import ecr_fargate_constructs", "import aws_cdk"
    parts = in_turn({code: _program(code) for code in (package, core, CDK)}, rounds)
    shares = {code: ratio(seconds(parts[code]), seconds(parts[CDK])) for code in (package, core)}
    return [
        Goal(
            name="P4",
            measure="`from ecr_fargate_constructs import EcrFargateService, …`, against `import aws_cdk` and the ECS "
            "modules that it needs",
            goal=f"≤ {GOAL:.2f}",
            figure=f"{wall:.2f} (CPU time {used:.2f}); `{package}` alone {shares[package]:.2f}, `{core}` alone "
            f"{shares[core]:.2f}",
            met=wall <= GOAL,
            ratios={"P4": wall},
        )
    ]


def _program(code: str) -> Program:
    return Program(command=[sys.executable, "-c", code], environment={})
