"""Images that are in the repository already: a release by its tag, and one by its digest, which no tag moves."""

import aws_cdk as cdk

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    KeepNewest,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
    Retention,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Pinned")
    repository = PrivateRepository(
        stack,
        "Repository",
        repository_name="team/web",
        retention=Retention(rules=[KeepNewest(50, tag_prefixes=["release-"])]),
        pull_accounts=["111122223333"],
    )
    release = repository.image_by_tag("release-42", architecture=Architecture.ARM64)
    before = repository.image_by_digest(f"sha256:{'0123456789abcdef' * 4}")
    LoadBalancedFargateService(stack, "Web", container=AppContainer(release, 8080), ingress=PublicHttp())
    LoadBalancedFargateService(stack, "Before", container=AppContainer(before, 8080), ingress=PublicHttp())
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
