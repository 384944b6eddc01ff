"""Rewrites: what a load balancer changes in a request before it sends it to a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._rules.checks import text
from ecr_fargate_constructs._rules.rewrites import LONGEST, NotSupportedError, compiled, rewritten, unknown_group
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import aws_cdk as cdk

    from ecr_fargate_constructs.service.routing.route import Route


@typed
@dataclass(frozen=True)
class Rewrite:
    r"""A rewrite: a regular expression, and the text that replaces its match.

    If the expression does not match, the request stays as it is. Begin it with ``^`` and end it with ``$``, and capture
    the rest of the URL, the query included: ``Rewrite("^/api/(.*)$", "/$1")``. AWS does not document whether the rest
    of a URL that is only matched in part stays.

    Attributes:
        regex: Regular expression of 1 to 1024 ASCII characters, without white space. Elastic Load Balancing does not
            support lookaheads, lookbehinds, backreferences, atomic groups, possessive quantifiers, subroutines,
            recursion and Unicode character classes (such as ``\p{L}``).
        replace: Replacement of at most 1024 printable ASCII characters, without white space; ``$1`` and ``$2`` stand
            for what the groups of the expression have matched.

    Raises:
        ConfigurationError: Elastic Load Balancing refuses a value, or the replacement names a group that the
            expression does not have.
    """

    regex: str
    replace: str

    def __post_init__(self) -> None:
        text("Rewrite.regex", self.regex)
        text("Rewrite.replace", self.replace)
        if not is_token(self.regex):
            self._check_regex()
        if is_token(self.replace):
            return
        if len(self.replace) > LONGEST or not all("!" <= each <= "~" for each in self.replace):
            raise ConfigurationError(
                f"Rewrite.replace={self.replace[:60]!r} is not a replacement that Elastic Load Balancing accepts; use "
                f"at most {LONGEST} printable ASCII characters, and %20 for a blank"
            )
        unknown = None if is_token(self.regex) else unknown_group(self.regex, self.replace)
        if unknown is not None:
            raise ConfigurationError(
                f"Rewrite.replace={self.replace!r} names {unknown}, but regex={self.regex!r} has no such group; put "
                "parentheses around what the replacement keeps, as in Rewrite('^/api/(.*)$', '/$1')"
            )

    def _check_regex(self) -> None:
        if not 0 < len(self.regex) <= LONGEST or not self.regex.isascii():
            raise ConfigurationError(
                f"Rewrite.regex={self.regex[:60]!r} is not an expression that Elastic Load Balancing accepts; use 1 to "
                f"{LONGEST} ASCII characters"
            )
        try:
            compiled(self.regex)
        except NotSupportedError as error:
            raise ConfigurationError(
                f"Rewrite.regex={self.regex[:60]!r} {error}, which Elastic Load Balancing does not support; "
                "use groups, classes and quantifiers alone, with \\s or %20 for a blank, \\{ for a brace and "
                "\\z for the end"
            ) from error


def check_rewrites(route: Route) -> None:
    """Refuse rewrites that make no URL or host of what the route matches: each such request would fail."""
    for path in route.paths:
        after = _after(route.url_rewrite, path)
        if after is not None and not after.startswith("/"):
            raise ConfigurationError(
                f"Route.url_rewrite makes {after!r} of the path {_sample(path)!r}, which does not begin with '/'; "
                "begin the replacement with '/'"
            )
    for host in route.hosts:
        after = _after(route.host_header_rewrite, host)
        if after is not None and (not after or "/" in after):
            raise ConfigurationError(
                f"Route.host_header_rewrite makes {after!r} of the host {_sample(host)!r}, which is no host name; use "
                "a replacement like 'shop.internal', without scheme and path"
            )


def _after(rewrite: Rewrite | None, condition: str) -> str | None:
    """Return what a rewrite makes of a value that a condition matches; None if that is unknown."""
    if rewrite is None or any(is_token(each) for each in (rewrite.regex, rewrite.replace, condition)):
        return None
    sample = _sample(condition)
    after = rewritten(rewrite.regex, rewrite.replace, sample)
    return None if after == sample else after


def _sample(condition: str) -> str:
    return condition.replace("*", "a")


def set_transforms(rule: elbv2.ApplicationListenerRule, route: Route) -> None:
    """Let a rule rewrite the requests that it forwards, as its route says; CDK's rule has no option for it."""
    transforms: list[cdk.IResolvable | elbv2.CfnListenerRule.TransformProperty] = [*_transforms(route)]
    resource = rule.node.default_child
    if transforms and isinstance(resource, elbv2.CfnListenerRule):
        resource.transforms = transforms


def _transforms(route: Route) -> Iterable[elbv2.CfnListenerRule.TransformProperty]:
    if route.host_header_rewrite is not None:
        yield elbv2.CfnListenerRule.TransformProperty(
            type="host-header-rewrite", host_header_rewrite_config=_config(route.host_header_rewrite)
        )
    if route.url_rewrite is not None:
        yield elbv2.CfnListenerRule.TransformProperty(type="url-rewrite", url_rewrite_config=_config(route.url_rewrite))


def _config(rewrite: Rewrite) -> elbv2.CfnListenerRule.RewriteConfigObjectProperty:
    return elbv2.CfnListenerRule.RewriteConfigObjectProperty(
        rewrites=[elbv2.CfnListenerRule.RewriteConfigProperty(regex=rewrite.regex, replace=rewrite.replace)]
    )
