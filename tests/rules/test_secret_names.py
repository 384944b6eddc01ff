"""What looks like a secret, and what does not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs._rules.secret_names import is_secret_name, is_secret_value, seems_secret

LETTERS = "Qx7" * 20
SECRET_NAMES = [
    "PASSWORD", "DB_PASSWORD", "PGPASSWORD", "MYSQL_PWD", "MYSQL_ROOT_PASSWORD", "POSTGRES_PASSWORD",
    "MONGO_INITDB_ROOT_PASSWORD", "REDIS_PASSWORD", "SMTP_PASS", "DB_PASS", "PASS", "DBPASS", "ADMIN_PWD",
    "SA_PASSWORD", "MSSQL_SA_PASSWORD", "KEYSTORE_PASSWORD", "SSH_PASSPHRASE", "LDAP_BIND_PW", "RABBITMQ_DEFAULT_PASS",
    "RABBITMQ_ERLANG_COOKIE", "SECRET", "CLIENT_SECRET", "SECRET_KEY", "SECRET_KEY_BASE", "DJANGO_SECRET_KEY",
    "JWT_SECRET", "COOKIE_SECRET", "NEXTAUTH_SECRET", "SESSION_SECRET", "STRIPE_WEBHOOK_SECRET",
    "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "TOKEN", "NPM_TOKEN", "GITHUB_TOKEN",
    "AUTH_TOKEN", "AUTHTOKEN", "VAULT_TOKEN", "SLACK_BOT_TOKEN", "API_TOKENS", "API_KEY", "STRIPE_API_KEY",
    "DD_API_KEY", "OPENAI_API_KEY", "STRIPE_KEY", "APP_KEY", "ENCRYPTION_KEY", "SIGNING_KEY", "RAILS_MASTER_KEY",
    "PRIVATE_KEY", "SSH_PRIVATE_KEY", "JWT_KEY", "AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "SECURE_AUTH_KEY",
    "NONCE_SALT", "AUTH_SALT", "HASHIDS_SALT", "PEPPER", "LICENSE_KEY", "GOOGLE_CREDENTIALS", "GOOGLE_CREDENTIALS_JSON",
    "DB_CREDS", "DB_PASSWORD_1", "DB_PASSWORD2", "DB_PASSWORD_PROD", "API_KEY_V2", "PRIVATE_KEY_PEM", "dbPassword",
    "apiKey", "clientSecret", "spring.datasource.password", "Auth0__ClientSecret", "ConnectionStrings__Password",
    "npm-token", "REDIS_AUTH", "REDISCLI_AUTH", "CLICKHOUSE_AUTH", "BASIC_AUTH", "EJABBERD_ERLANG_COOKIE",
    "NPM_CONFIG__AUTH", "DOCKER_AUTH_CONFIG", "FERNET_KEY", "WALLET_MNEMONIC", "NEO4J_AUTH", "DB_AUTH", "MQTT_AUTH",
]  # fmt: skip
HARMLESS_NAMES = [
    "KEYBOARD", "PASSENGER_APP", "TOKENIZERS_PARALLELISM", "AUTHOR", "PASSTHROUGH", "SALTED_CARAMEL", "PUBLIC_KEY",
    "SECRET_NAME", "SECRET_ARN", "DB_SECRET_ARN", "PWD", "OLDPWD", "PATH", "KEY", "PARTITION_KEY", "SORT_KEY",
    "PRIMARY_KEY", "CACHE_KEY", "ROUTING_KEY", "OBJECT_KEY", "S3_KEY", "SITE_KEY", "TAG_KEY", "HASH_KEY",
    "PUBLISHABLE_KEY", "STRIPE_PUBLISHABLE_KEY", "NEXT_PUBLIC_API_KEY", "VITE_API_KEY", "REACT_APP_TOKEN",
    "SSH_PUBLIC_KEY", "KMS_KEY_ID", "KMS_KEY_ARN", "PASSWORD_FILE", "POSTGRES_PASSWORD_FILE", "PASSWORD_MIN_LENGTH",
    "PASSWORD_POLICY", "TOKEN_URL", "TOKEN_TTL", "TOKEN_ENDPOINT", "MAX_TOKENS", "MAX_TOKEN", "TOKENIZER", "EOS_TOKEN",
    "NEXT_TOKEN", "SECRET_ID", "SECRETS_MANAGER_ENDPOINT", "API_KEY_HEADER", "API_KEY_NAME", "COMPASS", "BYPASS",
    "BYPASS_CACHE", "MONKEY", "TURKEY", "WHISKEY", "HOTKEY", "KEYS", "KEYSTORE", "KEY_PREFIX", "AUTH_MODE", "AUTH_URL",
    "SMTP_AUTH", "REQUIRE_AUTH", "SESSION_COOKIE",
    "ENABLE_AUTH", "OAUTH_CLIENT_ID", "CLIENT_ID", "COOKIE_DOMAIN", "SESSION_COOKIE_NAME", "CREDENTIALS_PROVIDER",
    "ACCESS_LOG", "SECRETARY", "SALT_ROUNDS", "BCRYPT_SALT_ROUNDS", "GPG_KEY", "PWDEBUG", "SIGNATURE_VERSION",
    "PRIVATE_KEY_PATH", "LICENSE", "DATABASE_URL", "REDIS_HOST", "SENTRY_DSN", "PORT", "LOG_LEVEL", "NODE_ENV", "_",
    "A",
]  # fmt: skip
SECRET_VALUES = {
    "an access key of AWS": "AKIA" + "Q" * 16,
    "a temporary one": "ASIA" + "Q" * 16,
    "one in a text": "key=AKIA" + "Q" * 16 + ",region=x",
    "GitHub": "ghp_" + LETTERS[:36],
    "GitHub, an app": "ghs_" + LETTERS[:36],
    "GitHub, fine-grained": "github_pat_" + LETTERS[:22] + "_" + LETTERS[:59],
    "GitLab": "glpat-" + LETTERS[:20],
    "GitLab, a runner": "glrt-" + LETTERS[:20],
    "Slack, a bot": "xoxb-" + "1234567890-abcdef",
    "Slack, a user": "xoxp-" + "1234567890-abcdef",
    "Slack, an app": "xapp-1-" + LETTERS[:20],
    "Slack, a webhook": "https://hooks.slack.com/" + "services/T0001/B0001/abcdef",
    "Discord, a webhook": "https://discord.com/api/webhooks/123/" + LETTERS,
    "Teams, a webhook": "https://shop.webhook.office.com/webhookb2/" + LETTERS,
    "Stripe": "sk_live_" + LETTERS[:24],
    "Stripe, a test": "sk_test_" + LETTERS[:24],
    "Stripe, restricted": "rk_live_" + LETTERS[:24],
    "Stripe, a webhook": "whsec_" + LETTERS[:32],
    "Google": "AIza" + LETTERS[:35],
    "Google, a client": "GOCSPX-" + LETTERS[:28],
    "Google, an access token": "ya29." + LETTERS[:40],
    "npm": "npm_" + LETTERS[:36],
    "PyPI": "pypi-AgE" + LETTERS,
    "Docker Hub": "dckr_pat_" + LETTERS[:27],
    "RubyGems": "rubygems_" + "0a" * 24,
    "SendGrid": "SG." + LETTERS[:22] + "." + LETTERS[:43],
    "Mailgun": "key-" + "0a" * 16,
    "Twilio": "SK" + "0a" * 16,
    "Anthropic": "sk-ant-" + LETTERS[:40],
    "OpenAI": "sk-proj-" + LETTERS[:40],
    "OpenAI, older": "sk-" + LETTERS[:48],
    "Hugging Face": "hf_" + LETTERS[:34],
    "DigitalOcean": "dop_v1_" + "0a" * 32,
    "Shopify": "shpat_" + "0a" * 16,
    "Vault": "hvs." + LETTERS[:24],
    "Square": "sq0atp-" + LETTERS[:22],
    "Grafana": "glsa_" + LETTERS[:32],
    "Linear": "lin_api_" + LETTERS[:40],
    "New Relic": "NRAK-" + "A1" * 14,
    "Tailscale": "tskey-auth-" + LETTERS[:20],
    "Databricks": "dapi" + "0a" * 16,
    "a JSON Web Token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + LETTERS[:30],
    "a private key": "-----BEGIN PRIVATE " + "KEY-----\nabc",
    "an RSA key": "-----BEGIN RSA PRIVATE " + "KEY-----\nabc",
    "an OpenSSH key": "-----BEGIN OPENSSH PRIVATE " + "KEY-----\nabc",
    "a PGP key": "-----BEGIN PGP PRIVATE " + "KEY BLOCK-----\nabc",
    "a database": "postgres://web:hunter2@db/web",
    "a database of SQLAlchemy": "postgresql+psycopg2://web:hunter2@db:5432/web",
    "no user": "redis://:hunter2@cache:6379/0",
    "an index of packages": "https://user:hunter2@packages.example.com/index",
    "AMQP": "amqp://guest:guest@rabbit:5672/%2f",
    "Mongo": "mongodb+srv://web:hunter2@cluster0.example.mongodb.net/?retryWrites=true",
    "git": "https://x-access-token:hunter2@github.com/a/b.git",
    "MySQL in Go": "web:hunter2@tcp(db:3306)/web",
    "SQL Server": "Server=db;Database=web;User Id=sa;Password=hunter2;",
    "SQL Server, short": "Server=db;Uid=sa;Pwd=hunter2",
    "libpq": "host=db user=web password=hunter2 dbname=web",
    "Azure Storage": "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=aGVsbG8=;EndpointSuffix=x",
    "Azure Service Bus": "Endpoint=sb://a/;SharedAccessKeyName=b;SharedAccessKey=aGVsbG8=",
    "a signature of Azure": "https://a.blob.core.windows.net/c?sv=2024&sig=" + "aB%2B" * 8,
    "JDBC": "jdbc:postgresql://db/web?user=web&password=hunter2",
    "an API key in an address": "https://example.com/feed?api_key=hunter2",
    "Java": "-Xmx1g -Djavax.net.ssl.keyStorePassword=hunter2",
    "Redis' arguments": "--appendonly yes --requirepass hunter2",
    "an argument": "--password=hunter2",
    ".npmrc": "//registry.npmjs.org/:_authToken=hunter2",
    "a header": "Authorization: Bearer 0a1b2c3d4e5f6071",
    "a basic header": "Basic d2ViOmh1bnRlcjI3Nzc=",
    "headers of OTLP": "x-tenant=1,api-key=hunter2hunter2",
    "Secrets Manager": "{{resolve:secretsmanager:db:SecretString:password}}",
    "Secrets Manager in an address": "postgres://web:{{resolve:secretsmanager:db:SecretString:password}}@db",
    "a SecureString": "{{resolve:ssm-secure:/shop/password:1}}",
}
HARMLESS_VALUES = [
    "",
    "true",
    "1",
    "8080",
    "production",
    "hunter",
    "https://example.com",
    "https://example.com:8443/path",
    "arn:aws:iam::1:role/x",
    "https://user@host",
    "https://user@host/path",
    "https://host:8080/a@b",
    "http://[::1]:8080/a@b",
    "postgres://db:5432/web",
    "postgres://web@db:5432/web",
    "postgres://web:@db/web",
    "postgres://web:$PASSWORD@db/web",
    "postgres://web:${PASSWORD}@db/web",
    "postgres://web:<password>@db/web",
    "postgres://web:***@db/web",
    "redis://cache:6379/0",
    "mailto:a@example.com",
    "a@b:c@d",
    "git@github.com:a/b.git",
    "ssh://git@github.com/a/b",
    "jdbc:postgresql://db/web?user=web",
    "Server=db;Integrated Security=true",
    "host=db user=web dbname=web",
    "password",
    "Password: required",
    "password=$PASSWORD",
    "--password $PASSWORD",
    "--password-file /run/x",
    "-Dserver.port=8080",
    "-Xmx512m",
    "npm_config_cache",
    "npm_lifecycle_event",
    "sk_",
    "sk-",
    "key-value",
    "pk_live_" + LETTERS[:24],
    "pk_test_" + LETTERS[:24],
    "AKIA",
    "AKIAlowercase0000000",
    "AIzaShort",
    "ghp_short",
    "xoxb",
    "eyJhbGciOiJIUzI1NiJ9",
    "-----BEGIN CERTIFICATE-----\nabc",
    "-----BEGIN PUBLIC KEY-----\nabc",
    "ssh-rsa AAAAB3NzaC1yc2E a@b",
    "Basic authentication-required",
    "Bearer",
    "Bearer tokens are required",
    "{{resolve:ssm:/shop/host}}",
    "sha256:" + "0a" * 32,
    "0a" * 20,
    "d2ViOmh1bnRlcjI=",
    "550e8400-e29b-41d4-a716-446655440000",
    "2026-11-28T19:00:00Z",
    "*.example.com",
    "a,b;c=d",
    "key=value,other=thing",
    "/srv/app:/data",
    '{"level": "info"}',
    "SELECT 1",
    "%(levelname)s:%(name)s",
    "https://hooks.slack.com",
    "https://discord.com/api",
    "x" * 70_000,
]
NAMED_BUT_EMPTY = [
    ("DB_PASSWORD", ""),
    ("DB_PASSWORD", "${DB_PASSWORD}"),
    ("DB_PASSWORD", "$DB_PASSWORD"),
    ("DB_SECRET", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db"),
    ("GOOGLE_APPLICATION_CREDENTIALS", "/etc/google/key.json"),
    ("TLS_KEY", "/run/secrets/tls.key"),
    ("AUTH_TOKEN", "https://login.example.com/token"),
    ("USE_TOKEN", "true"),
    ("TOKEN", "none"),
]


def test_there_are_enough_of_each() -> None:
    assert min(map(len, (SECRET_NAMES, HARMLESS_NAMES, SECRET_VALUES, HARMLESS_VALUES))) >= 60


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_name_of_a_secret(name: str) -> None:
    assert is_secret_name(name)
    assert seems_secret(name, "hunter2")


@pytest.mark.parametrize("name", HARMLESS_NAMES)
def test_a_name_of_something_else(name: str) -> None:
    assert not is_secret_name(name)
    assert not seems_secret(name, "hunter2")


@pytest.mark.parametrize("value", SECRET_VALUES.values(), ids=SECRET_VALUES)
def test_a_value_that_is_a_secret(value: str) -> None:
    assert is_secret_value(value)
    assert seems_secret("A", value)


@pytest.mark.parametrize("value", HARMLESS_VALUES, ids=range(len(HARMLESS_VALUES)))
def test_a_value_that_is_none(value: str) -> None:
    assert not is_secret_value(value)
    assert not seems_secret("A", value)


@pytest.mark.parametrize(("name", "value"), NAMED_BUT_EMPTY)
def test_a_name_of_a_secret_with_a_value_that_is_none(name: str, value: str) -> None:
    assert is_secret_name(name)
    assert not seems_secret(name, value)


def test_what_every_browser_gets_is_no_secret() -> None:
    assert not seems_secret("NEXT_PUBLIC_MAPS", "AIza" + LETTERS[:35])
    assert seems_secret("NEXT_PUBLIC_DATABASE", "postgres://web:hunter2@db/web")


@given(st.text(), st.text())
def test_any_text_is_judged(name: str, value: str) -> None:
    assert isinstance(seems_secret(name, value), bool)


@pytest.mark.parametrize(
    "text", ["://" * 30_000, ":" * 90_000, "a://b:" + "c" * 90_000, "-D" * 40_000, "eyJ" * 30_000, "/a" * 40_000]
)
def test_long_texts_take_no_long_time(text: str) -> None:
    began = time.perf_counter()
    seems_secret("PASSWORD", text)
    assert time.perf_counter() - began < 2  # measured: 0.02 s
