"""The build context holds files that look like secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.secret_files import is_secret_file
from ecr_fargate_constructs.tools.assembly.workload import containers
from ecr_fargate_constructs.tools.doctor.readers.build_contexts import context_of
from ecr_fargate_constructs.tools.doctor.rule import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.readers.build_contexts import BuildContext
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class SecretFileInContext(Rule):
    """The build context holds files that look like secrets."""

    id = "secret-file-in-context"
    severity = Severity.WARNING
    title = "The build context holds files that look like secrets"
    why = "They travel into the build, and one COPY puts them into the image."
    fix = "Name them in .dockerignore."
    source = "https://docs.docker.com/build/building/context/#dockerignore-files"
    tags = ("image", "secrets")

    def _check(self, app: App) -> Iterator[Finding]:
        for container in containers(app):
            context = context_of(container)
            if context is not None and container.dockerfile is not None:
                for file in _secret_files(context):
                    yield self.found_at(container, file, str(file.relative_to(context.folder)))


def _secret_files(context: BuildContext) -> list[Path]:
    whole = [context.folder / name for name in (".git", ".aws", ".ssh") if (context.folder / name).is_dir()]
    return whole + [file for file in context.files if is_secret_file(file.name)]
