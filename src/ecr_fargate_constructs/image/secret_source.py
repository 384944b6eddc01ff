"""Sources of build secrets, in BuildKit's syntax: ``type=file,src=path`` or ``type=env,env=VARIABLE``. Pure."""

from __future__ import annotations

import re

from ecr_fargate_constructs.errors import ConfigurationError

SOURCES = frozenset({"src", "source"})
_KEYS = {"type", "id", "env", *SOURCES}
_TYPES = {"file", "env"}


def check_secret(name: str, source: str) -> None:
    """Refuse a secret's source that BuildKit cannot read."""
    option = f"ImageBuild.secrets[{name!r}]={source!r}"
    keys: dict[str, str] = {}
    for part in source_parts(option, source):
        key, equals, value = part.partition("=")
        if not equals or key.lower() not in _KEYS:
            raise ConfigurationError(
                f"{option} has {part!r}, which BuildKit does not accept; use for example 'src=path/to/file' or "
                "'env=VARIABLE'"
            )
        keys[key.lower()] = value
    if keys.get("type", "file") not in _TYPES:
        raise ConfigurationError(f"{option} has type={keys['type']!r}; use 'file' or 'env'")
    if keys.get("type") != "env" and not any(keys.get(key) for key in (*SOURCES, "env")):
        raise ConfigurationError(
            f"{option} names neither a file nor a variable; use 'src=path/to/file' or 'env=VARIABLE'"
        )


def source_parts(option: str, source: str) -> list[str]:
    """Return the parts of a source, which is a CSV record."""
    import csv  # noqa: PLC0415 - few builds have secrets

    try:
        rows = list(csv.reader([source], strict=True))
    except csv.Error as error:
        raise ConfigurationError(f"{option} cannot be read ({error}); use for example 'src=path/to/file'") from error
    return rows[0] if rows else []


def joined(parts: list[str]) -> str:
    """Return the CSV record that ``source_parts`` reads."""
    return ",".join(f'"{part.replace(chr(34), chr(34) * 2)}"' if re.search('[",\n]', part) else part for part in parts)
