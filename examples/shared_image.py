"""One image behind two load balancers: a website for everybody, and its administration inside the network."""

import aws_cdk as cdk

from ecr_fargate_constructs import EcrFargateService, InternalHttp, PublicHttp


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    site = EcrFargateService(stack, "Site", directory="./app", container_port=8080, ingress=PublicHttp())
    EcrFargateService(
        stack,
        "Admin",
        image=site.image,
        container_port=8080,
        environment={"ROLE": "admin"},
        ingress=InternalHttp(),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
