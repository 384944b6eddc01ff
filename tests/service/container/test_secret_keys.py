"""Secrets under keys of the user's own: the execution role may decrypt them, wherever the key is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, PublicHttp, Sidecar
from tests.support.templates import of_type, template_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/a"
ENV = cdk.Environment(account="111122223333", region="eu-west-1")


def _imported(scope: cdk.Stack) -> kms.IKey:
    return kms.Key.from_key_arn(scope, "Key", KEY)


def _secret(scope: cdk.Stack, key: kms.IKey | None) -> ecs.Secret:
    return ecs.Secret.from_secrets_manager(secretsmanager.Secret(scope, "Secret", encryption_key=key), "password")


def _database(scope: cdk.Stack, key: kms.IKey) -> ecs.Secret:
    cluster = rds.DatabaseCluster(
        scope,
        "Database",
        engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_16_4),
        writer=rds.ClusterInstance.serverless_v2("Writer"),
        vpc=ec2.Vpc(scope, "Vpc"),
        credentials=rds.Credentials.from_username("web", encryption_key=key),
    )
    assert cluster.secret is not None
    return ecs.Secret.from_secrets_manager(cluster.secret, "password")


def _parameter(scope: cdk.Stack, key: kms.IKey) -> ecs.Secret:
    return ecs.Secret.from_ssm_parameter(
        ssm.StringParameter.from_secure_string_parameter_attributes(
            scope, "Parameter", parameter_name="/a", encryption_key=key
        )
    )


def _decrypting(make: Callable[[cdk.Stack, cdk.Stack], ecs.Secret], *, beside: bool = False) -> list[dict[str, Any]]:
    """The statements of the service's roles that decrypt."""
    app = cdk.App()
    other, stack = cdk.Stack(app, "Other", env=ENV), cdk.Stack(app, "Web", env=ENV)
    secrets = {"A": make(other, stack)}
    sidecar = Sidecar("s", NGINX, secrets=secrets)
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80, secrets={} if beside else secrets),
        sidecars=[sidecar] if beside else [],
        ingress=PublicHttp(),
    )
    app.synth()
    policies = of_type(template_of(stack), "AWS::IAM::Policy").values()
    statements = [each for policy in policies for each in policy["Properties"]["PolicyDocument"]["Statement"]]
    assert any(
        "secretsmanager:GetSecretValue" in each["Action"] or "ssm:GetParameters" in each["Action"]
        for each in statements
    )
    return [each for each in statements if "kms:Decrypt" in each["Action"]]


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize(
    "make",
    [
        lambda _, stack: _secret(stack, _imported(stack)),
        lambda other, _: _secret(other, kms.Key(other, "Key")),
        lambda other, stack: _secret(stack, kms.Key(other, "Key")),
        lambda _, stack: _database(stack, _imported(stack)),
        lambda _, stack: _database(stack, kms.Key(stack, "Key")),
        lambda other, _: _database(other, kms.Key(other, "Key")),
        lambda _, stack: _parameter(stack, _imported(stack)),
        lambda other, stack: _parameter(stack, kms.Key(other, "Key")),
    ],
)
def test_the_execution_role_may_decrypt(make: Callable[[cdk.Stack, cdk.Stack], ecs.Secret], beside: bool) -> None:  # noqa: FBT001
    found = _decrypting(make, beside=beside)
    assert len(found) == 1
    assert found[0]["Resource"] != "*"


def test_the_right_is_for_secrets_manager_alone() -> None:
    [found] = _decrypting(lambda _, stack: _secret(stack, _imported(stack)))
    assert found["Resource"] == KEY
    assert "secretsmanager.eu-west-1." in json.dumps(found["Condition"]["StringEquals"]["kms:ViaService"])


@pytest.mark.parametrize("key", [lambda _: None, lambda stack: kms.Key(stack, "Key")])
def test_where_cdk_grants_it_nothing_is_added(key: Callable[[cdk.Stack], kms.IKey | None]) -> None:
    assert _decrypting(lambda _, stack: _secret(stack, key(stack))) == []


def test_a_secret_that_was_imported_without_a_stack_of_ours_passes() -> None:
    name = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-abcdef"
    found = _decrypting(
        lambda _, stack: ecs.Secret.from_secrets_manager(
            secretsmanager.Secret.from_secret_complete_arn(stack, "Secret", name)
        )
    )
    assert found == []
