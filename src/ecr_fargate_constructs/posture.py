"""How much a stack protects and records, in one word: set on a stack, a stage or the app, or in ``cdk.json``."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from typing import TYPE_CHECKING, cast

import aws_cdk as cdk

from ecr_fargate_constructs._cdk import context
from ecr_fargate_constructs._cdk.neighbours import check_neighbours
from ecr_fargate_constructs._cdk.site import forget, path_of_construct, stack_of
from ecr_fargate_constructs._rules.checks import web_acl_arn
from ecr_fargate_constructs._rules.typed import refuse_wrong_type
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from aws_cdk import aws_s3 as s3
    from aws_cdk.interfaces.aws_kms import IKeyRef
    from constructs import IConstruct

CONTEXT = context.POSTURE
"""The key in the context of ``cdk.json``, and of the tag on what is made under ``Posture.REGULATED``."""


class Posture(Enum):
    """How much the constructs of a stack protect and record.

    It holds for whole stacks, since the services of one share their network. For all stacks of an app it stands in
    ``cdk.json``::

        {"context": {"ecr-fargate-constructs:posture": "REGULATED"}}

    for some of them in the program, right after the stack is made::

        stack = cdk.Stack(app, "Web")
        Posture.REGULATED.apply_to(stack)
    """

    STANDARD = context.STANDARD
    """The default: safe, and no resource that costs extra."""

    REGULATED = context.REGULATED
    """For workloads that auditors look at. On top of STANDARD:

    - a customer-managed KMS key with yearly rotation for repositories and log groups;
    - access logs of load balancers and flow logs of networks in a bucket that stays, for a year;
    - a web ACL (WAF) with AWS's managed rules in front of every load balancer, and its log;
    - load balancers that refuse to be deleted, default security groups that let nothing through;
    - logs for a year, a tag on every resource.

    Key, bucket and web ACL are one for each stack, made when the first construct needs them. Key and web ACL
    cost about 10 US dollars a month before any traffic; logs are charged by their size, WAF by requests.
    """

    def apply_to(
        self,
        scope: cdk.Stack | cdk.Stage,
        *,
        encryption_key: IKeyRef | None = None,
        log_bucket: s3.IBucket | None = None,
        web_acl: str | None = None,
    ) -> None:
        """Set the posture of a stack, or of all stacks of a stage or of the app; the nearest word counts.

        To be called before anything is made in ``scope``.

        Args:
            scope: A stack, a stage or the app.
            encryption_key: Used instead of a key for each stack. A ``kms.Key`` of this app lets CloudWatch Logs use it;
                the policy of an imported one has to do so already.
            log_bucket: Used instead of a bucket for each stack; encrypted with SSE-S3, since load balancers write
                nothing else. The policy of an imported one has to let load balancers and flow logs in.
            web_acl: ARN of a regional web ACL, used instead of one for each stack; its log is its owner's.

        Raises:
            ConfigurationError: ``scope`` is none of the three or has constructs already, ``web_acl`` is not the ARN of
                a regional web ACL, or STANDARD is given parts that it does not use.
        """
        refuse_wrong_type("scope", "Construct", scope)
        given = {"encryption_key": encryption_key, "log_bucket": log_bucket, "web_acl": web_acl}
        for name, kind, value in (
            ("encryption_key", "IKeyRef | None", encryption_key),
            ("log_bucket", "s3.IBucket | None", log_bucket),
            ("web_acl", "str | None", web_acl),
        ):
            refuse_wrong_type(name, kind, value, path=scope.node.path or None)
        check_neighbours(scope, given, owner="Posture", path=scope.node.path)
        brought = Brought(encryption_key=encryption_key, log_bucket=log_bucket, web_acl=web_acl)
        _check(self, scope, brought)
        scope.node.set_context(CONTEXT, self.value)
        forget(scope)  # nothing is inside that could have read another
        setattr(scope, _BROUGHT, brought)


@dataclass(frozen=True, kw_only=True)
class Brought:
    """Parts from outside that take the place of those that each stack would make."""

    encryption_key: IKeyRef | None = None
    log_bucket: s3.IBucket | None = None
    web_acl: str | None = None


_BROUGHT = "_ecr_fargate_constructs_brought"
"""Where a stack, a stage or the app keeps what ``apply_to`` was given for it."""


def posture_of(scope: IConstruct, *, path: str | None = None) -> Posture:
    """Return the posture of the stack that ``scope`` is in.

    Raises:
        ConfigurationError: The context has a word that is none.
    """
    return Posture(context.posture_word(scope, path=path))


def is_regulated(scope: IConstruct) -> bool:
    """Whether ``scope`` is in a stack under ``Posture.REGULATED``."""
    return posture_of(scope) is Posture.REGULATED


def brought_to(scope: IConstruct) -> Brought:
    """What ``apply_to`` was given for the stack of ``scope``, or for what encloses it."""
    for each in reversed(scope.node.scopes):
        brought = cast("Brought | None", vars(each).get(_BROUGHT))
        if brought is not None:
            if each is not scope:  # of a stage or the app nobody knew where its stacks are
                given = {field.name: getattr(brought, field.name) for field in fields(brought)}
                check_neighbours(stack_of(scope), given, owner="Posture", path=path_of_construct(scope))
            return brought
    return Brought()


def _check(posture: Posture, scope: IConstruct, brought: Brought) -> None:
    path = scope.node.path or None
    word = f"Posture.{posture.name}"
    if not (cdk.Stack.is_stack(scope) or cdk.Stage.is_stage(scope)):
        raise ConfigurationError(
            f"{word} holds for whole stacks, whose services share a network; apply it to the stack, a stage or the app",
            path=path,
        )
    if scope.node.children:
        there = ", ".join(child.node.id for child in scope.node.children[:3])
        raise ConfigurationError(
            f"{word} comes too late for what is there already ({there}); apply it before anything is made, or set the "
            f"context {CONTEXT!r} in cdk.json",
            path=path,
        )
    if posture is Posture.STANDARD and brought != Brought():
        raise ConfigurationError(
            f"{word} uses no encryption_key, log_bucket or web_acl of a whole stack; say Posture.REGULATED, or give "
            "them to the repository (encryption_key) and the way in (access_logs, web_acl)",
            path=path,
        )
    web_acl_arn("web_acl", brought.web_acl, path=path)
