"""Make answers of two accounts comparable, and fit to be shown: no ids, no names made at random, no secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PATTERNS = (
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{12,}"), "<access key>"),
    (re.compile(r"\beyJ[\w-]{10,}\.[\w.-]+"), "<token>"),
    (re.compile(r"https?://[^\s\"']*X-Amz-[^\s\"']*"), "<signed address>"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\bsha256:[0-9a-f]{64}\b"), "<digest>"),
    (re.compile(r"\b[0-9a-f]{32,64}\b"), "<hash>"),
    (re.compile(r"\b(vpc|subnet|sg|sgr|eni|i|rtb|nat|igw|eipalloc|vpce|fs|fsmt|fsap)-[0-9a-f]{8,17}\b"), r"<\1>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
)
_SHORTEST = 6  # a shorter physical id would also be found in other words


@dataclass(frozen=True)
class Mask:
    """What to replace, the longest texts first.

    Attributes:
        texts: What stands in place of each text.
        secrets: Texts that must never be shown.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        account: str,
        region: str,
        prefix: str,
        physical: Mapping[str, str],
        *,
        secrets: Iterable[str] = (),
        names: Mapping[str, str] | None = None,
    ) -> Mask:
        """Return the mask of a run.

        Args:
            account: The account.
            region: The region.
            prefix: Prefix of the stacks.
            physical: Logical ids, by physical ids.
            secrets: Values of secrets.
            names: Further texts, and what to write in their place.
        """
        ids = {each: f"<{logical}>" for each, logical in physical.items() if len(each) >= _SHORTEST}
        ids |= {each.lower(): shown for each, shown in ids.items()}
        return cls({**ids, **(names or {}), account: "<account>", region: "<region>", prefix: ""}, tuple(secrets))

    def text(self, value: str) -> str:
        """Return a text without what has to be masked."""
        for secret in self.secrets:
            value = value.replace(secret, "<secret>")
        for text in sorted(self.texts, key=lambda each: (-len(each), each)):
            value = value.replace(text, self.texts[text])
        for pattern, shown in _PATTERNS:
            value = pattern.sub(shown, value)
        return value

    def __call__(self, value: Any) -> Any:  # noqa: ANN401 - any JSON
        """Return a value as JSON can write it: every text masked, lists of plain values sorted, as AWS sorts none."""
        if isinstance(value, dict):
            return {self.text(str(key)): self(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            masked = [self(each) for each in value]
            return masked if any(isinstance(each, (dict, list)) for each in masked) else sorted(masked, key=str)
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self.text(str(value))
