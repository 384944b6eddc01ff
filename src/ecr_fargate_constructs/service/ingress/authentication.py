"""Authentication: users sign in before a request reaches a task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._rules.checks import text
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.container.plain_secrets import warn_about_client_secret
from ecr_fargate_constructs.service.ingress.jwt import JwtValidation, validated

if TYPE_CHECKING:
    import aws_cdk as cdk
    from aws_cdk import aws_cognito as cognito
    from constructs import Construct


@typed
@dataclass(frozen=True, kw_only=True)
class OidcAuthentication:
    """Sign-in with an OpenID Connect provider; a session lasts 7 days unless the provider ends it.

    Register ``https://<domain>/oauth2/idpresponse`` as a redirect URL at the provider.

    Attributes:
        issuer: The provider's issuer, for example ``"https://example.okta.com"``.
        authorization_endpoint: Its authorization endpoint.
        token_endpoint: Its token endpoint.
        user_info_endpoint: Its user info endpoint.
        client_id: The client's id.
        client_secret: The client's secret, from Secrets Manager: ``cdk.SecretValue.secrets_manager(…)``.
        scope: Requested scopes; default, ``openid``.

    Raises:
        ConfigurationError: An address is not HTTPS, or an id or the scope is empty.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    user_info_endpoint: str
    client_id: str
    client_secret: cdk.SecretValue = field(repr=False)
    scope: str = "openid"

    def __post_init__(self) -> None:
        for name in ("issuer", "authorization_endpoint", "token_endpoint", "user_info_endpoint"):
            value = getattr(self, name)
            text(f"OidcAuthentication.{name}", value)
            if not is_token(value) and not value.startswith("https://"):
                raise ConfigurationError(
                    f"OidcAuthentication.{name}={value!r} is not an HTTPS address; use the one of the provider's "
                    "/.well-known/openid-configuration"
                )
        for name in ("client_id", "scope"):
            text(f"OidcAuthentication.{name}", getattr(self, name))
            if not getattr(self, name):
                raise ConfigurationError(
                    f"OidcAuthentication.{name} is empty, so the provider would refuse every sign-in; use "
                    f"{'the id that the provider gave to the client' if name == 'client_id' else repr('openid')}"
                )


@typed
@dataclass(frozen=True, kw_only=True)
class CognitoAuthentication:
    """Sign-in with a Cognito user pool.

    The client needs a secret, the authorization code flow, and ``https://<domain>/oauth2/idpresponse`` as a callback.

    Attributes:
        user_pool: The user pool.
        client: Its client.
        domain: Its domain.

    Raises:
        ConfigurationError: The client has no secret.
    """

    user_pool: cognito.IUserPool
    client: cognito.IUserPoolClient
    domain: cognito.IUserPoolDomain

    def __post_init__(self) -> None:
        """Refuse a client that a load balancer cannot use.

        Source: "Authenticate users using an Application Load Balancer" in the Application Load Balancer guide.
        """
        resource = getattr(getattr(self.client, "node", None), "default_child", None)
        if getattr(resource, "cfn_resource_type", None) != "AWS::Cognito::UserPoolClient":
            return  # imported
        if not getattr(resource, "generate_secret", None):
            raise ConfigurationError(
                "CognitoAuthentication.client has no secret, which a load balancer needs to authenticate; make the "
                "client with generate_secret=True"
            )


Authentication: TypeAlias = OidcAuthentication | CognitoAuthentication | JwtValidation
"""Any authentication."""


def signed_in(
    scope: Construct,
    listener: elbv2.IApplicationListener,
    authentication: Authentication | None,
    then: elbv2.ListenerAction,
) -> elbv2.ListenerAction:
    """Return an action that requires a sign-in, or a token, before ``then``; warnings are added to ``scope``."""
    if authentication is None:
        return then
    if isinstance(authentication, JwtValidation):
        return validated(listener, authentication, then)
    if isinstance(authentication, CognitoAuthentication):
        from aws_cdk import aws_elasticloadbalancingv2_actions as actions  # noqa: PLC0415 - only for CognitoAuthentication

        return actions.AuthenticateCognitoAction(
            user_pool=authentication.user_pool,
            user_pool_client=authentication.client,
            user_pool_domain=authentication.domain,
            next=then,
        )
    warn_about_client_secret(scope, authentication.client_secret)
    return elbv2.ListenerAction.authenticate_oidc(
        issuer=authentication.issuer,
        authorization_endpoint=authentication.authorization_endpoint,
        token_endpoint=authentication.token_endpoint,
        user_info_endpoint=authentication.user_info_endpoint,
        client_id=authentication.client_id,
        client_secret=authentication.client_secret,
        scope=authentication.scope,
        next=then,
    )
