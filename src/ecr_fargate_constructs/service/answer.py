"""What a load balancer answers by itself."""

from __future__ import annotations

from dataclasses import dataclass

from ecr_fargate_constructs._checks import whole_number
from ecr_fargate_constructs._tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

_TYPES = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")
_LONGEST = 1024


@dataclass(frozen=True, kw_only=True)
class FixedAnswer:
    """An answer that needs no service.

    Attributes:
        status: Status code, 200 to 599 without 300 to 399; left out, 404.
        body: Text of at most 1024 characters.
        content_type: ``text/plain``, ``text/css``, ``text/html``, ``application/javascript`` or ``application/json``.

    Raises:
        ConfigurationError: For what Elastic Load Balancing refuses.
    """

    status: float = 404
    body: str = "Not found\n"
    content_type: str = "text/plain"

    def __post_init__(self) -> None:
        """Refuse what Elastic Load Balancing refuses."""
        whole_number("FixedAnswer.status", self.status, minimum=200, maximum=599, what="a status code")
        if not is_token(self.status) and 300 <= self.status < 400:  # noqa: PLR2004 - redirections, in the message
            raise ConfigurationError(
                f"FixedAnswer.status={self.status:g} is a redirection, and a fixed answer cannot redirect; use 200 to "
                "299 or 400 to 599"
            )
        if not is_token(self.content_type) and self.content_type not in _TYPES:
            raise ConfigurationError(
                f"FixedAnswer.content_type={self.content_type!r} is not one that a load balancer sends; use "
                f"{', '.join(_TYPES)}"
            )
        if not is_token(self.body) and len(self.body) > _LONGEST:
            raise ConfigurationError(
                f"FixedAnswer.body has {len(self.body)} characters; use at most {_LONGEST}, or let a service answer "
                'with Route(path="/*")'
            )
