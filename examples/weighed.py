"""A finding of ``ecr-fargate doctor`` that somebody has weighed, said where a reviewer sees it."""

import aws_cdk as cdk

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, PublicHttp

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Weighed")
    service = LoadBalancedFargateService(
        stack,
        "Preview",
        container=AppContainer(NGINX, 80, writable_paths=["/var/cache/nginx", "/run"]),
        desired_count=1,
        ingress=PublicHttp(),
    )
    cdk.Validations.of(service).acknowledge(
        cdk.Acknowledgment(id="ecr-fargate-doctor::single-task", reason="A preview: a minute without it hurts nobody.")
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
