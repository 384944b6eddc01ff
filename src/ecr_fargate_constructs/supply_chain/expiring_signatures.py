"""Whether a repository's lifecycle policy could take the signature of an image that is still there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aws_cdk import aws_ecr as ecr

from ecr_fargate_constructs._cdk.warning import warn

if TYPE_CHECKING:
    from constructs import Construct


def warn_of_expiring_signatures(scope: Construct, repository: ecr.IRepository) -> None:
    """Warn where a rule takes untagged images: ECR counts signatures as such (containers-roadmap#2613).

    "Automate the cleanup of images by using lifecycle policies" in the Amazon ECR user guide says that a signature goes
    within 24 hours of its image, and not that no rule takes it before. Of an imported repository nothing is known.
    """
    rule = next(filter(_takes_untagged, _rules(repository)), None)
    if rule is None:
        return
    warn(
        scope,
        "signatureMayExpire",
        f"rule {rule.get('rulePriority')} of the lifecycle policy of {repository.node.path} takes untagged images, and "
        "the signature of an image is one; without it a later deployment of the same image could be stopped. A "
        "signature goes with its image anyway: give the repository retention=Retention([KeepNewest(20, "
        "tag_patterns=['*'])])",
    )


def _rules(repository: ecr.IRepository) -> list[dict[str, Any]]:
    resource = repository.node.default_child
    policy = resource.lifecycle_policy if isinstance(resource, ecr.CfnRepository) else None
    text = getattr(policy, "lifecycle_policy_text", None)
    try:
        rules: list[dict[str, Any]] = json.loads(text or "{}").get("rules", [])
    except ValueError:
        return []  # with CDK tokens in it
    return rules


def _takes_untagged(rule: dict[str, Any]) -> bool:
    """Return whether a rule looks at untagged images apart from their tagged ones; a count of all keeps both alike."""
    selection = rule["selection"]
    if selection.get("storageClass") == "archive":
        return False
    by_count = selection["countType"] == "imageCountMoreThan"
    return selection["tagStatus"] == "untagged" or (selection["tagStatus"] == "any" and not by_count)
