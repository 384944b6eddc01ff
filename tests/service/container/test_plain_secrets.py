"""Secrets in clear text: named in a warning, and shown in none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    ImageBuild,
    ListenerSettings,
    LoadBalancedFargateService,
    OidcAuthentication,
    PublicHttp,
    PublicHttps,
    Sidecar,
)
from tests.support.inputs import sign_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
ID = "ecr-fargate-constructs:plain"
HIDDEN = "hunter2"


def _warnings(stack: cdk.Stack) -> list[str]:
    entries = assertions.Annotations.from_stack(stack).find_warning("*", assertions.Match.any_value())
    return [text for each in entries if ID in (text := str(each.entry.data))]


def _service(stack: cdk.Stack, environment: Mapping[str, str], **options: object) -> None:
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80, environment=environment, **options),  # type: ignore[arg-type]
        ingress=PublicHttp(),
    )


def test_a_warning_names_the_variables_and_shows_no_value() -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    _service(stack, {"PGPASSWORD": HIDDEN, "REDIS_URL": f"redis://:{HIDDEN}@cache/0", "LOG_LEVEL": "info"})
    [warning] = _warnings(stack)
    assert "web['PGPASSWORD'], web['REDIS_URL'] in environment looks like a secret" in warning
    assert "secrets=" in warning
    assert HIDDEN not in warning
    assert "LOG_LEVEL" not in warning


@pytest.mark.parametrize(
    "of",
    [
        lambda stack: secretsmanager.Secret(stack, "Own").secret_value.unsafe_unwrap(),
        lambda stack: f"postgres://web:{secretsmanager.Secret(stack, 'Own').secret_value.unsafe_unwrap()}@db",
        lambda _: cdk.SecretValue.secrets_manager("db", json_field="password").unsafe_unwrap(),
        lambda _: "{{resolve:secretsmanager:db:SecretString:password}}",
    ],
)
def test_a_reference_to_a_secret_is_a_secret_in_the_task_definition(of: Callable[[cdk.Stack], str]) -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    _service(stack, {"A": of(stack)})
    [warning] = _warnings(stack)
    assert "web['A'] in environment is a dynamic reference to a secret" in warning
    assert "secrets=" in warning


def test_other_tokens_and_references_pass() -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    secret = secretsmanager.Secret(stack, "Own")
    parameter = cdk.CfnParameter(stack, "Given").value_as_string
    _service(
        stack, {"DB_SECRET": secret.secret_arn, "A": parameter, "B": "{{resolve:ssm:/shop/host}}", "C": stack.region}
    )
    assert _warnings(stack) == []


def test_a_command_is_looked_at_too() -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    _service(stack, {}, command=["redis-server", "--requirepass", HIDDEN])
    [warning] = _warnings(stack)
    assert warning.startswith("web.command looks like it holds a secret")
    assert HIDDEN not in warning


def test_a_client_secret_in_plain_text() -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    certificate = acm.Certificate.from_certificate_arn(stack, "C", "arn:aws:acm:us-east-1:123456789012:certificate/a")

    def ingress(secret: cdk.SecretValue) -> PublicHttps:
        given = sign_in()
        oidc = OidcAuthentication(
            issuer=given.issuer,
            authorization_endpoint=given.authorization_endpoint,
            token_endpoint=given.token_endpoint,
            user_info_endpoint=given.user_info_endpoint,
            client_id=given.client_id,
            client_secret=secret,
        )
        return PublicHttps(certificate=certificate, listener=ListenerSettings(authentication=oidc))

    for name, secret in (
        ("Plain", cdk.SecretValue.unsafe_plain_text(HIDDEN)),
        ("Kept", cdk.SecretValue.secrets_manager("oidc")),
    ):
        LoadBalancedFargateService(stack, name, container=AppContainer(NGINX, 80), ingress=ingress(secret))
    [warning] = _warnings(stack)
    assert "OidcAuthentication.client_secret is stored in clear text" in warning
    assert HIDDEN not in warning


def _secret_value() -> Any:  # noqa: ANN401 - no string, which is the point
    return cdk.SecretValue.unsafe_plain_text(HIDDEN)


@pytest.mark.parametrize(
    ("make", "advice"),
    [
        (
            lambda: AppContainer(NGINX, 80, environment={"A": _secret_value()}),
            "secrets={'A': …}",
        ),
        (lambda: AppContainer(NGINX, 80, environment={"DB_PASSWORD": 12345678}), "use a string"),  # type: ignore[dict-item]
        (lambda: AppContainer(NGINX, 80, environment=f"DB_PASSWORD={HIDDEN}"), "use for example"),  # type: ignore[arg-type]
        (lambda: AppContainer(NGINX, 80, environment=[f"DB_PASSWORD={HIDDEN}"]), "use for example"),  # type: ignore[arg-type]
        (lambda: AppContainer(NGINX, 80, environment=[f"A=redis://:{HIDDEN}@a"]), "use for example"),  # type: ignore[arg-type]
        (lambda: AppContainer(NGINX, 80, secrets={"A": HIDDEN}), "ecs.Secret.from_secrets_manager"),  # type: ignore[dict-item]
        (lambda: AppContainer(NGINX, 80, secrets=f"A={HIDDEN}"), "use for example"),  # type: ignore[arg-type]
        (lambda: AppContainer(NGINX, 80, secrets={"A": HIDDEN.encode()}), "use ecs.Secret"),  # type: ignore[dict-item]
        (lambda: Sidecar(name="a", image=NGINX, secrets={"A": HIDDEN}), "ecs.Secret.from_secrets_manager"),  # type: ignore[dict-item]
        (lambda: OidcAuthentication(**{**vars(sign_in()), "client_secret": HIDDEN}), "use cdk.SecretValue"),
        (lambda: ImageBuild(args={"NPM_TOKEN": HIDDEN}), "use secrets="),
        (lambda: ImageBuild(args={"A": f"https://a:{HIDDEN}@b"}), "use secrets="),
    ],
)
def test_no_error_shows_a_secret(make: Callable[[], object], advice: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert advice in str(caught.value)
    assert HIDDEN not in str(caught.value)
    assert "12345678" not in str(caught.value)
    assert "object at 0x" not in str(caught.value)


def test_a_reference_to_a_secure_string_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"CloudFormation resolves no SecureString.*from_ssm_parameter"):
        AppContainer(NGINX, 80, environment={"A": "{{resolve:ssm-secure:/shop/password:1}}"})


def test_secrets_of_ecs_are_no_plain_text() -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    secret = secretsmanager.Secret(stack, "Own")
    _service(stack, {}, secrets={"DB_PASSWORD": ecs.Secret.from_secrets_manager(secret)})
    assert _warnings(stack) == []
