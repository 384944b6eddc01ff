"""Detection of secrets, by name and by value, for the whole library. Pure.

Environment variables, build arguments, compose files, Copilot manifests and the doctor all use it. A name is split into
words, and the last ones decide: ``DB_PASSWORD`` is a secret, ``PASSWORD_FILE`` is the location of one. Values are
detected by the forms that their issuers document. No message of the library shows a detected value.
"""

from __future__ import annotations

import re
from functools import cache

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_QUALIFIERS = {
    "BASE", "BASE64", "B64", "JSON", "PEM", "TEXT", "VALUE", "PLAIN", "PLAINTEXT", "RAW", "PROD", "PRODUCTION",
    "LIVE", "STAGING", "STAGE", "DEV", "DEVELOPMENT", "TEST", "QA", "CURRENT", "PREVIOUS", "OLD", "NEW",
    "PRIMARY", "SECONDARY", "V",
}  # fmt: skip
"""Words that may follow the deciding word: ``DB_PASSWORD_PROD``, ``SECRET_KEY_BASE``."""

_SECRET = {
    "PASSWORD", "PASSWORDS", "PASSWD", "PASSWRD", "PASSPHRASE", "PASSCODE", "PWD", "PASS", "PW", "SECRET",
    "SECRETS", "CREDENTIAL", "CREDENTIALS", "CREDS", "SALT", "SALTS", "PEPPER", "APIKEY", "AUTHKEY",
    "SECRETKEY", "PRIVATEKEY", "ACCESSKEY", "MASTERKEY", "SIGNINGKEY", "ENCRYPTIONKEY", "APIKEYS", "DBPASS",
    "PGPASS", "SMTPPASS", "MYSQLPASS", "USERPASS", "ADMINPASS", "ROOTPASS", "MYSQLPWD", "DBPWD", "MNEMONIC",
}  # fmt: skip
_GLUED = ("PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN")
"""Ends of words that make them a secret: ``PGPASSWORD``, ``AUTHTOKEN``."""

_KEYS = {
    "API", "APP", "APPLICATION", "SECRET", "PRIVATE", "ACCESS", "ENCRYPTION", "ENCRYPT", "DECRYPTION", "CRYPT",
    "CRYPTO", "CIPHER", "AES", "HMAC", "RSA", "FERNET", "SIGNING", "SIGNATURE", "SIGN", "MASTER", "AUTH", "JWT",
    "SESSION", "COOKIE", "SSH", "DEPLOY", "SERVICE", "ADMIN", "ROOT", "ACCOUNT", "STORAGE", "LICENSE", "STRIPE",
    "SENDGRID", "MAILGUN", "MAILCHIMP", "OPENAI", "ANTHROPIC", "TWILIO", "DATADOG", "ALGOLIA", "LAUNCHDARKLY",
    "SDK", "WEBHOOK", "INGEST", "INGESTION", "SHARED", "NONCE", "IN", "SECURE", "UNSEAL", "TLS", "SSL", "VAULT",
    "RECOVERY",
}  # fmt: skip
"""Words before ``KEY`` that make it a secret; a partition key, a cache key or a public key is not one."""

_WITH_WORD_BEFORE = {
    "KEY": _KEYS,
    "KEYS": _KEYS,
    "TOKENS": {"API", "ACCESS", "AUTH", "SECRET", "BEARER", "REFRESH"},
    "AUTH": {
        "REDIS", "REDISCLI", "VALKEY", "CLICKHOUSE", "ELASTIC", "ELASTICSEARCH", "BASIC", "REGISTRY", "DB", "DATABASE",
        "MYSQL", "MARIADB", "POSTGRES", "POSTGRESQL", "MONGO", "MONGODB", "CASSANDRA", "RABBITMQ", "MQTT",
    },
    "COOKIE": {"ERLANG"},
}  # fmt: skip
_NOT_TOKENS = {
    "MAX", "MIN", "NUM", "PAD", "EOS", "BOS", "UNK", "MASK", "SEP", "CLS", "STOP", "CONTINUATION", "NEXT",
    "PAGE",
}  # fmt: skip
_EXACT = {"AWS_ACCESS_KEY_ID", "NPM_CONFIG__AUTH", "DOCKER_AUTH_CONFIG", "NEO4J_AUTH"}
_NOT_SECRET = {"PWD", "OLDPWD"}
"""Variables that contain directories of the shell."""

_PUBLIC = re.compile(r"(?:^|_)PUBLIC(?:$|_)|^(?:VITE|REACT_APP|GATSBY)_", re.IGNORECASE)
"""Names of public keys, and of variables that build tools write into public pages."""

_NO_VALUE = re.compile(
    r"\s*|true|false|yes|no|on|off|none|null|disabled|enabled|arn:.*|\$\w+|\$\{[^}]*\}|<[^<>]*>|\*+"
    r"|(?:/|\./|\.\./|~/)(?:[\w.@-]{1,40}/)*[\w.@-]{1,40}/?|[A-Za-z]:\\.*|https?://\S*",
    re.IGNORECASE | re.DOTALL,
)
"""Values that are not a secret even if the name says so: a switch, an ARN, a path, an address, a placeholder."""

