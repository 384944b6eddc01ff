"""Names of files that look like secrets and do not belong in an image. Pure."""

from __future__ import annotations

import fnmatch

_SENSITIVE = (
    ".env",
    ".env.*",
    ".git",
    ".aws",
    ".ssh",
    ".npmrc",
    ".pypirc",
    ".netrc",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
)
_HARMLESS = (
    ".env.example",
    ".env.sample",
    ".env.template",
    "*.pub",
    "cacert.pem",  # certificates of public authorities, as in botocore and certifi
    "*-bundle.pem",  # the same, as of Amazon RDS
)


def is_secret_file(name: str) -> bool:
    """Return whether a file or a directory of this name looks like a secret."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in _SENSITIVE) and not any(
        fnmatch.fnmatchcase(name, pattern) for pattern in _HARMLESS
    )
