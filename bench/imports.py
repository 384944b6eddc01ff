"""P4: what importing this library costs beyond CDK's own modules."""

from __future__ import annotations

import sys

from bench.figures import ratio
from bench.goals import Goal
from bench.processes import Program, cpu, in_turn, seconds

CDK = (
    "import aws_cdk; from aws_cdk import aws_cloudwatch, aws_ec2, aws_ecr, aws_ecr_assets, aws_ecs, aws_ecs_patterns, "
    "aws_elasticloadbalancingv2, aws_iam, aws_logs"
)
PROGRAMS = {
    "aws_cdk and its ECS modules": CDK,
    "ecr_fargate_constructs": "import ecr_fargate_constructs",
    "EcrFargateService": "from ecr_fargate_constructs import EcrFargateService, PublicHttp, TargetHealthCheck",
    "aws_cdk alone": "import aws_cdk",
}


def imports(rounds: int) -> list[Goal]:
    """Measure; a bare import loads nothing of CDK, so the goal is judged by what a program needs."""
    programs = {name: Program(command=[sys.executable, "-c", code], environment={}) for name, code in PROGRAMS.items()}
    samples = in_turn(programs, rounds)
    cdk = samples["aws_cdk and its ECS modules"]
    wall = {name: ratio(seconds(samples[name]), seconds(cdk)) for name in PROGRAMS}
    used = ratio(cpu(samples["EcrFargateService"]), cpu(cdk))
    return [
        Goal(
            name="P4",
            measure="`from ecr_fargate_constructs import EcrFargateService, …`, against `import aws_cdk` and the ECS "
            "modules that it needs",
            goal="≤ 1.10",
            figure=f"{wall['EcrFargateService']:.2f} (CPU time {used:.2f}); `import ecr_fargate_constructs` alone "
            f"{wall['ecr_fargate_constructs']:.2f}, `import aws_cdk` alone {wall['aws_cdk alone']:.2f}",
            met=wall["EcrFargateService"] <= 1.10,  # noqa: PLR2004 - the goal
            ratios={"P4": wall["EcrFargateService"]},
        )
    ]