_GIVEN = r"(?![$<{*&\s;'\"@])"  # not a placeholder: $PASSWORD, ${PASSWORD}, <password>, {password}, ***
_FORMS = (
    r"\bA(?:KIA|SIA)[0-9A-Z]{16}\b",  # AWS
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-\d|AGE-SECRET-KEY-1[0-9A-Z]{20,}",
    r"\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_\w{22,}|\bgl(?:pat|dt|rt|ptt|soat|ft)-[\w-]{20,}",
    r"\bxox[abeoprs]-[\w-]{10,}|\bxapp-\d-[\w-]{10,}|\bhooks\.slack\.com/(?:services|workflows|triggers)/\w+/\w+",
    r"\bdiscord(?:app)?\.com/api/webhooks/\d+/[\w-]+|\.webhook\.office\.com/webhookb2/[\w@-]+",
    r"\b[sr]k_(?:live|test)_[0-9A-Za-z]{10,}|\bwhsec_[0-9A-Za-z+/]{20,}",  # Stripe
    r"\bGOCSPX-[\w-]{20,}|\bya29\.[\w-]{20,}|\bAAAA[\w-]{7}:APA91[\w-]{20,}",  # Google
    r"\bnpm_[A-Za-z0-9]{36}|\bpypi-AgE[\w-]{40,}|\bdckr_(?:pat|oat)_[\w-]{20,}|\brubygems_[0-9a-f]{40,}",
    r"\bSG\.[\w-]{16,}\.[\w-]{16,}|\bkey-[0-9a-f]{32}\b|\bSK[0-9a-f]{32}\b",  # SendGrid, Mailgun, Twilio
    r"\bsk-(?:ant|proj|svcacct)-[\w-]{20,}|\bsk-[A-Za-z0-9]{32,}|\bhf_[A-Za-z0-9]{30,}",  # OpenAI and others
    r"\bdo[opr]_v1_[0-9a-f]{64}|\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|\bhv[sbr]\.[\w-]{20,}|\bsq0(?:atp|csp)-[\w-]{20,}",
    r"\bglsa_\w{30,}|\blin_api_\w{30,}|\bsntry[su]_[\w+/=-]{30,}|\bNRAK-[0-9A-Z]{20,}",
    r"\btskey-\w+-[\w-]{10,}|\bdapi[0-9a-f]{32}",
    rf"://[^/\s:@?#]*:{_GIVEN}[^/\s@]+@",  # a password in an address, with a user or without
    rf"^[\w.%-]+:{_GIVEN}[^/\s@]+@(?:tcp|unix)\(",  # Go's MySQL
    rf"(?i:(?:^|[;\s'\"])(?:password|pwd|accountkey|sharedaccesskey|clientsecret)\s*=\s*){_GIVEN}[^;\s]+",
    rf"(?i:[?&](?:password|passwd|pwd|secret|client_secret|access_token|auth_token|api_?key)=){_GIVEN}[^&\s]+",
    r"(?i:[?&]sig=)[\w%+/=-]{20,}",  # a shared access signature of Azure
    rf"(?i:(?:^|\s)-D[\w.]*password=){_GIVEN}\S+",
    rf"(?i:(?:^|\s)--(?:password|passwd|requirepass|api-key|auth-token)[= ]){_GIVEN}[^\s-]\S*",
    rf":_(?:authToken|password|auth)\s*=\s*{_GIVEN}\S+",  # .npmrc
    r"\b(?:Bearer|Basic) (?=[^\s]*\d)(?=[^\s]*[A-Za-z])[\w+/=.~-]{16,}",
    rf"(?i:(?:^|,)\s*[\w-]*(?:api-?key|authorization|access-?token)\s*=\s*){_GIVEN}[^,\s]{{8,}}",  # OTLP's headers
)
_PUBLISHABLE = re.compile(r"\bAIza[\w-]{35}|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}")
"""Google API keys and JSON Web Tokens, which some services send to every browser."""

_REFERENCE = re.compile(r"\{\{resolve:(?:secretsmanager|ssm-secure):")


@cache
def _secret_value() -> re.Pattern[str]:
    return re.compile("|".join(_FORMS))  # takes 2 ms, and many programs never need it


@cache
def is_secret_name(name: str) -> bool:
    """Return whether a variable of this name usually holds a secret."""
    if name.upper() in _EXACT:
        return True
    if name.upper() in _NOT_SECRET or _PUBLIC.search(name):
        return False
    words = [word.upper() for word in _WORDS.findall(name)]
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in _QUALIFIERS):
        words.pop()
    if not words:
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _WITH_WORD_BEFORE:
        return before in _WITH_WORD_BEFORE[last]
    return last in _SECRET or (last.endswith(_GLUED) and before not in _NOT_TOKENS)


def is_secret_value(value: str) -> bool:
    """Return whether a text has the form of a secret, or a reference that CloudFormation replaces by a secret."""
    return _secret_value().search(value) is not None or _PUBLISHABLE.search(value) is not None or resolves_secret(value)


def resolves_secret(value: str) -> bool:
    """Return whether CloudFormation replaces this text by a secret of Secrets Manager or a SecureString."""
    return _REFERENCE.search(value) is not None


def seems_secret(name: str, value: str) -> bool:
    """Return whether a variable holds a secret itself, rather than its location."""
    if _secret_value().search(value) or resolves_secret(value):
        return True
    if _PUBLISHABLE.search(value):
        return not _PUBLIC.search(name)
    return is_secret_name(name) and _NO_VALUE.fullmatch(value) is None
