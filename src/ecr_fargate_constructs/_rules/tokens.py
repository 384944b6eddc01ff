"""The only place that asks "is this a CDK token?".

A token stands for a value that only the deployment knows (a parameter, another stack's output). It is never judged: the
rules of this library pass it on unread. The encodings are read without jsii, so that the pure rules need no ``aws_cdk``
and a check costs nanoseconds; ``tests/contract/test_tokens.py`` holds them to the CDK in use.
"""

from __future__ import annotations

import re
import struct
from os import PathLike

_IN_TEXT = re.compile(r"[$#]\{Token\[[a-zA-Z0-9:._-]+\]\}")
_NUMBER_MARKER = 0xFBFF  # the upper 16 bits of the double in which CDK hides a number


def is_token(value: object) -> bool:
    """Whether ``value`` is, or contains, something that only the deployment resolves."""
    if isinstance(value, str):
        return _IN_TEXT.search(value) is not None
    if isinstance(value, float):
        return bool(struct.unpack(">H", struct.pack(">d", value)[:2])[0] == _NUMBER_MARKER)
    if isinstance(value, (list, tuple)):
        return any(is_token(item) for item in value)
    # Paths and stacks resolve something as well, and a class is no value.
    return hasattr(value, "resolve") and not isinstance(value, (type, PathLike)) and not hasattr(type(value), "node")


def is_list_token(values: object) -> bool:
    """Whether a list stands for another one that only the deployment knows, so that its length means nothing."""
    return isinstance(values, (list, tuple)) and len(values) == 1 and str(values[0]).startswith("#{Token[")
