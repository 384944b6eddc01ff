"""The program that a container serves requests with, and where it gets its options from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.command_lines import assignments, option_values, simple_commands

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ecr_fargate_constructs.tools.doctor.readers.build_contexts import BuildContext

_RUNNERS = {"npm", "yarn", "pnpm", "bun"}
_RUN = {"run", "run-script"}
_PROXIES = {
    "apache2-foreground", "apache2ctl", "apachectl", "caddy", "envoy", "haproxy", "httpd", "nginx", "supervisord",
    "traefik",
}  # fmt: skip
"""Programs that forward requests to others in their container, which may then listen on the loopback interface."""

_DEEPEST = 3  # nested scripts of package.json


@dataclass(frozen=True)
class Program:
    """The program that a container serves requests with.

    Attributes:
        words: Its command: the last one of the container's command line, which keeps running.
        environment: The variables of the container and of the command line.
        context: The build context of its image; None if the app does not build it.
        proxied: Whether another program of the container may forward the requests to it.
    """

    words: tuple[str, ...]
    environment: Mapping[str, str]
    context: BuildContext | None
    proxied: bool = False

    @classmethod
    def of(cls, line: str, environment: Mapping[str, str], context: BuildContext | None = None) -> Program:
        """Read the command line of a container.

        Args:
            line: Its command, entry point included.
            environment: Its variables.
            context: The build context of its image.
        """
        commands = simple_commands(line)
        words: list[str] = []
        for _ in range(_DEEPEST):
            words = commands[-1] if commands else []
            script = _script(words, context)
            if script is None:
                break
            commands = [*commands[:-1], *script]
        own = assignments(words)
        proxied = any(word.rpartition("/")[2] in _PROXIES for command in commands for word in command)
        return cls(tuple(words), {**environment, **own}, context, proxied)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Its words without their directories: ``/usr/bin/python3`` is ``python3``."""
        return tuple(word.rpartition("/")[2] for word in self.words)

    def after(self, names: Sequence[str]) -> tuple[str, ...] | None:
        """Return the words after the first of these programs; None if its command has none of them."""
        place = next((place for place, name in enumerate(self.names) if name in names), None)
        return None if place is None else self.words[place + 1 :]

    def values(self, *options: str) -> list[str]:
        """Return the values of options in its command."""
        return option_values(self.words, options)

    @cached_property
    def scripts(self) -> str:
        """The texts of the shell scripts that its command begins with, such as an entry point."""
        if self.context is None:
            return ""
        files = self.context.named(*(name for name in self.names[:2] if name))
        return "\n".join(text for file in files if (text := self.context.text(file)).startswith("#!"))


def _script(words: Sequence[str], context: BuildContext | None) -> list[list[str]] | None:
    """Return the commands of the package.json script that a command runs; None if it runs none."""
    runner = next((place for place, word in enumerate(words) if word.rpartition("/")[2] in _RUNNERS), None)
    scripts = None if context is None else context.package.get("scripts")
    if runner is None or not isinstance(scripts, dict):
        return None
    rest = list(words[runner + 1 :])
    named = next((word for word in rest if not word.startswith("-") and word not in _RUN), "")
    line = scripts.get(named)
    if not isinstance(line, str):
        return None
    commands = simple_commands(line)
    if commands:
        commands[-1] = [*words[:runner], *commands[-1], *rest[rest.index(named) + 1 :]]
    return commands or None
