"""The posture: the level of protection and logging, set on a stack, a stage or the app, or in ``cdk.json``."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, cast

import aws_cdk as cdk

from ecr_fargate_constructs._cdk import context
from ecr_fargate_constructs._cdk.neighbours import check_neighbours
from ecr_fargate_constructs._cdk.site import forget, stack_of
from ecr_fargate_constructs._rules.checks import web_acl as check_web_acl
from ecr_fargate_constructs._rules.refusal import located
from ecr_fargate_constructs._rules.typed import refuse_wrong_type
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from aws_cdk import aws_s3 as s3
    from aws_cdk.interfaces.aws_kms import IKeyRef
    from aws_cdk.interfaces.aws_wafv2 import IWebACLRef
    from constructs import IConstruct

CONTEXT = context.POSTURE
"""The context key in ``cdk.json``, and the key of the tag on resources made under ``Posture.REGULATED``."""


class Posture(Enum):
    """The level of protection and logging in the constructs of a stack.

    A posture applies to whole stacks, since the services of a stack share their network. Set it for all stacks of an
    app in ``cdk.json``::

        {"context": {"ecr-fargate-constructs:posture": "REGULATED"}}

    or for some of them in the program, right after the stack is made::

        stack = cdk.Stack(app, "Web")
        Posture.REGULATED.apply_to(stack)
    """

    STANDARD = context.STANDARD
    """The default: safe, and no resource that costs extra."""

    REGULATED = context.REGULATED
    """For workloads that are audited. In addition to STANDARD:

    - a customer-managed KMS key with yearly rotation for repositories and log groups;
    - access logs of load balancers and flow logs of networks, kept for a year in a bucket that is retained;
    - a web ACL (WAF) with AWS's managed rules for every load balancer, and its log;
    - deletion protection on load balancers, and default security groups without rules;
    - log retention of one year, and a tag on every resource.

    Each stack has one key, one bucket and one web ACL, made when the first construct needs them. Key and web ACL cost
    about 10 US dollars a month before any traffic; logs are charged by their size, WAF by requests.
    """

    def apply_to(
        self,
        scope: cdk.Stack | cdk.Stage,
        *,
        encryption_key: IKeyRef | None = None,
        log_bucket: s3.IBucket | None = None,
        web_acl: IWebACLRef | str | None = None,
    ) -> None:
        """Set the posture of a stack, or of all stacks of a stage or of the app; the nearest setting counts.

        Call it before ``scope`` has any construct.

        Args:
            scope: A stack, a stage or the app.
            encryption_key: Key to use instead of one per stack; default, a new key. The key policy of a ``kms.Key`` of
                this app is extended for CloudWatch Logs; the policy of an imported key must allow CloudWatch Logs
                already.
            log_bucket: Bucket to use instead of one per stack; default, a new bucket. It must be encrypted with
                SSE-S3, the only encryption that load balancers write with. The policy of an imported bucket must allow
                load balancers and flow logs to write.
            web_acl: Regional web ACL, or its ARN, to use instead of one per stack; default, a new web ACL. Its owner
                configures its log.

        Raises:
            ConfigurationError: ``scope`` is not a stack, a stage or the app, or has constructs already; ``web_acl`` is
                not the ARN of a regional web ACL; or STANDARD is given parts, which it does not use.
        """
        refuse_wrong_type("scope", "Construct", scope)
        given = {"encryption_key": encryption_key, "log_bucket": log_bucket, "web_acl": web_acl}
        with located(scope.node.path):
            for name, kind, value in (
                ("encryption_key", "IKeyRef | None", encryption_key),
                ("log_bucket", "s3.IBucket | None", log_bucket),
                ("web_acl", "IWebACLRef | str | None", web_acl),
            ):
                refuse_wrong_type(name, kind, value)
            check_neighbours(scope, given, owner="Posture")
            provided = ProvidedParts(encryption_key=encryption_key, log_bucket=log_bucket, web_acl=web_acl)
            _check(self, scope, provided)
        scope.node.set_context(CONTEXT, self.value)
        forget(scope)  # ``scope`` has no children yet that could have read another posture
        setattr(scope, _PROVIDED, provided)


class ProvidedParts(NamedTuple):
    """Resources that replace those that each stack would make."""

    encryption_key: IKeyRef | None = None
    log_bucket: s3.IBucket | None = None
    web_acl: IWebACLRef | str | None = None


_PROVIDED = "_ecr_fargate_constructs_provided"
"""Attribute of a stack, a stage or the app that keeps the parts given to ``apply_to``."""


def posture_of(scope: IConstruct, *, path: str | None = None) -> Posture:
    """Return the posture of the stack that ``scope`` is in.

    Raises:
        ConfigurationError: The context holds another word than a posture.
    """
    return Posture(context.posture_word(scope, path=path))


def is_regulated(scope: IConstruct) -> bool:
    """Return whether ``scope`` is in a stack under ``Posture.REGULATED``."""
    return posture_of(scope) is Posture.REGULATED


def provided_parts(scope: IConstruct) -> ProvidedParts:
    """Return the parts given to ``apply_to`` for the stack of ``scope``, or else for its stage or the app."""
    for each in reversed(scope.node.scopes):
        provided = cast("ProvidedParts | None", vars(each).get(_PROVIDED))
        if provided is not None:
            if each is not scope:  # ``apply_to`` of a stage or the app could not check the environments of its stacks
                check_neighbours(stack_of(scope), provided._asdict(), owner="Posture")
            return provided
    return ProvidedParts()


def _check(posture: Posture, scope: IConstruct, provided: ProvidedParts) -> None:
    name = f"Posture.{posture.name}"
    if not (cdk.Stack.is_stack(scope) or cdk.Stage.is_stage(scope)):
        raise ConfigurationError(
            f"{name} applies to whole stacks, because the services of a stack share a network; apply it to the stack, "
            "a stage or the app"
        )
    if scope.node.children:
        children = ", ".join(child.node.id for child in scope.node.children[:3])
        raise ConfigurationError(
            f"{name} is applied too late: the scope already has constructs ({children}); apply it before you add any, "
            f"or set the context {CONTEXT!r} in cdk.json"
        )
    if posture is Posture.STANDARD and provided != ProvidedParts():
        raise ConfigurationError(
            f"{name} does not use encryption_key, log_bucket or web_acl for a whole stack; apply Posture.REGULATED, or "
            "give encryption_key to the repository, and access_logs and web_acl to the ingress"
        )
    check_web_acl("web_acl", provided.web_acl)
