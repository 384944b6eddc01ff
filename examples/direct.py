"""Direct delivery: ``cdk deploy --all`` pushes the image straight into the private repository, with no copy."""

from pathlib import Path

import aws_cdk as cdk

from ecr_fargate_constructs import EcrFargateService, ImageRepositoryStack, PublicHttp, Retention

APP = Path(__file__).parent.parent / "app"


def build(app: cdk.App) -> cdk.Stack:
    images = ImageRepositoryStack(app, "DirectImages", retention=Retention.keep_last(20))
    stack = cdk.Stack(app, "Direct", synthesizer=images.synthesizer())
    EcrFargateService(
        stack,
        "Web",
        directory=APP,
        container_port=8080,
        ingress=PublicHttp(),
        repository=images.repository,
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
