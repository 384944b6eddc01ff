"""ARNs of signing profiles."""

from __future__ import annotations

import re

from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

_PROFILE = re.compile(r"arn:aws[\w-]*:signer:[\w-]+:\d{12}:/signing-profiles/\w{2,}")


def check_profile(name: str, profile: object) -> None:
    """Refuse anything but the ARN of a signing profile; an object of CDK passes."""
    if not isinstance(profile, str) or is_token(profile) or _PROFILE.fullmatch(profile):
        return
    raise ConfigurationError(
        f"{name}={profile!r} is not the ARN of a signing profile; use a signer.SigningProfile, or for example "
        "'arn:aws:signer:eu-west-1:111122223333:/signing-profiles/shop'"
    )
