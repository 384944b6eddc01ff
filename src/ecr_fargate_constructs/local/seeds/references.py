"""Find the texts in a template that are known before the deployment."""

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
"""Replacements for the pseudo parameters."""

_SUBSTITUTED = re.compile(r"\$\{([^!}][^}]*)\}")
_POLICIES = frozenset(
    {"AssumeRolePolicyDocument", "KeyPolicy", "Policies", "PolicyDocument", "PolicyText", "RepositoryPolicyText"}
)


def text(node: Any) -> str | None:  # noqa: ANN401 - a template
    """Return the text of a value in a template; None if only the deployment knows it."""
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
            all_pseudo = all(name in PSEUDO for name in names)
            return _SUBSTITUTED.sub(lambda match: PSEUDO[match[1]], pattern) if all_pseudo else None
    return None


def mappings(node: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Yield each mapping in a part of a template, except in policies, which refer to resources without using them."""
    if isinstance(node, dict):
        yield node
        for key, value in node.items():
            if key not in _POLICIES:
                yield from mappings(value)
    elif isinstance(node, list):
        for value in node:
            yield from mappings(value)


def texts(node: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Yield each text in a part of a template with its key."""
    for mapping in mappings(node):
        for key, value in mapping.items():
            if key in _POLICIES:
                continue
            for item in value if isinstance(value, list) else [value]:
                resolved = text(item)
                if resolved is not None:
                    yield key, resolved
