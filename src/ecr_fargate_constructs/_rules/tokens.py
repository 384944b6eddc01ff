"""Detection of CDK tokens, for the whole library.

A token represents a value that only the deployment knows (a parameter, another stack's output). The rules of this
library pass it on unchecked. CDK's encodings are read without jsii, so that the rules do not need ``aws_cdk`` and a
check takes nanoseconds; ``tests/contract/test_tokens.py`` compares them with the CDK in use.
"""

from __future__ import annotations

import re
import struct
from os import PathLike
from typing import TypeAlias

Number: TypeAlias = float
"""An ``int`` or a ``float``, or a CDK token for one, such as ``CfnParameter.value_as_number``. To type checkers it is
``float``, which is what CDK's tokens are and what includes ``int``."""

_IN_TEXT = re.compile(r"[$#]\{Token\[[a-zA-Z0-9:._-]+\]\}")
_NUMBER_MARKER = 0xFBFF  # the upper 16 bits of the double in which CDK hides a number


def is_token(value: object) -> bool:
    """Return whether ``value`` is, or contains, a CDK token."""
    if isinstance(value, str):
        return _IN_TEXT.search(value) is not None
    if isinstance(value, float):
        return bool(struct.unpack(">H", struct.pack(">d", value)[:2])[0] == _NUMBER_MARKER)
    if isinstance(value, (list, tuple)):
        return any(is_token(item) for item in value)
    # Paths and stacks also have an attribute "resolve", and a class is not a value.
    return hasattr(value, "resolve") and not isinstance(value, (type, PathLike)) and not hasattr(type(value), "node")


def is_list_token(values: object) -> bool:
    """Return whether a list is a token for another list, so that its length means nothing."""
    return isinstance(values, (list, tuple)) and len(values) == 1 and str(values[0]).startswith("#{Token[")
