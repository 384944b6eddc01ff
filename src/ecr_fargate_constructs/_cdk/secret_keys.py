"""Secrets under the user's own KMS keys: a reader also needs to decrypt them.

CDK writes that permission into the key's policy. It cannot write the policy of an imported key; a database's secret
does not name its key (aws-cdk#17156); and the policy of another stack's key would name this stack's role, while this
stack needs that stack's secret: a circular dependency. In these cases the library adds the permission to the role's own
policy, which counts because CDK's default key policy delegates to the account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager

from ecr_fargate_constructs._cdk.attempt import when_made
from ecr_fargate_constructs._cdk.site import stack_of
from ecr_fargate_constructs._rules.tokens import is_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import IConstruct


def readable_secrets(task: ecs.TaskDefinition, secrets: Mapping[str, ecs.Secret]) -> Mapping[str, ecs.Secret]:
    """Allow a task to decrypt its secrets where CDK does not, and return the secrets for its container."""
    return {name: _readable(task, secret) for name, secret in secrets.items()}


def _readable(task: ecs.TaskDefinition, secret: ecs.Secret) -> ecs.Secret:
    resource = _resource_behind(secret.arn)
    attached = isinstance(resource, secretsmanager.CfnSecretTargetAttachment)
    if isinstance(resource, secretsmanager.CfnSecretTargetAttachment):
        resource = _resource_behind(resource.secret_id)
    if not isinstance(resource, secretsmanager.CfnSecret):
        return secret  # a parameter, whose grant names the key; or a secret whose key is unknown
    key = resource.kms_key_id
    if key is None or not (is_token(key) or key.startswith("arn:")):
        return secret
    owner = _resource_behind(key)
    stack = stack_of(task)
    if owner is not None and stack_of(owner) is stack and not attached:
        return _SecretOfOwnKey(secret)
    task.add_to_execution_role_policy(
        iam.PolicyStatement(
            actions=["kms:Decrypt"],
            resources=[key],
            conditions={"StringEquals": {"kms:ViaService": f"secretsmanager.{stack.region}.{stack.url_suffix}"}},
        )
    )
    return secret if owner is None or stack_of(owner) is stack else _SecretOfOtherKey(secret)


def _resource_behind(text: str) -> IConstruct | None:
    """Return the resource of an attribute; None for plain text and for tokens that are not an attribute."""
    if not is_token(text):
        return None
    tokens = cdk.Tokenization.reverse_string(text).tokens
    token = tokens[0] if tokens else None
    return token.target if isinstance(token, cdk.Reference) else None


class _Wrapped(ecs.Secret):
    """A secret whose read permission is granted differently from CDK."""

    def __init__(self, secret: ecs.Secret) -> None:
        super().__init__()
        self._secret = secret

    @property
    def arn(self) -> str:
        return self._secret.arn

    @property
    def has_field(self) -> bool | None:
        return self._secret.has_field


class _SecretOfOwnKey(_Wrapped):
    """A secret for which CDK changes its key's policy, which cannot be undone."""

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Grant read access once the construct around has been made."""
        when_made(lambda: self._secret.grant_read(grantee))
        return iam.Grant.drop(grantee, "granted when the service has been made")


class _SecretOfOtherKey(_Wrapped):
    """A secret whose key's policy belongs to another stack, and does not change."""

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Grant read access; the task may decrypt it already."""
        arn = secretsmanager_arn(self._secret.arn)
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
            resource_arns=[arn],
        )


def secretsmanager_arn(value_from: str) -> str:
    """Return the ARN of a secret, without the field that ECS reads."""
    first, *_ = cdk.Tokenization.reverse_string(value_from).tokens
    return str(cdk.Token.as_string(first))
