"""Names of files that look like secrets and do not belong in an image. Pure."""

from __future__ import annotations

_NAMES = {".env", ".git", ".aws", ".ssh", ".npmrc", ".pypirc", ".netrc", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"}
_BEGINNINGS = (".env.",)
_ENDINGS = (".pem", ".key", ".p12", ".pfx")

_HARMLESS_NAMES = {
    ".env.example",
    ".env.sample",
    ".env.template",
    "cacert.pem",  # certificates of public authorities, as in botocore and certifi
}
_HARMLESS_ENDINGS = (
    ".pub",
    "-bundle.pem",  # certificates of public authorities, as of Amazon RDS
)


def is_secret_file(name: str) -> bool:
    """Return whether a file or a directory of this name looks like a secret."""
    suspicious = name in _NAMES or name.startswith(_BEGINNINGS) or name.endswith(_ENDINGS)
    return suspicious and name not in _HARMLESS_NAMES and not name.endswith(_HARMLESS_ENDINGS)
