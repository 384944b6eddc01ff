"""The command runs in a shell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import containers
from ecr_fargate_constructs.tools.doctor.rule import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_REPLACES_SHELL = re.compile(r"(?:^|[;&|])\s*exec\s[^;&|]*$")
"""A last command that takes the shell's place: ``prepare && exec serve``."""


class ShellFormCommand(Rule):
    """The command runs in a shell."""

    id = "shell-form-command"
    severity = Severity.WARNING
    title = "The command runs in a shell"
    why = (
        "The shell is process 1 and does not pass SIGTERM on, so each task is killed at its stop timeout, "
        "together with the requests it is serving."
    )
    fix = 'Write the exec form, CMD ["program", "argument"], or begin the last command with exec.'
    source = "https://docs.docker.com/reference/build-checks/json-args-recommended"
    tags = ("image", "dockerfile", "shutdown")

    def _check(self, app: App) -> Iterator[Finding]:
        for container in containers(app):
            image, dockerfile, definition = container.built, container.dockerfile, container.definition
            if image is None or dockerfile is None:
                continue
            for name, override in (("ENTRYPOINT", "EntryPoint"), ("CMD", "Command")):
                instruction = dockerfile.last(name, image.target)
                if instruction is None or override in definition or "EntryPoint" in definition:
                    continue
                if instruction.words is None and not _REPLACES_SHELL.search(instruction.value):
                    detail = f"{name} {instruction.value}"
                    yield self.found_at(container, image.dockerfile, detail, line=instruction.line)
