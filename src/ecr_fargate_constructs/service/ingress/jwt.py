"""JSON Web Tokens: a load balancer sends only requests with a valid token to a task."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._cdk.attempt import when_made
from ecr_fargate_constructs._rules.checks import text
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST, _MOST = 256, 10
_ALWAYS_VALIDATED = ("exp", "iss", "nbf", "iat")


class JwtClaimFormat(Enum):
    """Format of a claim in a token."""

    SINGLE_STRING = "single-string"
    """One text, such as ``client_id``."""
    STRING_ARRAY = "string-array"
    """A list of texts, such as ``groups``."""
    SPACE_SEPARATED_VALUES = "space-separated-values"
    """One text with several values, such as ``scope``."""


@typed
@dataclass(frozen=True)
class JwtClaim:
    """A claim that a token needs besides those that are always validated.

    Attributes:
        name: Name of the claim, for example ``"scope"``; not ``exp``, ``iss``, ``nbf`` or ``iat``.
        values: 1 to 10 values of at most 256 characters.
        format: Format of the claim; default, a single string.

    Raises:
        ConfigurationError: Elastic Load Balancing refuses a value.
    """

    name: str
    values: Sequence[str]
    format: JwtClaimFormat = JwtClaimFormat.SINGLE_STRING

    def __post_init__(self) -> None:
        """Refuse what Elastic Load Balancing refuses: ``JwtValidationActionAdditionalClaim`` in the API reference."""
        text("JwtClaim.name", self.name)
        if not self.name:
            raise ConfigurationError("JwtClaim.name is empty; use the name of a claim, for example 'scope'")
        if self.name in _ALWAYS_VALIDATED:
            raise ConfigurationError(
                f"JwtClaim.name={self.name!r} is a claim that is always validated; omit it"
                + (", and set JwtValidation.issuer" if self.name == "iss" else "")
            )
        if is_token(self.values):
            return
        if not 0 < len(self.values) <= _MOST:
            raise ConfigurationError(f"JwtClaim.values has {len(self.values)} values; use 1 to {_MOST}")
        for value in self.values:
            text("JwtClaim.values", value)
            if is_token(value):
                continue
            if not 0 < len(value) <= _LONGEST:
                raise ConfigurationError(f"JwtClaim.values has a value of {len(value)} characters; use 1 to {_LONGEST}")
            if self.format is JwtClaimFormat.SPACE_SEPARATED_VALUES and " " in value:
                raise ConfigurationError(
                    f"JwtClaim.values has {value!r}, but a blank separates the values of {self.name!r}; use "
                    f"{value.split()}"
                )


@typed
@dataclass(frozen=True, kw_only=True)
class JwtValidation:
    """Access tokens (JWT) between services: only requests with a valid one reach a task, others get a 401.

    A client sends the token in the header ``Authorization``, after ``Bearer``. It has to be signed with RS256 by a key
    of ``jwks_endpoint``, which may have 10 keys and 150 KB. ``iss`` and ``exp`` are required; ``nbf`` and ``iat`` count
    if the token has them. The task gets the token, too. Nobody is led to a sign-in: for people, use
    ``OidcAuthentication`` or ``CognitoAuthentication``.

    Attributes:
        issuer: The token's ``iss``, at most 256 characters, for example ``"https://id.example.com"``.
        jwks_endpoint: HTTPS address of the issuer's public keys (JWKS), at most 256 characters. It has to be public.
        claims: Further claims that a token needs, at most 10; default, none.

    Raises:
        ConfigurationError: The endpoint is not HTTPS, or Elastic Load Balancing refuses a value.
    """

    issuer: str
    jwks_endpoint: str
    claims: Sequence[JwtClaim] = ()

    def __post_init__(self) -> None:
        """Refuse what Elastic Load Balancing refuses: ``JwtValidationActionConfig`` in the API reference."""
        for name in ("issuer", "jwks_endpoint"):
            value = getattr(self, name)
            text(f"JwtValidation.{name}", value)
            if not is_token(value) and not 0 < len(value) <= _LONGEST:
                raise ConfigurationError(f"JwtValidation.{name} has {len(value)} characters; use 1 to {_LONGEST}")
        if not is_token(self.jwks_endpoint) and not _is_https(self.jwks_endpoint):
            raise ConfigurationError(
                f"JwtValidation.jwks_endpoint={self.jwks_endpoint!r} is not an HTTPS address with host and path; use "
                "the jwks_uri of the issuer's /.well-known/openid-configuration"
            )
        if len(self.claims) > _MOST:
            raise ConfigurationError(f"JwtValidation.claims has {len(self.claims)} claims; use at most {_MOST}")
        names = [claim.name for claim in self.claims]
        for name in names:
            if names.count(name) > 1:
                raise ConfigurationError(
                    f"JwtValidation.claims has {name!r} {names.count(name)} times; use one JwtClaim with all its values"
                )


def _is_https(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and bool(parts.path.strip("/"))


def validated(
    listener: elbv2.IApplicationListener, validation: JwtValidation, then: elbv2.ListenerAction
) -> elbv2.ListenerAction:
    """Return an action that requires a valid token before ``then``, and let the load balancer fetch the keys.

    CDK's ``authenticate_jwt`` has no claims, and opens no port for the keys as ``authenticate_oidc`` does.
    """
    # The security group may be the user's, and a rule cannot be removed from it.
    when_made(partial(listener.connections.allow_to_any_ipv4, ec2.Port.tcp(443), "Keys of the issuer of tokens"))
    claims = [
        elbv2.CfnListener.JwtValidationActionAdditionalClaimProperty(
            name=claim.name, format=claim.format.value, values=list(claim.values)
        )
        for claim in validation.claims
    ]
    config = elbv2.CfnListener.JwtValidationConfigProperty(
        issuer=validation.issuer, jwks_endpoint=validation.jwks_endpoint, additional_claims=claims or None
    )
    action = elbv2.CfnListener.ActionProperty(type="jwt-validation", jwt_validation_config=config)
    return elbv2.ListenerAction(action, then)
