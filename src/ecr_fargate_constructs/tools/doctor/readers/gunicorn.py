"""gunicorn's options from its command, ``GUNICORN_CMD_ARGS`` and its settings file.

The command takes precedence over the variable, and the variable over the file ("Configuration Overview" of gunicorn's
documentation). Without ``-c`` the settings file is ``./gunicorn.conf.py``, if it exists.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.command_lines import option_values

if TYPE_CHECKING:
    from pathlib import Path

    from ecr_fargate_constructs.tools.doctor.readers.build_contexts import BuildContext
    from ecr_fargate_constructs.tools.doctor.readers.programs import Program

NAMES = ("gunicorn",)
_VARIABLE = "GUNICORN_CMD_ARGS"
_DEFAULT_FILE = "gunicorn.conf.py"
_PREFIX = re.compile(r"(?:file|python):")
_LITERAL = re.compile(r"[\"']([^\"']*)[\"']|(\d+)")
_COMPUTED = "…"


@dataclass(frozen=True)
class Gunicorn:
    """gunicorn as a container starts it.

    Attributes:
        program: Its command.
        dockerfile: The text of the Dockerfile's instructions, where a settings file may be written or fetched.
    """

    program: Program
    dockerfile: str = ""

    @cached_property
    def _options(self) -> list[str]:
        try:
            given = shlex.split(self.program.environment.get(_VARIABLE, ""))
        except ValueError:
            given = self.program.environment[_VARIABLE].split()
        return [*given, *(self.program.after(NAMES) or ())]

    def option(self, *names: str) -> str | None:
        """Return the value of an option in the command or the variable; None if neither has it."""
        values = option_values(self._options, names)
        return values[-1] if values else None

    @cached_property
    def addresses(self) -> list[str]:
        """Addresses to listen on, from the command or the variable."""
        return option_values(self._options, ("-b", "--bind"))

    @cached_property
    def files(self) -> list[str] | None:
        """The texts of possible settings files; None if there may be settings outside of the build context."""
        context, named = self.program.context, self.option("-c", "--config")
        if context is None:
            return None
        files = [context.text(file) for file in _candidates(context, named)]
        if not files and (named is not None or _DEFAULT_FILE in self.dockerfile):
            return None
        return files

    def setting(self, name: str) -> set[str]:
        """Return the values of a setting in its settings files; "…" for a computed one."""
        assignment = re.compile(rf"^[ \t]*{name}[ \t]*(?::[^=\n]*)?=[ \t]*(?P<value>[^\n#]*)", re.MULTILINE)
        values: set[str] = set()
        for text in self.files or ():
            matches = list(assignment.finditer(text))
            for match in matches:
                values |= _literals(match["value"])
            # Settings that are imported, or set in another way, are not read.
            if not matches and (re.search(rf"\b{name}\b", text) or "import *" in text):
                values.add(_COMPUTED)
        return values


def _candidates(context: BuildContext, named: str | None) -> list[Path]:
    if named is None:
        return context.named(_DEFAULT_FILE)
    name = _PREFIX.sub("", named)
    if named.startswith("python:"):
        name = name.replace(".", "/") + ".py"
    return context.named(name.rpartition("/")[2])


def _literals(written: str) -> set[str]:
    """Return the texts and numbers of an assigned value, if it consists of nothing else."""
    rest = _LITERAL.sub("", written).strip("[](), \t\r;")
    if rest:
        return {_COMPUTED}
    return {text or number for text, number in _LITERAL.findall(written)} or {_COMPUTED}
