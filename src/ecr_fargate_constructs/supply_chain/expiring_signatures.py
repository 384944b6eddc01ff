"""A check for lifecycle policies that could expire the signature of an existing image."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aws_cdk import aws_ecr as ecr

from ecr_fargate_constructs._cdk.warning import warn

if TYPE_CHECKING:
    from constructs import Construct


def warn_of_expiring_signatures(scope: Construct, repository: ecr.IRepository) -> None:
    """Warn if a rule expires untagged images: ECR counts signatures as such (containers-roadmap#2613).

    "Automate the cleanup of images by using lifecycle policies" in the Amazon ECR user guide says that a signature is
    deleted within 24 hours of its image, but not that no rule expires it earlier. An imported repository is not
    checked.
    """
    rule = next(filter(_takes_untagged, _rules(repository)), None)
    if rule is None:
        return
    warn(
        scope,
        "signatureMayExpire",
        f"rule {rule.get('rulePriority')} of the lifecycle policy of {repository.node.path} expires untagged images, "
        "and an image's signature is one; without it a later deployment of the same image could be stopped. A "
        "signature is deleted with its image anyway: give the repository retention=Retention([KeepNewest(20, "
        "tag_patterns=['*'])])",
    )


def _rules(repository: ecr.IRepository) -> list[dict[str, Any]]:
    resource = repository.node.default_child
    policy = resource.lifecycle_policy if isinstance(resource, ecr.CfnRepository) else None
    text = getattr(policy, "lifecycle_policy_text", None)
    try:
        rules: list[dict[str, Any]] = json.loads(text or "{}").get("rules", [])
    except ValueError:
        return []  # the text has CDK tokens
    return rules


def _takes_untagged(rule: dict[str, Any]) -> bool:
    """Return whether a rule selects untagged images apart from the tagged ones; a count of all keeps both alike."""
    selection = rule["selection"]
    if selection.get("storageClass") == "archive":
        return False
    by_count = selection["countType"] == "imageCountMoreThan"
    return selection["tagStatus"] == "untagged" or (selection["tagStatus"] == "any" and not by_count)
