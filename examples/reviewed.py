"""A deployment that fails on every finding that is not acknowledged, and a list of the acknowledged ones."""

from pathlib import Path

import aws_cdk as cdk

from ecr_fargate_constructs import EcrFargateService, PublicHttp, compliance

APP = Path(__file__).parent.parent / "app"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Reviewed")
    EcrFargateService(stack, "Web", directory=APP, container_port=8080, ingress=PublicHttp())
    compliance.enable(app)  # AwsSolutions; packs=[cdk_nag.HIPAASecurityChecks, …] for others
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
    Path(app.outdir, "acknowledgements.md").write_text(compliance.inventory(app).as_markdown(), encoding="utf-8")
