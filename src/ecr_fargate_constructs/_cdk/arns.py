"""ARNs of objects for which an option takes the object or its ARN."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_cdk import aws_signer as signer
    from aws_cdk.interfaces.aws_iam import IRoleRef
    from aws_cdk.interfaces.aws_wafv2 import IWebACLRef


def arn_of_web_acl(web_acl: IWebACLRef | str) -> str:
    """Return the ARN of a web ACL."""
    return web_acl if isinstance(web_acl, str) else web_acl.web_acl_ref.web_acl_arn


def arn_of_profile(profile: signer.ISigningProfile | str) -> str:
    """Return the ARN of a signing profile."""
    return profile if isinstance(profile, str) else profile.signing_profile_arn


def arn_of_role(role: IRoleRef | str) -> str:
    """Return the ARN of a role."""
    return role if isinstance(role, str) else role.role_ref.role_arn
