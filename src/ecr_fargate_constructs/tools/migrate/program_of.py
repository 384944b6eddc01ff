"""Turn files into a program and a list of findings."""

from __future__ import annotations

import posixpath
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.migrate.compose import is_compose, read_project
from ecr_fargate_constructs.tools.migrate.copilot import read_service
from ecr_fargate_constructs.tools.migrate.copilot_reach import Manifest, Names, connect
from ecr_fargate_constructs.tools.migrate.copilot_topics import with_one_kind
from ecr_fargate_constructs.tools.migrate.document import as_written, parse
from ecr_fargate_constructs.tools.migrate.environments import choose_environment
from ecr_fargate_constructs.tools.migrate.errors import MigrationError
from ecr_fargate_constructs.tools.migrate.interpolation import Interpolation
from ecr_fargate_constructs.tools.migrate.ledger import Ledger
from ecr_fargate_constructs.tools.migrate.model import Build, Project
from ecr_fargate_constructs.tools.migrate.writer import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ecr_fargate_constructs.tools.migrate.document import Node
    from ecr_fargate_constructs.tools.migrate.ledger import Finding
    from ecr_fargate_constructs.tools.migrate.model import Container

_PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,100}")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file.

    Attributes:
        name: Its name in the list of findings.
        text: Its text.
        directory: Name of its directory, after which Docker Compose names a project.
        prefix: Path of its directory as the program has to write it, from the directory in which the program runs;
            empty for the same directory. The paths in a Copilot manifest begin at the workspace instead.
        read: Reads a file by its path from the directory of a compose file; returns None if it cannot.
    """

    name: str
    text: str
    directory: str
    prefix: str = ""
    read: Callable[[str], str | None] = lambda _: None


@dataclass(frozen=True, kw_only=True)
class Migration:
    """A program and the findings.

    Attributes:
        program: The program.
        project: The services from which it was written.
        findings: The keys that are not simply carried over, by the name of their file.
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
        variables: Values of the variables that the files use as ``${NAME}``.
        environment: Environment of Copilot whose overrides are applied; default, none.

    Raises:
        ToolError: A file is neither, or is invalid.
    """
    given = {**(variables or {}), **({} if environment is None else {"COPILOT_ENVIRONMENT_NAME": environment})}
    roots = []
    for source in sources:
        with _naming(source):
            roots.append((source, parse(source.text)))
    if any(is_compose(root) for _, root in roots):
        if len(roots) > 1:
            raise ToolError("pass one compose file: run 'docker compose config' to have several in one")
        if environment is not None:
            raise ToolError(f"{roots[0][0].name}: a compose file has no environments; omit --environment")
        return _compose(*roots[0], given)
    return _copilot(roots, given, environment)


def _compose(source: Source, raw: Node, variables: Mapping[str, str]) -> Migration:
    ledger, interpolation = Ledger(), Interpolation(variables, compose=True)
    root = interpolation.fill(raw)
    name = source.directory if _PROJECT.fullmatch(source.directory) else "app"
    with _naming(source):
        project = read_project(root, ledger, interpolation, default_name=name, read=source.read)
    interpolation.list_missing(ledger)
    project = _seen_from_the_program(project, source.prefix)
    return Migration(program=write(project), project=project, findings={source.name: ledger.findings(root)})


def _seen_from_the_program(project: Project, prefix: str) -> Project:
    """Return the project with the paths of its files as the program has to write them."""
    if not prefix:
        return project

    def moved(container: Container) -> Container:
        image = container.image
        if isinstance(image, Build):
            image = replace(image, directory=_joined(prefix, image.directory))
        files = tuple(_joined(prefix, file) for file in container.environment_files)
        return replace(container, image=image, environment_files=files)

    services = tuple(
        replace(
            service,
            container=moved(service.container),
            sidecars=tuple(replace(each, container=moved(each.container)) for each in service.sidecars),
        )
        for service in project.services
    )
    return replace(project, services=services)


def _joined(prefix: str, path: str) -> str:
    joined = posixpath.normpath(posixpath.join(prefix, path))
    return joined if joined.startswith(("/", ".")) else f"./{joined}"


def _copilot(roots: Sequence[tuple[Source, Node]], variables: Mapping[str, str], environment: str | None) -> Migration:
    names = Names(
        application=variables.get("COPILOT_APPLICATION_NAME"),
        environment=variables.get("COPILOT_ENVIRONMENT_NAME"),
        alone=len(roots) == 1,
    )
    manifests: list[Manifest] = []
    findings: dict[str, tuple[Finding, ...]] = {}
    for source, raw in roots:
        ledger, interpolation = Ledger(), Interpolation(variables, compose=False)
        with _naming(source):
            root = choose_environment(interpolation.fill(as_written(raw)), ledger, environment)
            manifests.append(Manifest(read_service(root, ledger, names), root, ledger))
        interpolation.list_missing(ledger)
    services = with_one_kind(connect([manifest.service for manifest in manifests], manifests, names), manifests)
    for (source, _), manifest in zip(roots, manifests, strict=True):
        findings[source.name] = manifest.ledger.findings(manifest.root)
    service_names = [service.name for service in services]
    twice = sorted({name for name in service_names if service_names.count(name) > 1})
    if twice:
        raise ToolError(f"two manifests have the name {twice[0]!r}; name each service once")
    project = Project(
        name=names.application or service_names[0],
        source="a Copilot manifest" if len(services) == 1 else "Copilot manifests",
        services=tuple(services),
        one_load_balancer=True,
        discovery=names.endpoint if any(service.discovery_name for service in services) else None,
    )
    return Migration(program=write(project), project=project, findings=findings)


@contextmanager
def _naming(source: Source) -> Iterator[None]:
    """Add the name of the file to an error."""
    try:
        yield
    except MigrationError as error:
        raise ToolError(f"{source.name}: {error}") from error
