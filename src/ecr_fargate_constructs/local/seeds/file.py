"""Read seed files, in YAML or JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml

from ecr_fargate_constructs._rules.severity import Severity
from ecr_fargate_constructs.local.seeds.model import Seeds, Zone
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path

_KINDS = ("secrets", "parameters", "zones", "images", "findings", "signatures")
_ZONE_ID = re.compile(r"[A-Z0-9]{1,32}")  # Route 53 API reference, ResourceId
# ECR API reference, CreateRepository and ImageIdentifier.
_IMAGE = re.compile(
    r"(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*/)*[a-z0-9]+(?:[._-]+[a-z0-9]+)*:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"
)
_DIGEST = r"sha256:[0-9a-f]{64}"
_SEVERITIES = ("UNDEFINED", "INFORMATIONAL", *(each.name for each in Severity))  # ECR API reference, FindingSeverity
_NOT_SCANNED = ("FAILED", "UNSUPPORTED_IMAGE")  # ECR API reference, ImageScanStatus


def read(file: Path) -> Seeds:
    """Read a seed file."""
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ToolError(f"the seed file {file} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ToolError(f"the seed file {file} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or not content:
        raise _refused(file, "it is empty" if not content else "it is not a mapping", f"begin with {_listed()}")
    content = {kind: {} if entries is None else entries for kind, entries in content.items()}
    for kind, entries in content.items():
        if kind not in _KINDS:
            raise _refused(file, f"{kind!r} is not one of {_listed()}", "correct the name")
        if not isinstance(entries, dict) or not all(isinstance(name, str) and name for name in entries):
            raise _refused(file, f"{kind} is not a mapping of names", "write 'name: value', one per line")
    return Seeds(
        secrets={name: _secret(file, name, value) for name, value in content.get("secrets", {}).items()},
        parameters={name: _parameter(file, name, value) for name, value in content.get("parameters", {}).items()},
        zones=tuple(_zone(file, name, value) for name, value in content.get("zones", {}).items()),
        images={name: _image(file, name, value) for name, value in content.get("images", {}).items()},
        findings={name: _findings(file, name, value) for name, value in content.get("findings", {}).items()},
        signatures={name: _signatures(file, name, value) for name, value in content.get("signatures", {}).items()},
    )


def _secret(file: Path, name: str, value: Any) -> str:  # noqa: ANN401 - whatever the file says
    if isinstance(value, str) and value:
        return value
    if isinstance(value, dict) and value:
        try:
            return json.dumps(value)
        except TypeError as error:
            raise _refused(file, f"secrets.{name} has a value that JSON does not support", "quote dates") from error
    raise _refused(file, f"secrets.{name} is {_kind(value)}", "use a string, or a mapping, which becomes JSON")


def _parameter(file: Path, name: str, value: Any) -> str | tuple[str, ...]:  # noqa: ANN401
    texts = value if isinstance(value, list) else [value]
    if texts and all(isinstance(text, str) and text for text in texts):
        return tuple(texts) if isinstance(value, list) else str(value)
    raise _refused(file, f"parameters.{name} is {_kind(value)}", "use a string or a list of strings; quote numbers")


def _zone(file: Path, name: str, value: Any) -> Zone:  # noqa: ANN401
    if value is None or (isinstance(value, str) and _ZONE_ID.fullmatch(value)):
        return Zone(name.rstrip("."), value)
    fix = "use the id of the zone, such as Z0123456789EXAMPLE, or leave it empty"
    raise _refused(file, f"zones.{name} is {value!r}", fix)


def _image(file: Path, name: str, value: Any) -> str:  # noqa: ANN401
    if not _IMAGE.fullmatch(name):
        raise _refused(file, f"images has {name!r}", "give repository and tag, such as shop:1.2")
    if isinstance(value, str) and value:
        return value
    raise _refused(file, f"images.{name} is {_kind(value)}", "give an image that the container engine has or can pull")


def _findings(file: Path, digest: str, value: Any) -> dict[str, str] | str:  # noqa: ANN401
    if not re.fullmatch(_DIGEST, digest):
        raise _refused(
            file, f"findings has {digest!r}", "give the digest of an image, sha256:…, as in images.lock.json"
        )
    if value in _NOT_SCANNED:
        return str(value)
    if isinstance(value, dict) and all(isinstance(name, str) and each in _SEVERITIES for name, each in value.items()):
        return value
    raise _refused(
        file,
        f"findings.{digest} is {value!r}",
        f"give each finding one of {', '.join(_SEVERITIES)}, such as {{CVE-2026-0001: HIGH}}; {{}} means no findings, "
        f"and {' or '.join(_NOT_SCANNED)} a scan that did not complete",
    )


def _signatures(file: Path, image: str, value: Any) -> tuple[str, ...]:  # noqa: ANN401
    repository, at, digest = image.partition("@")
    if not (at and _IMAGE.fullmatch(f"{repository}:tag") and re.fullmatch(_DIGEST, digest)):
        fix = "give repository and digest, such as shop@sha256:…, as in images.lock.json"
        raise _refused(file, f"signatures has {image!r}", fix)
    profiles = value if isinstance(value, list) else [value]
    if all(isinstance(each, str) and ":signer:" in each for each in profiles):
        return tuple(profiles)
    raise _refused(file, f"signatures.{image} is {value!r}", "give the ARN of a signing profile, or a list of ARNs")


def _kind(value: Any) -> str:  # noqa: ANN401
    """Return the type of a value, without the value: it may be a secret."""
    return "empty" if value in (None, "", [], {}) else f"of type {type(value).__name__}"


def _listed() -> str:
    return f"{', '.join(_KINDS[:-1])} and {_KINDS[-1]}"


def _refused(file: Path, cause: str, fix: str) -> ToolError:
    return ToolError(f"the seed file {file}: {cause}", fix=fix)
