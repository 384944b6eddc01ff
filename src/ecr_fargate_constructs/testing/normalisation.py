"""A template without the parts that change from build to build; the rest changes only with the infrastructure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.testing.templates import as_data

if TYPE_CHECKING:
    from ecr_fargate_constructs.testing.templates import TemplateLike

_ASSET_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
# CDK appends the hash of the content to the logical id of a function's version and of an API's deployment.
_HASHED_LOGICAL_ID = re.compile(r".*[0-9A-F]{8}[0-9a-f]{32}")
_HASH_LENGTH = 32
_BUILD_METADATA = ("aws:cdk:path", "aws:asset:")
_BOOTSTRAP_PARAMETER = "BootstrapVersion"
_BOOTSTRAP_RULE = "CheckBootstrapVersion"
_VERSIONS = "CDKMetadata"
_VERSIONS_CONDITION = "CDKMetadataAvailable"


def normalised(template: TemplateLike) -> dict[str, Any]:
    """Return the template without asset hashes, the versions of the CDK in use, and the bootstrap's own rule.

    Everything that CloudFormation would act on is kept. Removed are:

    - asset hashes (64 hexadecimal digits), and those in the logical ids of function versions and API deployments;
    - the resource ``CDKMetadata`` and its condition, which name the library versions;
    - the parameter and the rule that compare the bootstrap's version;
    - ``aws:cdk:path`` and ``aws:asset:*``, which the CDK command line adds and an app on its own does not.
    """
    original = as_data(template)
    text = _ASSET_HASH.sub("<hash>", json.dumps(original))
    hashed = [name for name in original.get("Resources", {}) if _HASHED_LOGICAL_ID.fullmatch(name)]
    if hashed:
        names = re.compile(rf"\b(?:{'|'.join(hashed)})\b")
        text = names.sub(lambda name: f"{name[0][:-_HASH_LENGTH]}<hash>", text)
    result: dict[str, Any] = json.loads(text)
    _drop(result, "Parameters", _BOOTSTRAP_PARAMETER)
    _drop(result, "Rules", _BOOTSTRAP_RULE)
    _drop(result, "Resources", _VERSIONS)
    _drop(result, "Conditions", _VERSIONS_CONDITION)
    for resource in result.get("Resources", {}).values():
        for key in [key for key in resource.get("Metadata", {}) if key.startswith(_BUILD_METADATA)]:
            _drop(resource, "Metadata", key)
    return result


def _drop(owner: dict[str, Any], section: str, key: str) -> None:
    items = owner.get(section)
    if isinstance(items, dict) and items.pop(key, None) is not None and not items:
        del owner[section]
