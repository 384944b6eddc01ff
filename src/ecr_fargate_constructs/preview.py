"""Previews: the app once more, under a name, in a stack of its own that is deleted when its time is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import aws_cdk as cdk
import jsii
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets

from ecr_fargate_constructs._cdk.construct import Whole
from ecr_fargate_constructs._cdk.site import node_of
from ecr_fargate_constructs._regulated.findings import expect_grants
from ecr_fargate_constructs._rules import previews
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct, IConstruct


@typed
@dataclass(frozen=True, kw_only=True)
class Preview:
    """A preview: its name, and when it is deleted.

    ``ecr-fargate preview up NAME`` synthesizes the app with both in its context, and ``Preview.of(app)`` returns them.

    Attributes:
        name: Name, 1 to 30 lower-case letters, digits and hyphens, so that it can be a part of a host name.
        expires: Time of the deletion in UTC, for example ``"2026-12-24T18:00:00"``; default, never.

    Raises:
        ConfigurationError: The name or the time is none.
    """

    name: str
    expires: str | None = None

    def __post_init__(self) -> None:
        if not previews.is_name(self.name):
            raise ConfigurationError(
                f"Preview.name={self.name!r} cannot be a part of a host name; use {previews.NAMES}, for example "
                f"{previews.suggestion(self.name)!r}"
            )
        if self.expires is not None and previews.read(self.expires) is None:
            raise ConfigurationError(
                f"Preview.expires={self.expires!r} is not a time; use UTC as in '2026-12-24T18:00:00'"
            )

    @staticmethod
    def of(scope: Construct) -> Preview | None:
        """Return the preview for which the app is synthesized; None if it is synthesized as it is.

        Raises:
            ConfigurationError: The context has a name or a time that is none.
        """
        node = node_of(scope)
        name, expires = (node.try_get_context(key) for key in (previews.CONTEXT, previews.CONTEXT_EXPIRES))
        return None if name is None else Preview(name=name, expires=expires)


class PreviewStack(Whole, cdk.Stack):
    """The stack of a preview, of which nothing is left when it is deleted.

    - Its id and name are ``ID-preview-NAME``, and a tag has the name, by which the command finds it.
    - Every resource is deleted with it, whatever its removal policy says: repositories with their images, load
      balancers in spite of ``deletion_protection``, and the log bucket of ``Posture.REGULATED`` with its logs. A bucket
      of yours with objects needs ``auto_delete_objects=True``, and any other resource of yours no protection of its own
      against deletion.
    - When the preview expires, EventBridge Scheduler deletes the stack. Its role may delete this one stack; the
      resources are deleted with the role with which the CDK command line has deployed them, which CloudFormation keeps.

    Sources: "CloudFormation service role" in the AWS CloudFormation user guide, and "Using universal targets in
    EventBridge Scheduler" in the EventBridge Scheduler user guide.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        preview: Preview,
        env: cdk.Environment | None = None,
        synthesizer: cdk.IStackSynthesizer | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Create the stack.

        Args:
            scope: App or stage.
            construct_id: First part of its id, that of the app.
            preview: Name and expiry.
            env: Account and region; default, environment-agnostic.
            synthesizer: Synthesizer; default, the app's.
            tags: Further tags of the stack; default, none.
        """
        super().__init__(
            scope,
            f"{construct_id}-preview-{preview.name}",
            env=env,
            synthesizer=synthesizer,
            tags={**(tags or {}), previews.TAG: preview.name},
        )
        self.preview = preview
        cdk.RemovalPolicies.of(self).destroy()
        cdk.Aspects.of(self).add(_Deletable())
        if preview.expires is not None:
            self._expire(preview.expires)

    def _expire(self, expires: str) -> None:
        role = iam.Role(
            self,
            "PreviewExpiryRole",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self.account}}
            ),
            description="Deletes the stack of a preview when its time is over",
        )
        expect_grants(role)
        scheduler.Schedule(
            self,
            "PreviewExpiry",
            description="Deletes the stack of a preview when its time is over",
            schedule=scheduler.ScheduleExpression.expression(f"at({expires})", cdk.TimeZone.ETC_UTC),
            target=targets.Universal(
                service="cloudformation",
                action="deleteStack",
                input=scheduler.ScheduleTargetInput.from_object({"StackName": self.stack_id}),
                policy_statements=[
                    iam.PolicyStatement(actions=["cloudformation:DeleteStack"], resources=[self.stack_id])
                ],
                role=role,
            ),
        )
        cdk.CfnOutput(self, previews.EXPIRES, value=expires, description="When the preview is deleted, in UTC")


@jsii.implements(cdk.IAspect)
class _Deletable:
    """Lets resources be deleted that AWS would refuse to delete: repositories with images, protected load balancers."""

    def visit(self, node: IConstruct) -> None:
        """Change a repository or a load balancer."""
        if isinstance(node, ecr.CfnRepository):
            node.empty_on_delete = True
        elif isinstance(node, elbv2.BaseLoadBalancer):
            node.set_attribute("deletion_protection.enabled", "false")
