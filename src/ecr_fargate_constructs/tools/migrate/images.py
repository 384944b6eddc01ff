"""Images and builds, which have the same form in both formats."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.image_reference import ImageReference
from ecr_fargate_constructs._rules.secret_names import seems_secret
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.tools.migrate.errors import MigrationError
from ecr_fargate_constructs.tools.migrate.fields import text_of
from ecr_fargate_constructs.tools.migrate.model import EcrImage, Image, PublicImage

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.document import Node
    from ecr_fargate_constructs.tools.migrate.fields import Fields

_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<name>[a-z0-9._/-]+)"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64})|:(?P<tag>\w[\w.-]{0,127}))?"
)
_SIMPLE = re.compile(r"[\w./ +@-]+")


def image_named(reference: str, node: Node, *, credentials_arn: str | None = None) -> Image:
    """Return the image with a name.

    Raises:
        MigrationError: ``reference`` is not the name of an image.
    """
    match = _ECR.fullmatch(reference)
    if match is not None:
        return EcrImage(
            account=match["account"],
            region=match["region"],
            repository=match["name"],
            version=match["digest"] or match["tag"] or "latest",
        )
    try:
        ImageReference.parse(reference, name=node.place)
    except ConfigurationError as error:
        variable = " (set the value of a variable with --variable NAME=VALUE)" if "$" in reference else ""
        raise MigrationError(f"{error}{variable}", line=node.line) from error
    return PublicImage(reference=reference, credentials_arn=credentials_arn)


def build_paths(context: str, dockerfile: str | None) -> tuple[str, str | None]:
    """Return the build directory for the program, and the Dockerfile in it; None if the Dockerfile is outside."""
    directory = posixpath.normpath(context)
    if dockerfile is None:
        return _relative(directory), "Dockerfile"
    inside = posixpath.normpath(dockerfile)
    outside = inside.startswith(("..", "/")) or not _SIMPLE.fullmatch(inside)
    return _relative(directory), None if outside else inside


def _relative(directory: str) -> str:
    return directory if directory.startswith(("/", ".")) else f"./{directory}"


def build_args(build: Fields) -> dict[str, str]:
    """Return build arguments, from a mapping or a list; those that look like secrets are listed."""
    arguments: dict[str, str] = {}
    for name, node, value in pairs(build, "args"):
        if value is None:
            build.ledger.leave_out(node, "its value comes from the shell that builds", f'add args={{"{name}": …}}')
        elif seems_secret(name, value):
            build.ledger.leave_out(
                node,
                "it looks like a secret, and build arguments stay readable in the image",
                f"use ImageBuild(secrets={{{name!r}: 'src=path/to/file'}}) and RUN --mount=type=secret,id={name}",
            )
        else:
            build.ledger.carry(node)
            arguments[name] = value
    return arguments


def pairs(fields: Fields, name: str) -> list[tuple[str, Node, str | None]]:
    """Return names and values, from a mapping or from a list of ``NAME=value``; None for a name without a value.

    An entry that is neither is listed; the caller marks the others.
    """
    node = fields.node(name)
    if node is None:
        return []
    fields.ledger.enter(node)
    named: list[tuple[str, Node, str | None]] = []
    for key, entry in node.entries.items():
        if not key:
            fields.ledger.leave_out(entry, "it has no name", "give it one")
        elif isinstance(entry.value, (dict, list)):
            fields.ledger.leave_out(entry, "it is not a text", "write its value as a text")
        else:
            named.append((key, entry, text_of(entry)))
    for item in node.items:
        text = text_of(item)
        key, separator, value = (text or "").partition("=")
        if not key:
            fields.ledger.leave_out(item, "it is not of the form NAME=value", "correct it, and run the command again")
        else:
            named.append((key, item, value if separator else None))
    if not isinstance(node.value, (dict, list)):
        fields.ledger.leave_out(node, "it is neither a mapping nor a list", "correct it, and run the command again")
    return named
