"""A Lambda function that runs an image of the app's own repository. It has to be told to wait for the image."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

from ecr_fargate_constructs import PrivateRepository, Retention

APP = Path(__file__).parents[2] / "app"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Lambda")
    repository = PrivateRepository(stack, "Repo", retention=Retention.keep_last(20))
    image = repository.build_and_push_image(APP)
    resize = lambda_.DockerImageFunction(
        stack,
        "Resize",
        code=lambda_.DockerImageCode.from_ecr(image.repository, tag_or_digest=image.tag),
        memory_size=512,
        timeout=cdk.Duration.seconds(30),
    )
    if image.delivery is not None:
        resize.node.add_dependency(image.delivery)
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
