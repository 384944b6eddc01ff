"""The texts of a template, as far as they do not depend on what its stack makes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PSEUDO = {
    "AWS::AccountId": "${account}",
    "AWS::Region": "${region}",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}
"""What stands for the pseudo parameters."""

_SUBSTITUTED = re.compile(r"\$\{([^!}][^}]*)\}")
_POLICIES = frozenset(
    {"AssumeRolePolicyDocument", "KeyPolicy", "Policies", "PolicyDocument", "PolicyText", "RepositoryPolicyText"}
)


def text(node: Any) -> str | None:  # noqa: ANN401 - a template
    """Return what a value of a template is when it is deployed; None if only the deployment tells."""
    match node:
        case str():
            return node
        case {"Ref": str(name)} if len(node) == 1:
            return PSEUDO.get(name)
        case {"Fn::Join": [str(separator), list(parts)]}:
            texts = [text(part) for part in parts]
            return None if None in texts else separator.join(filter(None, texts))
        case {"Fn::Sub": str(pattern)}:
            names = _SUBSTITUTED.findall(pattern)
            known = all(name in PSEUDO for name in names)
            return _SUBSTITUTED.sub(lambda found: PSEUDO[found[1]], pattern) if known else None
    return None


def mappings(node: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Every mapping in a part of a template; not what policies say, which refer to things without using them."""
    if isinstance(node, dict):
        yield node
        for key, value in node.items():
            if key not in _POLICIES:
                yield from mappings(value)
    elif isinstance(node, list):
        for value in node:
            yield from mappings(value)


def texts(node: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Every text in a part of a template with the key that it belongs to."""
    for mapping in mappings(node):
        for key, value in mapping.items():
            if key in _POLICIES:
                continue
            for item in value if isinstance(value, list) else [value]:
                found = text(item)
                if found is not None:
                    yield key, found
