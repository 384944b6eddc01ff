"""From files to a program, and the list of what is not simply carried over."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.migrate.compose import is_compose, read_project
from ecr_fargate_constructs.tools.migrate.copilot import read_service
from ecr_fargate_constructs.tools.migrate.document import parse
from ecr_fargate_constructs.tools.migrate.environments import choose_environment
from ecr_fargate_constructs.tools.migrate.errors import MigrationError
from ecr_fargate_constructs.tools.migrate.interpolation import Interpolation
from ecr_fargate_constructs.tools.migrate.ledger import Ledger
from ecr_fargate_constructs.tools.migrate.model import Project
from ecr_fargate_constructs.tools.migrate.writer import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ecr_fargate_constructs.tools.migrate.document import Node
    from ecr_fargate_constructs.tools.migrate.ledger import Finding
    from ecr_fargate_constructs.tools.migrate.model import Service

_PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,100}")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file.

    Attributes:
        name: What it is called in the list of findings.
        text: What stands in it.
        directory: Name of the directory that it is in; compose names a project after it.
    """

    name: str
    text: str
    directory: str


@dataclass(frozen=True, kw_only=True)
class Migration:
    """What came of the files.

    Attributes:
        program: The program.
        project: What it was written from.
        findings: What is not simply carried over, by the name of its file.
    """

    program: str
    project: Project
    findings: Mapping[str, tuple[Finding, ...]]


def migrate(
    sources: Sequence[Source], *, variables: Mapping[str, str] | None = None, environment: str | None = None
) -> Migration:
    """Read the files and write the program: one compose file, or the Copilot manifests of one application.

    Args:
        sources: The files.
        variables: Values of variables that stand in them as ``${NAME}``.
        environment: Environment of Copilot whose overrides are wanted; left out, the manifest as it is without them.

    Raises:
        ToolError: A file is neither, or not readable as what it is.
    """
    given = {**(variables or {}), **({} if environment is None else {"COPILOT_ENVIRONMENT_NAME": environment})}
    roots = []
    for source in sources:
        with _naming(source):
            roots.append((source, parse(source.text)))
    if any(is_compose(root) for _, root in roots):
        if len(roots) > 1:
            raise ToolError("give one compose file: run 'docker compose config' to have several in one")
        if environment is not None:
            raise ToolError(f"{roots[0][0].name}: a compose file has no environments; leave --environment out")
        return _compose(*roots[0], given)
    return _copilot(roots, given, environment)


def _compose(source: Source, raw: Node, variables: Mapping[str, str]) -> Migration:
    ledger, interpolation = Ledger(), Interpolation(variables, compose=True)
    root = interpolation.fill(raw)
    name = source.directory if _PROJECT.fullmatch(source.directory) else "app"
    with _naming(source):
        project = read_project(root, ledger, interpolation, default_name=name)
    interpolation.list_missing(ledger)
    return Migration(program=write(project), project=project, findings={source.name: ledger.findings(root)})


def _copilot(roots: Sequence[tuple[Source, Node]], variables: Mapping[str, str], environment: str | None) -> Migration:
    services: list[Service] = []
    findings: dict[str, tuple[Finding, ...]] = {}
    for source, raw in roots:
        ledger, interpolation = Ledger(), Interpolation(variables, compose=False)
        with _naming(source):
            root = choose_environment(interpolation.fill(raw), ledger, environment)
            services.append(read_service(root, ledger))
        interpolation.list_missing(ledger)
        findings[source.name] = ledger.findings(root)
    names = [service.name for service in services]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ToolError(f"two manifests have the name {twice[0]!r}; name each service once")
    project = Project(
        name=variables.get("COPILOT_APPLICATION_NAME") or names[0],
        source="a Copilot manifest" if len(services) == 1 else "Copilot manifests",
        services=tuple(services),
        one_load_balancer=True,
    )
    return Migration(program=write(project), project=project, findings=findings)


@contextmanager
def _naming(source: Source) -> Iterator[None]:
    """Say of an error which file it is in."""
    try:
        yield
    except MigrationError as error:
        raise ToolError(f"{source.name}: {error}") from error
