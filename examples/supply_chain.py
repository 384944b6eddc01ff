"""Images are scanned and signed; findings raise an alarm, and an unsigned version does not start."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_sns as sns

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    DeploymentHook,
    EnhancedScanning,
    KeepNewest,
    LoadBalancedFargateService,
    ManagedSigning,
    PrivateRepository,
    PublicHttp,
    RegistrySettings,
    Retention,
    ScanAlarm,
    SignatureCheck,
)


def build(app: cdk.App) -> cdk.Stack:
    shared = cdk.Stack(app, "Registry")  # one per account and region
    registry = RegistrySettings(
        shared, "Registry", scanning=EnhancedScanning(), signing=ManagedSigning(repositories=["shop/*"])
    )

    stack = cdk.Stack(app, "Shop")
    tagged = Retention([KeepNewest(20, tag_patterns=["*"])])  # a signature has no tag, and is removed with its image
    repo = PrivateRepository(
        stack, "Repo", retention=tagged, repository_name="shop/web", push_accounts=["111122223333"]
    )
    image = repo.build_and_push_image("./app")
    if image.publisher is not None:
        registry.grant_sign(image.publisher)

    topic = sns.Topic(stack, "Security", enforce_ssl=True)
    ScanAlarm(stack, "Findings", repository=repo.repository, actions=[topic])

    check = SignatureCheck(
        stack, "Signed", repositories=[repo.repository], signing_profile=registry.signing_profile_arn
    )
    before_it_starts = ecs.DeploymentLifecycleStage.PRE_SCALE_UP
    deployment = BlueGreen(hooks=[DeploymentHook(function=check.function, stages=[before_it_starts])])
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(image, 8080),
        ingress=PublicHttp(),
        deployment=deployment,
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
