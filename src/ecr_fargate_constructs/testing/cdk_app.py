"""The whole app: run once in this process, as the CDK command line runs it, or read from a cloud assembly."""

from __future__ import annotations

import json
import os
import runpy
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import aws_cdk as cdk
from aws_cdk import assertions

from ecr_fargate_constructs.testing.project import context_of, program_of
from ecr_fargate_constructs.testing.reports import raise_on_findings
from ecr_fargate_constructs.testing.synthesis import REPORTING, VALIDATION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NESTED = ".nested.template.json"


@dataclass(frozen=True, repr=False)
class CdkApp:
    """A synthesized app.

    Attributes:
        outdir: Its cloud assembly.
        templates: The template of each stack as data, by the name that ``cdk list`` shows, including stages; nested
            stacks by the name of their file.
        app: The app that was run; None if the assembly was read.
    """

    outdir: Path
    templates: Mapping[str, dict[str, Any]]
    app: cdk.App | None = None
    _cached: dict[str, assertions.Template] = field(default_factory=dict, compare=False)

    def __repr__(self) -> str:
        return f"<CdkApp of {', '.join(self.templates) or 'no stack'}>"

    @property
    def stacks(self) -> tuple[str, ...]:
        """The names of the stacks."""
        return tuple(self.templates)

    def template(self, stack: str | None = None) -> assertions.Template:
        """Return the template of a stack; the name may be omitted if the app has one stack.

        Raises:
            LookupError: The app has no such stack, or has several and none is named.
        """
        names = ", ".join(self.templates)
        if stack is None:
            if len(self.templates) != 1:
                raise LookupError(f"the app has {len(self.templates)} stacks, name one: {names}")
            (stack,) = self.templates
        if stack not in self.templates:
            raise LookupError(f"the app has no stack {stack!r}; it has {names or 'none'}")
        if stack not in self._cached:
            self._cached[stack] = assertions.Template.from_json(self.templates[stack])
        return self._cached[stack]


def read_app(outdir: Path) -> CdkApp:
    """Return the app of a cloud assembly."""
    return CdkApp(outdir, dict(_templates(outdir)))


def run_app(project: Path, outdir: Path, *, validate: bool) -> CdkApp:
    """Run the program that ``cdk.json`` names in this process, with its context, in its folder.

    The app gets output directory, context and validation, which the command line would set in the environment, through
    its constructor: its Node process is already running and does not read this process's environment.
    """
    program = program_of(project)
    context = context_of(project) | REPORTING | (VALIDATION if validate else {})
    with _inside(project, program.target, program.arguments), _configured(outdir, context, validate=validate) as apps:
        try:
            if program.is_module:
                runpy.run_module(program.target, run_name="__main__", alter_sys=True)
            else:
                runpy.run_path(program.target, run_name="__main__")
        except SystemExit as stop:
            if stop.code not in {None, 0}:
                raise RuntimeError(f"{program.target} ended with status {stop.code}") from stop
    if len(apps) != 1:
        raise RuntimeError(f"{program.target} made {len(apps)} cdk.App; `cdk_app` is for a program that makes one")
    apps[0].synth()  # as the command line does if the program does not
    if validate:
        raise_on_findings(outdir, "aws-cdk-lib's built-in rules")
    return CdkApp(outdir, dict(_templates(outdir)), apps[0])


@contextmanager
def _inside(project: Path, target: str, arguments: tuple[str, ...]) -> Iterator[None]:
    folder, path, argv = Path.cwd(), list(sys.path), list(sys.argv)
    folder_of_program = str(Path(target).parent) if target.endswith(".py") else str(project)
    os.chdir(project)
    sys.path.insert(0, folder_of_program)
    sys.argv = [target, *arguments]
    try:
        yield
    finally:
        os.chdir(folder)
        sys.path[:] = path
        sys.argv = argv


@contextmanager
def _configured(outdir: Path, context: dict[str, Any], *, validate: bool) -> Iterator[list[cdk.App]]:
    apps: list[cdk.App] = []
    init = cdk.App.__init__

    def configured_init(self: cdk.App, **options: Any) -> None:  # noqa: ANN401 - any options of the program
        options["context"] = {**(options.get("context") or {}), **context}
        options["outdir"] = str(outdir)
        options["builtin_cloud_formation_validation"] = validate
        init(self, **options)
        apps.append(self)

    with mock.patch.object(cdk.App, "__init__", configured_init):
        yield apps


def _templates(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for identifier, artifact in _read(folder / "manifest.json").get("artifacts", {}).items():
        if artifact["type"] == "cdk:cloud-assembly":
            yield from _templates(folder / artifact["properties"]["directoryName"])
        elif artifact["type"] == "aws:cloudformation:stack":
            yield artifact.get("displayName", identifier), _read(folder / artifact["properties"]["templateFile"])
    for file in sorted(folder.glob(f"*{_NESTED}")):
        yield file.name.removesuffix(_NESTED), _read(file)


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content
