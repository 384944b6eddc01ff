"""Mutual TLS: certificates of clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

_MODES = {"OFF": "off", "PASS_THROUGH": "passthrough", "VERIFY": "verify"}
"""CDK's modes, and CloudFormation's."""
_ONLY_TO_VERIFY = ("trust_store", "ignore_client_certificate_expiry", "advertise_trust_store_ca_names")


def check_mutual_authentication(mutual: elbv2.MutualAuthentication | None) -> None:
    """Refuse a mode that contradicts the other values; CDK refuses it too, when the listener is made."""
    if mutual is None:
        return
    mode, name = mutual.mutual_authentication_mode, "ListenerSettings.mutual_authentication"
    if mode is elbv2.MutualAuthenticationMode.VERIFY:
        if mutual.trust_store is None:
            raise ConfigurationError(
                f"{name} has the mode VERIFY without a trust store; add trust_store=elbv2.TrustStore(…), with the "
                "certificates of the authorities that clients have theirs from"
            )
        return
    given = [option for option in _ONLY_TO_VERIFY if getattr(mutual, option) is not None]
    if given:
        mode_name = "none" if mode is None else mode.name
        raise ConfigurationError(
            f"{name} has {given[0]}, which counts only with the mode VERIFY, but its mode is {mode_name}; add "
            f"mutual_authentication_mode=elbv2.MutualAuthenticationMode.VERIFY, or omit {given[0]}"
        )


def authenticate_clients(
    listeners: Iterable[elbv2.ApplicationListener | None], mutual: elbv2.MutualAuthentication | None
) -> None:
    """Ask the clients of listeners for certificates; CDK's patterns have no option for it."""
    if mutual is None:
        return
    mode = mutual.mutual_authentication_mode
    advertise = mutual.advertise_trust_store_ca_names
    store = mutual.trust_store
    for listener in listeners:
        resource = None if listener is None else listener.node.default_child
        if isinstance(resource, elbv2.CfnListener):
            resource.mutual_authentication = elbv2.CfnListener.MutualAuthenticationProperty(
                mode="off" if mode is None else _MODES[mode.name],
                trust_store_arn=None if store is None else store.trust_store_ref.trust_store_arn,
                ignore_client_certificate_expiry=mutual.ignore_client_certificate_expiry,
                advertise_trust_store_ca_names=None if advertise is None else "on" if advertise else "off",
            )
