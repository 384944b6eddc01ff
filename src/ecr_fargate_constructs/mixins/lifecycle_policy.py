"""A retention policy on a repository of CDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ecr as ecr

from ecr_fargate_constructs._cdk.site import resource_of
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs.mixins.adopted import properties
from ecr_fargate_constructs.mixins.base import LibraryMixin
from ecr_fargate_constructs.repository.private_repository import policy_text
from ecr_fargate_constructs.repository.retention import Retention
from ecr_fargate_constructs.repository.retention_checks import idle_rule

if TYPE_CHECKING:
    from typing import ClassVar

    from constructs import Construct


class LifecyclePolicy(LibraryMixin):
    """Give a repository of CDK a retention policy: a repository without one keeps every image forever.

    A repository whose app has set a lifecycle policy keeps it, with the warning ``retentionKept``, because a second
    policy could expire images that the first one keeps. The first evaluation by ECR applies to the images that the
    repository has: look at it before with ``ecr-fargate retention check``.

    Skipped: repositories of this library, and imported ones.
    """

    _kinds: ClassVar[tuple[type[Construct], ...]] = (ecr.Repository,)

    def __init__(self, retention: Retention = Retention.keep_last(20)) -> None:
        """Create the mixin.

        Args:
            retention: Images that are kept, and images that expire; default, ``Retention.keep_last(20)``.
        """
        self._retention = retention

    def _apply(self, construct: ecr.Repository) -> None:
        resource = resource_of(construct)
        if not isinstance(resource, ecr.CfnRepository):
            return
        if properties(resource, "lifecyclePolicy").get("lifecyclePolicy") is not None:
            warn(
                construct,
                "retentionKept",
                "the repository keeps the lifecycle policy that the app has set, and not that of the mixin; remove its "
                "lifecycle_rules to use the mixin's",
            )
            return
        if (problem := idle_rule(self._retention.applied_rules)) is not None:
            warn(construct, "retentionNeverActs", problem)
        text = policy_text(construct, self._retention)
        resource.add_property_override("LifecyclePolicy.LifecyclePolicyText", text)
