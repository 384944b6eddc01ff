"""Rule transforms: what a load balancer changes in a request before it sends it to a target.

Source: "Transforms for listener rules" in the Application Load Balancer guide. AWS does not document whether the query
is a part of what an expression is matched with, and whether a text that matches in part is replaced as a whole; here it
is, and it is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs._rules.rewrites import NotSupportedError, rewritten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_CONFIGS = {"host-header-rewrite": "HostHeaderRewriteConfig", "url-rewrite": "UrlRewriteConfig"}


class TransformError(Exception):
    """An expression matches, but what it makes of the request is no request: AWS answers 500."""


@dataclass(frozen=True)
class Target:
    """The host, the path and the query of the request that a target gets.

    Attributes:
        host: The ``Host`` header.
        url: Path and query, percent-encoded.
    """

    host: str
    url: str


def transformed(transforms: Iterable[Mapping[str, Any]], target: Target) -> Target:
    """Return what a target is asked for after the transforms of a rule.

    Args:
        transforms: ``Transforms`` in the words of the API.
        target: What the client asks for.

    Raises:
        TransformError: A transform failed.
    """
    after = {"host-header-rewrite": target.host, "url-rewrite": target.url}
    for transform in transforms:
        kind = str(transform["Type"])
        for rewrite in transform[_CONFIGS[kind]]["Rewrites"]:
            after[kind] = _rewritten(rewrite, after[kind])
    made = Target(after["host-header-rewrite"], after["url-rewrite"])
    if made != target and (not made.host or not made.url.startswith("/")):
        raise TransformError(f"{target} becomes {made}")
    return made


def _rewritten(rewrite: Mapping[str, Any], text: str) -> str:
    try:
        made = rewritten(str(rewrite["Regex"]), str(rewrite["Replace"]), text)
    except NotSupportedError as error:
        raise TransformError(f"the expression {error}") from error
    if made is None:
        raise TransformError(f"{rewrite['Regex']} cannot be applied")
    return made
