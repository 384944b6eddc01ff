"""The shortest program: a directory with a Dockerfile becomes a service on AWS."""

import aws_cdk as cdk

from ecr_fargate_constructs import EcrFargateService


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Web")
    web = EcrFargateService(stack, "Web", directory="./app", container_port=8080)
    cdk.CfnOutput(stack, "Url", value=web.url)
    # Plain HTTP is fine for a first look; use PublicHttps before anybody uses the service.
    cdk.Annotations.of(web).acknowledge_warning("ecr-fargate-constructs:plainHttp")
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
