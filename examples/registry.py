"""Two registries: images are replicated to another account, where ECR creates their repositories by a template."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from ecr_fargate_constructs import (
    ArchiveUnpulled,
    ExpireArchived,
    PrivateRepository,
    RegistrySettings,
    ReplicationDestination,
    RepositoryCreationTemplate,
    Retention,
)

BUILD = cdk.Environment(account="111122223333", region="eu-west-1")
RECOVERY = cdk.Environment(account="444455556666", region="eu-central-1")


def build(app: cdk.App) -> cdk.Stack:
    recovery = cdk.Stack(app, "Recovery", env=RECOVERY)
    RegistrySettings(recovery, "Registry", replicate_from=["111122223333"])
    key = kms.Key(recovery, "Key", enable_key_rotation=True)
    RepositoryCreationTemplate(
        recovery,
        "Template",
        prefix="shop",
        retention=Retention.keep_last(50),
        encryption_key=key,
    )

    stack = cdk.Stack(app, "Registry", env=BUILD)
    scanner = iam.Role.from_role_name(stack, "Scanner", "nightly-scan")
    registry = RegistrySettings(
        stack,
        "Registry",
        replicate_to=[ReplicationDestination(account="444455556666", region="eu-central-1")],
        pull_time_exclusions=[scanner, "arn:aws:iam::111122223333:role/security/pentest"],
    )
    retention = Retention([ArchiveUnpulled(days=90), ExpireArchived(days=180)])
    repo = PrivateRepository(stack, "Repo", repository_name="shop/web", retention=retention)
    repo.node.add_dependency(registry)
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
