"""Retention by kind of tag, and a simulation of it without AWS."""

from datetime import datetime, timedelta, timezone

import aws_cdk as cdk

from ecr_fargate_constructs import (
    ArchiveUnpulled,
    EcrImage,
    ExpireArchived,
    ExpireOlderThan,
    ExpireUntagged,
    KeepNewest,
    PrivateRepository,
    Retention,
)

retention = Retention(
    rules=[
        KeepNewest(20, tag_prefixes=["release-"]),
        ExpireOlderThan(days=30, tag_patterns=["pr-*"]),
        ExpireUntagged(days=1),
        ArchiveUnpulled(days=120),
        ExpireArchived(days=365),
    ]
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Retention")
    PrivateRepository(stack, "Repo", retention=retention.protect(["stable"]))
    return stack


def explain() -> str:
    now = datetime(2026, 6, 1, tzinfo=timezone.utc)
    images = [EcrImage(tags=[f"release-{n}"], pushed_at=now - timedelta(days=100 - n)) for n in range(25)]
    plan = retention.simulate(images, now=now)
    return "\n".join(decision.explain() for decision in plan.expired)


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
