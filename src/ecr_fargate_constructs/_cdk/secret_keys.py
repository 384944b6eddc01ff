"""Secrets under keys of the user's own: whoever reads one has to decrypt it too.

CDK writes that right into the key's policy. An imported key has none that CDK could write, the secret of a database
does not say which key it has (aws-cdk#17156), and the policy of another stack's key would name this stack's role, while
this stack needs that one's secret: a circle. Here the right stands in the role's own policy, which the policy that CDK
gives every key, for its account, lets count.
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
    """Let a task decrypt its secrets where CDK does not, and return the secrets for its container."""
    return {name: _readable(task, secret) for name, secret in secrets.items()}


def _readable(task: ecs.TaskDefinition, secret: ecs.Secret) -> ecs.Secret:
    resource = _resource_behind(secret.arn)
    attached = isinstance(resource, secretsmanager.CfnSecretTargetAttachment)
    if isinstance(resource, secretsmanager.CfnSecretTargetAttachment):
        resource = _resource_behind(resource.secret_id)
    if not isinstance(resource, secretsmanager.CfnSecret):
        return secret  # a parameter, whose grant does name the key; or a secret whose key is not known here
    key = resource.kms_key_id
    if key is None or not (is_token(key) or key.startswith("arn:")):
        return secret
    owner = _resource_behind(key)
    home = stack_of(task)
    if owner is not None and stack_of(owner) is home and not attached:
        return _SecretOfOwnKey(secret)
    task.add_to_execution_role_policy(
        iam.PolicyStatement(
            actions=["kms:Decrypt"],
            resources=[key],
            conditions={"StringEquals": {"kms:ViaService": f"secretsmanager.{home.region}.{home.url_suffix}"}},
        )
    )
    return secret if owner is None or stack_of(owner) is home else _SecretOfOtherKey(secret)


def _resource_behind(text: str) -> IConstruct | None:
    """The resource that an attribute is of; None for plain text and for tokens that are no attribute."""
    if not is_token(text):
        return None
    tokens = cdk.Tokenization.reverse_string(text).tokens
    found = tokens[0] if tokens else None
    return found.target if isinstance(found, cdk.Reference) else None


class _Wrapped(ecs.Secret):
    """A secret that is granted in another way than CDK does it."""

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
    """A secret in whose key's policy CDK writes who may decrypt it, which cannot be taken back."""

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let somebody read it when all that they belong to has been made."""
        when_made(lambda: self._secret.grant_read(grantee))
        return iam.Grant.drop(grantee, "granted when the service has been made")


class _SecretOfOtherKey(_Wrapped):
    """A secret whose key's policy is another stack's to write, and stays as it is."""

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let somebody read it; to decrypt it, a task has been let already."""
        arn = secretsmanager_arn(self._secret.arn)
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
            resource_arns=[arn],
        )


def secretsmanager_arn(value_from: str) -> str:
    """The ARN of a secret, without the field that ECS reads of it."""
    first, *_ = cdk.Tokenization.reverse_string(value_from).tokens
    return str(cdk.Token.as_string(first))
